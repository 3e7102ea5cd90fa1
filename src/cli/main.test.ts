import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { ContractServer } from '../../tests/cli/contract-server.ts'
import { type Ran, runInTerminal, type Terminal } from '../../tests/cli/terminal.ts'
import { COMMANDS } from './commands.ts'

// Two shares of key-lifecycle.md section 10.3.
const SHARE = 'XvwuMh2H/BkXN4zv58uAHj2BEdxdHfcAjbnNdwLkemkU'
const SHARE_HEX = '5efc2e321d87fc1917378cefe7cb801e3d8111dc5d1df7008db9cd7702e47a6914'
const OTHER = 'rpZeJTTAUhQ9S0TpPdCMNiaTPw5t6j75By5uKs8u0eh7'
const OTHER_HEX = 'ae965e2534c052143d4b44e93dd08c3626933f0e6dea3ef9072e6e2acf2ed1e87b'

const SEALED = '{"type":"shamir","initialized":true,"sealed":true,"t":3,"n":5,"progress":1,"nonce":"u1"}'
const OPEN = '{"type":"shamir","initialized":true,"sealed":false,"t":3,"n":5,"progress":0,"nonce":""}'
const NEW_KEYS = `"keys":["${SHARE_HEX}","${OTHER_HEX}"],"keys_base64":["${SHARE}","${OTHER}"]`

