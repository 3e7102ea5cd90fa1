import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { ContractServer } from '../../tests/cli/contract-server.ts'
import { type Ran, runInTerminal, type Terminal } from '../../tests/cli/terminal.ts'

// Shares and answers of key-lifecycle.md section 10.3.
const SHARE = 'XvwuMh2H/BkXN4zv58uAHj2BEdxdHfcAjbnNdwLkemkU'
const SHARE_HEX = '5efc2e321d87fc1917378cefe7cb801e3d8111dc5d1df7008db9cd7702e47a6914'
const OTHER = 'rpZeJTTAUhQ9S0TpPdCMNiaTPw5t6j75By5uKs8u0eh7'
const OTHER_HEX = 'ae965e2534c052143d4b44e93dd08c3626933f0e6dea3ef9072e6e2acf2ed1e87b'
const NEW_KEYS = `"keys":["${SHARE_HEX}","${OTHER_HEX}"],"keys_base64":["${SHARE}","${OTHER}"]`
const ROTATE = '/v1/sys/rotate/root'
const IDLE = '{"nonce":"","started":false,"t":0,"n":0,"progress":0,"required":3}'
const RUNNING = '{"nonce":"n1","started":true,"t":2,"n":2,"progress":1,"required":3}'
const LIVE = '{"id":"00","number":2,"threshold":2,"shares":2,"words":"c d"}'
const VERIFYING = '{"nonce":"v1","started":true,"t":2,"n":2,"progress":0}'

const server = await ContractServer.start()
const { address, answers, bodies, lines } = server
const folder = await mkdtemp(join(tmpdir(), 'conclave-rekey-'))
const shareFile = join(folder, 'share.txt')
await writeFile(shareFile, SHARE_HEX)
after(async () => {
  server.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  server.reset()
  answers.set('GET /v1/sys/rekey/init', [200, RUNNING])
  answers.set('GET /v1/sys/rekey/verify', [200, VERIFYING])
})

function rekey(argv: readonly string[], terminal: Terminal = {}): Promise<Ran> {
  return runInTerminal(['operator', 'rekey', ...argv], { ...terminal, env: { CONCLAVE_ADDR: address } })
}

function rotateKeys(argv: readonly string[], terminal: Terminal = {}): Promise<Ran> {
  const env = { CONCLAVE_ADDR: address, CONCLAVE_TOKEN: 'hvs.t' }
  return runInTerminal(['operator', 'rotate-keys', ...argv], { ...terminal, env })
}

test('wants a nonce where nobody reads one', async () => {
  answers.set('GET /v1/sys/rekey/init', [200, IDLE])
  const idle = await rekey([])
  assert.deepEqual([idle.exitCode, /^No rekey is in progress/.test(idle.stderr)], [1, true])
  answers.set('GET /v1/sys/rekey/init', [200, RUNNING])
  const missing = await rekey(['-'], { stdin: SHARE })
  assert.deepEqual(
    [missing.exitCode, missing.stderr],
    [1, 'Missing nonce value: specify it via the -nonce flag\n'],
  )
  assert.equal(bodies.has('PUT /v1/sys/rekey/update'), false)
})

test('takes the nonce that it shows where somebody is asked', async () => {
  answers.set('PUT /v1/sys/rekey/update', [200, RUNNING])
  const { exitCode, stderr, stdout } = await rekey([], { isTty: true, typed: [[/hidden/, `${SHARE}\r`]] })
  assert.equal(exitCode, 0)
  assert.match(stderr, /Operation nonce: n1/)
  assert.match(stdout, /\nProgress {17}1\/3\n/)
  assert.equal(bodies.get('PUT /v1/sys/rekey/update'), `{"key":"${SHARE_HEX}","nonce":"n1"}`)
})

