import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { ContractServer } from '../../tests/cli/contract-server.ts'
import { type Ran, runInTerminal, type Terminal } from '../../tests/cli/terminal.ts'

const SHARE = 'XvwuMh2H/BkXN4zv58uAHj2BEdxdHfcAjbnNdwLkemkU'
const SHARE_HEX = '5efc2e321d87fc1917378cefe7cb801e3d8111dc5d1df7008db9cd7702e47a6914'
const ATTEMPT = '/v1/sys/generate-root/attempt'
const TOKEN_ATTEMPT = '/v1/sys/generate-root-token/attempt'
const OTP = 'bE5OpV4TWy0JctRywLy3wE7KfF'
const ENCODED = 'EWsNNQEyDDFkF0MSMAACShB8NWsfBgIjEnE'
const TOKEN = 's.8zqd8e3nsXStP3g0LXhC5ht7'

const server = await ContractServer.start()
const { address, answers, bodies, lines } = server
after(() => server.close())
beforeEach(() => {
  server.reset()
  answers.set(`GET ${ATTEMPT}`, [200, status({})])
})

/** The ten fields of the bare face (key-lifecycle.md section 7.1). */
function status(members: object): string {
  const idle = { nonce: '', started: false, progress: 0, required: 2, complete: false, encoded_token: '' }
  const rest = { encoded_root_token: '', pgp_fingerprint: '', otp: '', otp_length: 26 }
  return JSON.stringify({ ...idle, ...rest, ...members })
}

function root(argv: readonly string[], terminal: Terminal = {}): Promise<Ran> {
  const env = { CONCLAVE_ADDR: address, ...terminal.env }
  return runInTerminal(['operator', 'generate-root', ...argv], { ...terminal, env })
}

test('prints the status as the peers do', async () => {
  assert.equal(
    (await root(['-status'])).stdout,
    `Nonce         n/a
Started       false
Progress      0/2
Complete      false
OTP Length    26
`,
  )
  assert.equal((await root(['-status', '-format=json'])).stdout, `${pretty(status({}))}\n`)
})

test('starts with a password of the server, and shows it once', async () => {
  const started = { nonce: 'f580554f', started: true, otp: OTP }
  answers.set(`PUT ${ATTEMPT}`, [200, status(started)])
  const { stdout, stderr } = await root(['-init'])
  assert.equal(
    stdout,
    `Nonce         f580554f
Started       true
Progress      0/2
Complete      false
OTP           ${OTP}
OTP Length    26
`,
  )
  assert.match(stderr, /^A one-time password was made for you/)
  assert.equal((await root(['-init', '-format=json'])).stdout, `${pretty(status(started))}\n`)
})

test('starts with a password of one’s own, and not with both', async () => {
  answers.set(`PUT ${ATTEMPT}`, [200, status({ started: true })])
  await root(['-init', `-otp=${OTP}`])
  assert.equal(bodies.get(`PUT ${ATTEMPT}`), `{"otp":"${OTP}"}`)
  const both = await root(['-init', '-otp=a', '-pgp-key=pub1.asc'])
  const text = 'Error initializing: cannot specify both -otp and -pgp-key\n'
  assert.deepEqual([both.exitCode, both.stderr], [1, text])
})

test('gives a share with the nonce, and prints what the answer says', async () => {
  answers.set(`GET ${ATTEMPT}`, [200, status({ nonce: 'n1', started: true })])
  const half = { nonce: 'n1', started: true, progress: 1, otp_length: 0 }
  answers.set('PUT /v1/sys/generate-root/update', [200, status(half)])
  const given = await root(['-nonce=n1', '-'], { stdin: SHARE })
  assert.equal(given.stdout, 'Nonce       n1\nStarted     true\nProgress    1/2\nComplete    false\n')
  assert.equal(bodies.get('PUT /v1/sys/generate-root/update'), `{"key":"${SHARE_HEX}","nonce":"n1"}`)
  const done = { ...half, progress: 2, complete: true, encoded_token: ENCODED, encoded_root_token: ENCODED }
  answers.set('PUT /v1/sys/generate-root/update', [200, status(done)])
  const last = await root([], { isTty: true, typed: [[/Operation nonce: n1\n.*hidden/s, `${SHARE}\r`]] })
  assert.equal(
    last.stdout,
    `Nonce            n1
Started          true
Progress         2/2
Complete         true
Encoded Token    ${ENCODED}
`,
  )
})

test('wants an attempt and a nonce before it takes a share', async () => {
  const idle = await root([SHARE])
  assert.deepEqual([idle.exitCode, /needs 26 characters/.test(idle.stderr)], [1, true])
  answers.set(`GET ${ATTEMPT}`, [200, status({ nonce: 'n1', started: true })])
  const missing = await root([SHARE])
  assert.deepEqual(
    [missing.exitCode, missing.stderr],
    [1, 'Missing nonce value: specify it via the -nonce flag\n'],
  )
})