const server = await ContractServer.start()
const { address, answers, bodies } = server
const folder = await mkdtemp(join(tmpdir(), 'conclave-cli-'))
after(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

beforeEach(() => {
  server.reset()
  answers.set('GET /v1/sys/seal-status', [200, SEALED])
  answers.set('GET /v1/sys/leader', [200, '{"ha_enabled":false}'])
})

function run(argv: readonly string[], terminal: Terminal = {}): Promise<Ran> {
  return runInTerminal(argv, { ...terminal, env: { CONCLAVE_ADDR: address, ...terminal.env } })
}

test('status ends with 2 when sealed, 0 when open and 1 when nobody answers', async () => {
  assert.equal((await run(['status'])).exitCode, 2)
  answers.set('GET /v1/sys/seal-status', [200, OPEN])
  assert.equal((await run(['status'])).exitCode, 0)
  const nobody = await run(['status', '-address=http://127.0.0.1:1'])
  assert.equal(nobody.exitCode, 1)
  assert.match(nobody.stderr, /^connection refused at http:\/\/127\.0\.0\.1:1\n/)
})

test('status keeps data and talk apart', async () => {
  const { stdout, stderr } = await run(['status'])
  assert.match(stdout, /^Key {16}Value\n/)
  assert.match(stdout, /\nUnseal Progress {4}1\/3\n/)
  assert.match(stderr, /1 of 3 shares is in; 2 more needed\.\nNext: conclave operator unseal/)
  const json = await run(['status', '-format=json'])
  assert.equal(json.stderr, '')
  assert.equal(JSON.parse(json.stdout).progress, 1)
})

test('takes the form of the answer from the environment, its own name first', async () => {
  const env = { CONCLAVE_FORMAT: 'yaml', VAULT_FORMAT: 'json' }
  assert.match((await run(['status'], { env })).stdout, /^type: shamir\n/)
  assert.match((await run(['status'], { env: { VAULT_FORMAT: 'json' } })).stdout, /^\{\n {2}"type"/)
})

test('init prints each share and the token once, and JSON of its own shape', async () => {
  answers.set('PUT /v1/sys/init', [200, `{${NEW_KEYS},"root_token":"hvs.abc"}`])
  const table = await run(['operator', 'init', '-n', '2', '-t', '2'])
  assert.equal(bodies.get('PUT /v1/sys/init'), '{"secret_shares":2,"secret_threshold":2}')
  const lines = `Unseal Key 1: ${SHARE}\nUnseal Key 2: ${OTHER}\n\nInitial Root Token: hvs.abc\n`
  assert.deepEqual([table.exitCode, table.stdout], [0, lines])
  assert.match(table.stderr, /Next: conclave operator unseal/)
  const json = await run(['operator', 'init', '-format=json', '-key-shares=2', '-key-threshold=2'])
  assert.deepEqual(JSON.parse(json.stdout), {
    unseal_keys_b64: [SHARE, OTHER],
    unseal_keys_hex: [SHARE_HEX, OTHER_HEX],
    unseal_shares: 2,
    unseal_threshold: 2,
    recovery_keys_b64: [],
    recovery_keys_hex: [],
    recovery_keys_shares: 0,
    recovery_keys_threshold: 0,
    root_token: 'hvs.abc',
  })
})

test('init gives words that unseal takes back', async () => {
  answers.set('PUT /v1/sys/init', [200, `{${NEW_KEYS},"root_token":"hvs.abc"}`])
  const live = '{"id":"000102030405060708090a0b0c0d0e0f","number":1,"threshold":2,"shares":2,"words":"a b"}'
  answers.set('GET /v1/sys/custody/status', [
    200,
    `{"store_id":"s","serial":1,"live":${live},"retiring":null}`,
  ])
  const { stdout, stderr } = await run(['operator', 'init', '-n=2', '-t=2', '-share-format=words'])
  const words = /^Unseal Key 1: (.*)$/m.exec(stdout)?.[1] ?? ''
  assert.equal(words.split(' ').length, 30)
  assert.match(stderr, /Key set 1, "a b": any 2 of 2 shares open it\./)
  answers.set('PUT /v1/sys/unseal', [200, SEALED])
  assert.equal((await run(['operator', 'unseal', '-'], { stdin: `${words}\n` })).exitCode, 0)
  assert.equal(bodies.get('PUT /v1/sys/unseal'), `{"key":"${SHARE_HEX}"}`)
})

test('init -status ends with 0 or 2, and says so in JSON with a capital', async () => {
  answers.set('GET /v1/sys/init', [200, '{"initialized":false}'])
  const json = await run(['operator', 'init', '-status', '-format=json'])
  assert.deepEqual([json.exitCode, json.stdout], [2, '{\n  "Initialized": false\n}\n'])
  answers.set('GET /v1/sys/init', [200, '{"initialized":true}'])
  const table = await run(['operator', 'init', '-status'])
  assert.deepEqual([table.exitCode, table.stdout], [0, 'The server is initialized\n'])
  assert.equal((await run(['operator', 'init', '-status', '-address=http://127.0.0.1:1'])).exitCode, 1)
})

test('unseal takes a share by prompt, file, standard input and, with a warning, as argument', async () => {
  answers.set('PUT /v1/sys/unseal', [200, SEALED])
  const file = join(folder, 'share')
  await writeFile(file, `${SHARE_HEX}\n`)
  const ways: readonly [readonly string[], Terminal][] = [
    [[], { isTty: true, stdin: `${SHARE}\r` }],
    [[`-share-file=${file}`], {}],
    [['-'], { stdin: `${SHARE}\n` }],
    [[SHARE], {}],
  ]
  for (const [argv, terminal] of ways) {
    bodies.clear()
    const ran = await run(['operator', 'unseal', ...argv], terminal)
    assert.equal(ran.exitCode, 0, ran.stderr)
    assert.equal(bodies.get('PUT /v1/sys/unseal'), `{"key":"${SHARE_HEX}"}`)
    assert.equal(ran.stderr.includes('Warning: a share on the command line'), argv[0] === SHARE)
    assert.ok(!(ran.stdout + ran.stderr).includes(SHARE))
  }
})

test('unseal -reset shows a share when one is given', async () => {
  answers.set('PUT /v1/sys/unseal', [200, SEALED])
  assert.equal((await run(['operator', 'unseal', '-reset'])).exitCode, 0)
  assert.equal(bodies.get('PUT /v1/sys/unseal'), '{"reset":true}')
  assert.equal((await run(['operator', 'unseal', '-reset', '-'], { stdin: SHARE })).exitCode, 0)
  assert.equal(bodies.get('PUT /v1/sys/unseal'), `{"key":"${SHARE_HEX}","reset":true}`)
})

test('refuses to ask where nobody can answer, and names the ways', async () => {
  const { exitCode, stderr } = await run(['operator', 'unseal'])
  assert.equal(exitCode, 1)
  assert.match(stderr, /is not a terminal/)
  assert.match(stderr, /Give it with - .* -share-file=PATH/)
  assert.equal((await run(['operator', 'unseal', '-non-interactive'], { isTty: true })).exitCode, 1)
})

test('sends nothing of a share that cannot be one', async () => {
  const { exitCode, stderr } = await run(['operator', 'unseal', '-'], { stdin: 'nonsense' })
  assert.equal(exitCode, 1)
  assert.match(stderr, /Nothing was sent\./)
  assert.equal(bodies.has('PUT /v1/sys/unseal'), false)
})

test('says of a wrong share that the others are kept', async () => {
  const text = '{"errors":["invalid key: this share is unknown"],"code":"share_unknown"}'
  answers.set('PUT /v1/sys/unseal', [400, text])
  const { exitCode, stderr } = await run(['operator', 'unseal', '-'], { stdin: SHARE })
  assert.equal(exitCode, 2)
  const url = `URL: PUT ${address}/v1/sys/unseal`
  const head = `Error unsealing: Error making API request.\n\n${url}\nCode: 400. Errors:\n\n`
  assert.ok(stderr.startsWith(`${head}* invalid key: this share is unknown\n`), stderr)
  assert.match(stderr, /shares given before are kept/)
})

test('tells errors as JSON when JSON is wanted', async () => {
  answers.set('PUT /v1/sys/seal', [403, '{"errors":["permission denied"],"code":"permission_denied"}'])
  answers.set('GET /v1/secret/x', [403, '{"errors":["permission denied"],"code":"permission_denied"}'])
  const { exitCode, stdout, stderr } = await run(['read', '-format=json', 'secret/x'])
  const { error } = JSON.parse(stderr)
  assert.deepEqual([exitCode, stdout, error.code, error.status], [2, '', 'permission_denied', 403])
  assert.deepEqual(Object.keys(error), ['code', 'message', 'hint', 'status'])
  const usage = JSON.parse((await run(['read', '-bogus', '--format', 'json'])).stderr)
  assert.equal(usage.error.message, 'flag provided but not defined: -bogus')
})

test('colours errors on a terminal only, and not when somebody objects', async () => {
  const argv = ['operator', 'seal', 'extra']
  const text = 'Too many arguments (expected 0, got 1)'
  assert.ok((await run(argv, { isTty: true })).stderr.startsWith(`\x1b[31m${text}\x1b[0m\n`))
  const plain: readonly Terminal[] = [
    {},
    { isTty: true, env: { NO_COLOR: '1' } },
    { isTty: true, env: { VAULT_CLI_NO_COLOR: '1' } },
    { isTty: true, env: { TERM: 'dumb' } },
  ]
  for (const terminal of plain) {
    const { exitCode, stderr } = await run(argv, terminal)
    assert.equal(exitCode, 1)
    assert.ok(stderr.startsWith(`${text}\n`))
  }
  assert.ok((await run([...argv, '-no-color'], { isTty: true })).stderr.startsWith(text))
})

test('writes, reads, lists and deletes', async () => {
  answers.set('PUT /v1/secret/a', [204, ''])
  await writeFile(join(folder, 'value'), 'from a file')
  const written = await run(
    ['write', 'secret/a', 'k=v', 'k=w', `f=@${join(folder, 'value')}`, 'i=-', 'e=\\@x'],
    {
      stdin: 'from stdin',
    },
  )
  assert.deepEqual([written.exitCode, written.stdout], [0, ''])
  assert.match(written.stderr, /Success! Data written to: secret\/a/)
  assert.deepEqual(JSON.parse(bodies.get('PUT /v1/secret/a') ?? ''), {
    k: ['v', 'w'],
    f: 'from a file',
    i: 'from stdin',
    e: '@x',
  })
  await run(['write', 'secret/a', '-'], { stdin: '{"n":1.0}' })
  assert.equal(bodies.get('PUT /v1/secret/a'), '{"n":1.0}')
  answers.set('GET /v1/secret/a', [200, '{"lease_duration":2764800,"data":{"n":1.0,"k":"v"}}'])
  assert.equal((await run(['read', '-field=k', 'secret/a'])).stdout, 'v')
  assert.equal((await run(['read', '-format=raw', 'secret/a'])).stdout, answers.get('GET /v1/secret/a')?.[1])
  assert.equal((await run(['read', 'secret/none'])).exitCode, 2)
  answers.set('GET /v1/secret/?list=true', [200, '{"data":{"keys":["a","b/"]}}'])
  assert.equal((await run(['list', 'secret'])).stdout, 'Keys\n----\na\nb/\n')
  answers.set('DELETE /v1/secret/a', [204, ''])
  assert.match((await run(['delete', 'secret/a'])).stderr, /Data deleted \(if it existed\) at: secret\/a/)
  assert.equal((await run(['write', 'secret/a'])).exitCode, 1)
})

test('the help names the same forms of an answer as the refusal of another', async () => {
  const help = /-format=FORM +form of the answer: (.*)$/m.exec((await run(['status', '-h'])).stdout)?.[1]
  const refused = await run(['status', '-format=xml'])
  assert.equal(refused.exitCode, 1)
  assert.equal(/give one of (.*)$/m.exec(refused.stderr)?.[1], help)
  assert.match(help ?? '', /^table, json, /)
})

test('shows help of every command with examples first, in less than a screen', async () => {
  for (const { name } of COMMANDS) {
    const { stdout, exitCode } = await run([...name.split(' '), '-h'])
    assert.equal(exitCode, 0)
    assert.ok(stdout.indexOf('Examples') < stdout.indexOf('Usage'), name)
    const lines = stdout.split('\n')
    assert.ok(lines.length <= 40 && lines.every((line) => line.length <= 100), `${name}: ${lines.length}`)
  }
  assert.match((await run(['-h'])).stdout, /^ {2}operator +init, unseal, seal, /m)
  assert.match((await run(['operator', '-h'])).stdout, /operator unseal {3}/)
  assert.equal((await run(['operator'])).exitCode, 1)
  assert.match((await run(['bogus'])).stderr, /there is no command "bogus"/)
})

test('says which command or flag was meant, where one is two letters away, and where its help is', async () => {
  for (const [argv, hint] of [
    [['polcy', 'list'], 'Did you mean "conclave policy"? See "conclave -h".'],
    [['stauts'], 'Did you mean "conclave status"? See "conclave -h".'],
    [['kv', 'gett', 'kv/app'], 'Did you mean "conclave kv get"? See "conclave kv -h".'],
    [['kv', 'frobnicate'], 'See "conclave kv -h".'],
    [['bogus'], 'See "conclave -h".'],
    [['status', '-fromat=json'], 'Did you mean -format? See "conclave status -h".'],
    [['kv', 'get', '-x', 'kv/app'], 'See "conclave kv get -h".'],
  ] as const) {
    const { exitCode, stdout, stderr } = await run(argv)
    assert.deepEqual([exitCode, stdout, stderr.split('\n\n')[1]], [1, '', `${hint}\n`])
  }
})

test('starts the server with what was given, and tells its version', async () => {
  assert.equal((await run(['server', '-config=a.json', '-data', 'd'])).exitCode, 7)
  assert.match((await run(['version'])).stdout, /^Conclave v\d+\.\d+\.\d+\n$/)
})

test('an answer without an envelope is shown as it is, as a table and by its fields', async () => {
  answers.set('GET /v1/sys/health', [200, '{"initialized":true,"sealed":false,"version":"2.6.2"}'])
  const table = await run(['read', 'sys/health'])
  assert.equal(table.exitCode, 0)
  assert.match(table.stdout, /^initialized +true\nsealed +false\nversion +2\.6\.2\n$/m)
  assert.equal((await run(['read', '-field=version', 'sys/health'])).stdout, '2.6.2')
  answers.set('GET /v1/kv/empty', [200, '{"request_id":"x","lease_id":"","data":null,"warnings":null}'])
  assert.equal((await run(['read', 'kv/empty'])).stdout, 'Key    Value\n---    -----\n')
})