test('starts with the defaults of the contract, and with what was given', async () => {
  answers.set('PUT /v1/sys/rekey/init', [200, RUNNING])
  await rekey(['-init'])
  assert.equal(bodies.get('PUT /v1/sys/rekey/init'), '{"secret_shares":5,"secret_threshold":3}')
  const { exitCode, stderr } = await rekey(['-init', '-n=4', '-t=2', '-verify', '-backup'])
  const wanted = '{"secret_shares":4,"secret_threshold":2,"backup":true,"require_verification":true}'
  assert.deepEqual([exitCode, bodies.get('PUT /v1/sys/rekey/init')], [0, wanted])
  assert.match(stderr, /^WARNING! The new shares will be shown once, in the clear/)
  assert.equal((await rekey(['-init', '-format=json'])).stderr, '')
})

test('chooses between several flags in the order of the contract', async () => {
  const order = ['-backup-delete', '-backup-retrieve', '-cancel', '-init', '-status']
  const firstLines = [
    'DELETE /v1/sys/rekey/backup',
    'GET /v1/sys/rekey/backup',
    'DELETE /v1/sys/rekey/init',
    'PUT /v1/sys/rekey/init',
    'GET /v1/sys/rekey/init',
  ]
  for (const [at, line] of firstLines.entries()) {
    lines.length = 0
    await rekey(order.slice(at))
    assert.deepEqual(lines, [line])
  }
})

test('acts on the verification with -verify', async () => {
  const status = await rekey(['-verify', '-status', '-format=json'])
  assert.equal(JSON.parse(status.stdout).nonce, 'v1')
  answers.set('DELETE /v1/sys/rekey/verify', [200, VERIFYING])
  const cancelled = await rekey(['-verify', '-cancel'])
  assert.match(cancelled.stderr, /^Success! Canceled rekeying \(if it was started\)\n/)
  answers.set('PUT /v1/sys/rekey/verify', [200, VERIFYING])
  const given = await rekey(['-verify', '-nonce=v1', '-'], { stdin: SHARE })
  assert.match(given.stdout, /^Verification Progress {4}0\/2$/m)
  answers.set('PUT /v1/sys/rekey/verify', [200, '{"nonce":"v1","complete":true}'])
  const done = await rekey(['-verify', '-nonce=v1', '-format=json', '-'], { stdin: OTHER })
  assert.deepEqual(JSON.parse(done.stdout), { nonce: 'v1', complete: true })
  assert.equal(bodies.get('PUT /v1/sys/rekey/verify'), `{"key":"${OTHER_HEX}","nonce":"v1"}`)
})

test('prints the new shares before anything else is asked of the server', async () => {
  answers.set('PUT /v1/sys/rekey/update', [200, `{"nonce":"n1","complete":true,${NEW_KEYS}}`])
  answers.set('GET /v1/sys/custody/status', [200, `{"serial":4,"live":${LIVE},"retiring":null}`])
  const done = await rekey(['-nonce=n1', '-share-format=hex', '-'], { stdin: SHARE })
  assert.deepEqual(lines.slice(-2), ['PUT /v1/sys/rekey/update', 'GET /v1/sys/custody/status'])
  const shown = `\nKey 1: ${SHARE_HEX}\nKey 2: ${OTHER_HEX}\n\nOperation nonce: n1\n`
  assert.deepEqual([done.exitCode, done.stdout], [0, shown])
  assert.match(done.stderr, /Any 2 of these 2 open the server from now on/)
  const json = await rekey(['-nonce=n1', '-format=json', '-'], { stdin: SHARE })
  assert.deepEqual(JSON.parse(json.stdout), {
    nonce: 'n1',
    complete: true,
    keys: [SHARE_HEX, OTHER_HEX],
    keys_base64: [SHARE, OTHER],
    pgp_fingerprints: null,
    backup: false,
    verification_required: false,
    retiring: null,
  })
  assert.equal(json.stderr, '')
})

const RETIRING = '{"id":"01","number":1,"threshold":3,"shares":5,"words":"a b"}'