test('decodes here, from the flag and from standard input, without a line end', async () => {
  const flag = await root([`-decode=${ENCODED}`, `-otp=${OTP}`])
  assert.deepEqual([flag.exitCode, flag.stdout], [0, TOKEN])
  const piped = await root(['-decode=-', `-otp=${OTP}`], { stdin: `${ENCODED}\n` })
  assert.equal(piped.stdout, TOKEN)
  const json = await root([`-decode=${ENCODED}`, `-otp=${OTP}`, '-format=json'])
  assert.equal(json.stdout, `{\n  "token": "${TOKEN}"\n}\n`)
  assert.deepEqual(lines, [])
  const missing = await root([`-decode=${ENCODED}`])
  assert.deepEqual([missing.exitCode, missing.stderr], [1, 'Missing otp: use -otp to supply it\n'])
})

test('lets the server decode what it cannot, and says why when neither can', async () => {
  answers.set('PUT /v1/sys/decode-token', [200, '{"request_id":"r","data":{"token":"hvs.new"}}'])
  assert.equal((await root(['-decode=new.form', '-otp=abc'])).stdout, 'hvs.new')
  assert.equal(bodies.get('PUT /v1/sys/decode-token'), '{"encoded_token":"new.form","otp":"abc"}')
  answers.set('PUT /v1/sys/decode-token', [400, '{"errors":["error xoring token"]}'])
  const { exitCode, stderr } = await root(['-decode=new.form', '-otp=abc'])
  assert.equal(exitCode, 1)
  assert.match(stderr, /^Error decoding root token: .*\n\nIs the encoded token whole/)
})

test('makes a password of the length that the server wants', async () => {
  const table = await root(['-generate-otp'])
  assert.match(table.stdout, /^[0-9A-Za-z]{26}$/)
  const json = JSON.parse((await root(['-generate-otp', '-format=json'])).stdout)
  assert.deepEqual([json.otp.length, json.otp_length], [26, 26])
  assert.notEqual(json.otp, table.stdout)
})

test('goes over to the path that asks for a token where the other is refused', async () => {
  const data =
    '{"complete":false,"nonce":"n2","otp":"","otp_length":28,"progress":0,"required":2,"started":true}'
  for (const refusal of [403, 404, 405]) {
    server.reset()
    answers.set(`GET ${ATTEMPT}`, [refusal, '{"errors":["no"]}'])
    answers.set(`GET ${TOKEN_ATTEMPT}`, [200, `{"request_id":"r","data":${data}}`])
    const { exitCode, stdout } = await root(['-status'], { env: { CONCLAVE_TOKEN: 'hvs.t' } })
    assert.deepEqual([exitCode, /^Nonce {9}n2$/m.test(stdout)], [0, true], String(refusal))
    const without = await root(['-status'])
    assert.equal(without.exitCode, 2)
    assert.equal(lines.filter((line) => line === `GET ${TOKEN_ATTEMPT}`).length, 1)
  }
})

test('stays with the path that answered, also for a share', async () => {
  answers.set(`GET ${ATTEMPT}`, [405, '{"errors":["unsupported operation"]}'])
  const running = '{"nonce":"n2","otp_length":28,"progress":0,"required":1,"started":true,"complete":false}'
  answers.set(`GET ${TOKEN_ATTEMPT}`, [200, `{"request_id":"r","data":${running}}`])
  answers.set('PUT /v1/sys/generate-root-token/update', [200, `{"request_id":"r","data":${running}}`])
  const env = { CONCLAVE_TOKEN: 'hvs.t' }
  const { exitCode } = await root(['-nonce=n2', '-'], { stdin: SHARE, env })
  assert.equal(exitCode, 0)
  assert.equal(bodies.get('PUT /v1/sys/generate-root-token/update'), `{"key":"${SHARE_HEX}","nonce":"n2"}`)
  assert.equal(bodies.has('PUT /v1/sys/generate-root/update'), false)
})

test('tells of two refusals the one that names the way in', async () => {
  answers.set(`PUT ${ATTEMPT}`, [403, '{"errors":["permission denied: a share or a token"]}'])
  answers.set(`PUT ${TOKEN_ATTEMPT}`, [403, '{"errors":["permission denied"]}'])
  const { exitCode, stderr } = await root(['-init'], { env: { CONCLAVE_TOKEN: 'hvs.t' } })
  assert.equal(exitCode, 2)
  assert.match(stderr, /\* permission denied: a share or a token/)
})

test('cancels, with a share in place of a token when one is shown', async () => {
  answers.set(`DELETE ${ATTEMPT}`, [204, ''])
  const plain = await root(['-cancel', '-format=json'])
  assert.deepEqual([plain.exitCode, plain.stdout], [0, ''])
  assert.match(plain.stderr, /^Success! Root token generation canceled \(if it was started\)\n/)
  await root(['-cancel', '-'], { stdin: SHARE })
  assert.equal(bodies.get(`DELETE ${ATTEMPT}`), `{"key":"${SHARE_HEX}"}`)
})

function pretty(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 2)
}