async function rekeyed(retiring: string, ...flags: readonly string[]): Promise<Ran> {
  answers.set('PUT /v1/sys/rekey/update', [200, `{"nonce":"n1","complete":true,${NEW_KEYS}}`])
  answers.set('GET /v1/sys/custody/status', [200, `{"serial":4,"live":${LIVE},"retiring":${retiring}}`])
  const ran = await rekey(['-nonce=n1', ...flags, '-'], { stdin: SHARE })
  assert.equal(ran.exitCode, 0, ran.stderr)
  return ran
}

test('says that the old shares are gone only when they are', async () => {
  const { stderr } = await rekeyed('null')
  assert.match(stderr, /Any 2 of these 2 open the server from now on; the old shares do not\./)
  assert.match(stderr, /Next: conclave snapshot save\n$/)
})

test('while the old shares still open, says so, and what ends it', async () => {
  const { stderr } = await rekeyed(RETIRING)
  assert.match(stderr, /Keep the old shares, "a b", as well:\nthey open it too, until the new ones/)
  assert.match(stderr, /Next: conclave operator seal\n +conclave operator unseal {4}with new shares, 2 times/)
  assert.doesNotMatch(stderr, /do not\./)
})

test('says nothing of the old shares where it could not ask', async () => {
  const { stderr } = await rekeyed('}broken')
  assert.match(stderr, /Whether the old ones still do could not be asked\.\n\nNext: conclave custody status/)
  assert.doesNotMatch(stderr, /old shares do not\./)
})

test('JSON and YAML of a rekey say which set still opens besides the new one', async () => {
  const json = await rekeyed(RETIRING, '-format=json')
  assert.deepEqual(JSON.parse(json.stdout).retiring, { number: 1, words: 'a b' })
  assert.deepEqual(JSON.parse(json.stdout).keys, [SHARE_HEX, OTHER_HEX])
  assert.equal('retiring' in JSON.parse((await rekeyed('}broken', '-format=json')).stdout), false)
  const yaml = await rekeyed(RETIRING, '-format=yaml')
  assert.match(yaml.stdout, /\nretiring: \{"number":1,"words":"a b"\}\n$/)
})

test('says of pending shares that they open nothing yet, and shows the verification', async () => {
  const more = '"verification_required":true,"verification_nonce":"v1"'
  answers.set('PUT /v1/sys/rekey/update', [200, `{"nonce":"n1","complete":true,${NEW_KEYS},${more}}`])
  const { stdout, stderr } = await rekey(['-nonce=n1', '-'], { stdin: SHARE })
  assert.match(stderr, /do NOT open anything yet/)
  assert.match(stdout, /^Key 1: XvwuMh2H/m)
  assert.match(stdout, /^Verification Nonce {7}v1$/m)
})

test('prints encrypted shares with the fingerprints of their keys', async () => {
  const more = '"pgp_fingerprints":["aa","bb"],"backup":true,"verification_required":false'
  const keys = '"keys":["c1c0","c1c1"],"keys_base64":["wcA=","wcE="]'
  answers.set('PUT /v1/sys/rekey/update', [200, `{"nonce":"n1","complete":true,${keys},${more}}`])
  const { stdout, stderr } = await rekey(['-nonce=n1', '-'], { stdin: SHARE })
  const shown = '\nKey 1 fingerprint: aa; value: wcA=\nKey 2 fingerprint: bb; value: wcE=\n'
  assert.equal(stdout, `${shown}\nOperation nonce: n1\n`)
  assert.match(stderr, /base64 -d \| gpg -d/)
  assert.match(stderr, /-backup-delete/)
  const json = await rekey(['-nonce=n1', '-format=json', '-'], { stdin: SHARE })
  assert.deepEqual(JSON.parse(json.stdout).pgp_fingerprints, ['aa', 'bb'])
})

test('shows a share in place of a token when one is given to start or to cancel', async () => {
  answers.set('PUT /v1/sys/rekey/init', [200, RUNNING])
  await rekey(['-init', '-n=2', '-t=2', `-share-file=${shareFile}`])
  const wanted = `{"key":"${SHARE_HEX}","secret_shares":2,"secret_threshold":2}`
  assert.equal(bodies.get('PUT /v1/sys/rekey/init'), wanted)
  answers.set('DELETE /v1/sys/rekey/init', [204, ''])
  const asked = await rekey(['-cancel', '-holder'], { isTty: true, typed: [[/hidden/, `${SHARE}\r`]] })
  assert.equal(asked.exitCode, 0, asked.stderr)
  assert.equal(bodies.get('DELETE /v1/sys/rekey/init'), `{"key":"${SHARE_HEX}"}`)
  await rekey(['-cancel'])
  assert.equal(bodies.get('DELETE /v1/sys/rekey/init'), '')
})

test('asks the recovery paths with -target=recovery, and passes on what they say', async () => {
  const text = '{"errors":["recovery rekeying not supported"]}'
  answers.set('GET /v1/sys/rekey-recovery-key/init', [400, text])
  for (const target of ['recovery', 'hsm', ' Recovery ']) {
    const { exitCode, stderr } = await rekey([`-target=${target}`, '-status'])
    assert.equal(exitCode, 2)
    const url = `URL: GET ${address}/v1/sys/rekey-recovery-key/init`
    const head = `Error reading rekey status: Error making API request.\n\n${url}\nCode: 400.`
    assert.ok(stderr.startsWith(`${head} Errors:\n\n* recovery rekeying not supported\n`), stderr)
  }
  const bogus = await rekey(['-init', '-target=bogus'])
  assert.deepEqual([bogus.exitCode, bogus.stderr.split('\n')[0]], [1, 'Unknown target: bogus'])
})

test('reads a backup, and takes it away', async () => {
  const backup = '{"keys":{"aa":["01"]},"keys_base64":{"aa":["AQ=="]},"nonce":"n1"}'
  answers.set('GET /v1/sys/rekey/backup', [200, `{"request_id":"r","data":${backup},${backup.slice(1)}`])
  const { stdout } = await rekey(['-backup-retrieve'])
  assert.equal(
    stdout,
    'Key            Value\n---            -----\nkeys           map[aa:[01]]\n' +
      'keys_base64    map[aa:[AQ==]]\nnonce          n1\n',
  )
  const json = await rekey(['-backup-retrieve', '-format=json'])
  assert.deepEqual(JSON.parse(json.stdout).data, JSON.parse(backup))
  answers.set('DELETE /v1/sys/rekey/backup', [204, ''])
  assert.match((await rekey(['-backup-delete'])).stderr, /^Success! Deleted backed up keys/)
})

test('rotate-keys reads the same from envelopes, with secrets in them', async () => {
  const data = '{"n":2,"nonce":"n1","progress":0,"required":3,"started":true,"t":2,"verification_nonce":""}'
  answers.set(`GET ${ROTATE}/init`, [200, `{"request_id":"r","data":${data},"warnings":null}`])
  const status = await rotateKeys(['-status', '-format=json'])
  assert.deepEqual(JSON.parse(status.stdout), {
    nonce: 'n1',
    started: true,
    t: 2,
    n: 2,
    progress: 0,
    required: 3,
    pgp_fingerprints: null,
    backup: false,
    verification_required: false,
    verification_nonce: '',
  })
  const done = `{"complete":true,"nonce":"n1",${NEW_KEYS},"pgp_fingerprints":[]}`
  answers.set(`PUT ${ROTATE}/update`, [200, `{"request_id":"r","data":${done}}`])
  const { stdout } = await rotateKeys(['-nonce=n1', '-'], { stdin: SHARE })
  assert.equal(stdout, `\nKey 1: ${SHARE}\nKey 2: ${OTHER}\n\nOperation nonce: n1\n`)
  answers.set(`DELETE ${ROTATE}/init`, [204, ''])
  assert.match((await rotateKeys(['-cancel'])).stderr, /^Success! Canceled rotation \(if it was started\)\n/)
  assert.match((await rotateKeys(['-init', '-holder'])).stderr, /^flag provided but not defined: -holder/)
})
