import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { MAIN, ServerProcess } from '../api/server-process.ts'
import { OpenedServer } from './opened-server.ts'

// Stores are for nobody else.
process.umask(0o077)

/** What an operator does by mistake, and what must be said: why it does not work, and what to do. */
interface Mishap {
  readonly what: string
  /** What was said on standard error. */
  readonly act: () => Promise<string> | string
  readonly cause: RegExp
  readonly next: RegExp
}

let store: OpenedServer
let other: OpenedServer
/** Shares that a rekey has replaced. */
let retired: readonly string[]

const cli = async (...argv: readonly string[]): Promise<string> => (await store.run(argv)).stderr
const asRoot = async (...argv: readonly string[]): Promise<string> => (await store.asRoot(argv)).stderr
const unseal = (share = ''): Promise<string> =>
  cli('operator', 'unseal', `-share-file=${store.file('given', share)}`)

/** A start that fails, in a process of its own. */
function server(...flags: readonly string[]): string {
  const argv = ['--disable-warning=ExperimentalWarning', MAIN, 'server', ...flags]
  return spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 30_000 }).stderr
}

function folder(name: string, mode: number, file: string): string {
  mkdirSync(store.path(name))
  writeFileSync(`${store.path(name)}/${file}`, 'x')
  chmodSync(store.path(name), mode)
  return store.path(name)
}

const OPEN: readonly Mishap[] = [
  {
    what: 'no token',
    act: () => cli('read', 'secret/a'),
    cause: /permission denied/,
    next: /conclave login/,
  },
  {
    what: 'a path where nothing is mounted',
    act: () => asRoot('read', 'nowhere/a'),
    cause: /no handler for route "nowhere\/a"/,
    next: /conclave secrets list/,
  },
  {
    what: 'a secret of a mount that there is not',
    act: () => asRoot('kv', 'get', 'nowhere/a'),
    cause: /preflight capability check returned 403/,
    next: /Nothing is mounted there, or your token may not use it: see "conclave secrets list"/,
  },
  {
    what: 'a second init',
    act: () => cli('operator', 'init'),
    cause: /already initialized/,
    next: /conclave operator unseal/,
  },
  {
    what: 'a command with a slip of the keyboard',
    act: () => cli('operator', 'unsael'),
    cause: /no command "operator unsael"/,
    next: /Did you mean "conclave operator unseal"\? See "conclave operator -h"/,
  },
  {
    what: 'a flag with one',
    act: () => cli('operator', 'unseal', '-share-fiel=x'),
    cause: /not defined: -share-fiel/,
    next: /Did you mean -share-file\? See "conclave operator unseal -h"/,
  },
  {
    what: 'more shares to open than there are',
    act: () => asRoot('operator', 'rekey', '-init', '-key-shares=2', '-key-threshold=3'),
    cause: /invalid rekey seal configuration/,
    next: /threshold cannot be larger than shares/,
  },
  {
    what: 'an address where nobody listens',
    act: () => cli('status', '-address=http://127.0.0.1:1'),
    cause: /connection refused/,
    next: /conclave server/,
  },
  {
    what: 'TLS where there is none',
    act: () => cli('status', `-address=${store.server.origin.replace('http', 'https')}`),
    cause: /no TLS spoken/,
    next: /http:\/\/ instead of https/,
  },
  {
    what: 'an address without its scheme',
    act: () => cli('status', '-address=localhost:8200'),
    cause: /address cannot be read/,
    next: /http:\/\/HOST:PORT/,
  },
  {
    what: 'another file for a snapshot',
    act: () => cli('snapshot', 'inspect', store.file('a.snap', 'nonsense')),
    cause: /damaged, or no snapshot/,
    next: /take another one/,
  },
  {
    what: 'a certificate that nobody vouches for',
    act: async () => {
      const flags = [`-data=${store.path('tls')}`, '-address=127.0.0.1:0', '-tls-self-signed']
      const secure = await ServerProcess.run(flags)
      const said = await cli('status', `-address=${secure.origin}`)
      await secure.stop()
      return said
    },
    cause: /TLS failed .*SELF_SIGNED_CERT/,
    next: /CONCLAVE_CACERT|-ca-cert/,
  },
]

const STARTS: readonly Mishap[] = [
  {
    what: 'a second server on one store',
    act: () => server(`-data=${store.path('data')}`, '-address=127.0.0.1:0'),
    cause: /another process serves the store/,
    next: /use that server, or stop it first/,
  },
  {
    what: 'the folder of something else',
    act: () => server(`-data=${folder('letters', 0o700, 'letter.txt')}`, '-address=127.0.0.1:0'),
    cause: /holds other files: letter\.txt/,
    next: /name an empty one/,
  },
  {
    what: 'a folder that others can read',
    act: async () => {
      const path = store.path('shared')
      await (await ServerProcess.start(path)).stop()
      chmodSync(path, 0o755)
      return server(`-data=${path}`, '-address=127.0.0.1:0')
    },
    cause: /is open to other users/,
    next: /run {2}chmod 700/,
  },
  {
    what: 'a port that is taken',
    act: () => server(`-data=${store.path('new')}`, `-address=${new URL(store.server.origin).host}`),
    cause: /something listens there already/,
    next: /stop it, or give this server another address/,
  },
  {
    what: 'an address of the network without TLS',
    act: () => server(`-data=${store.path('new')}`, '-address=0.0.0.0:0'),
    cause: /leaves this machine, so it needs TLS/,
    next: /give -tls-self-signed/,
  },
  {
    what: 'a key of the configuration with a slip of the keyboard',
    act: () => server(`-config=${store.file('bad.hcl', 'storge "inmem" {}')}`),
    cause: /bad\.hcl:1:1: "storge" is not a known key/,
    next: /did you mean "storage"/,
  },
]

const SEALED: readonly Mishap[] = [
  {
    what: 'a read while it is sealed',
    act: () => asRoot('read', 'secret/a'),
    cause: /is sealed/,
    next: /conclave operator unseal/,
  },
  {
    what: 'a part of a share',
    act: () => unseal(store.keys[0]?.slice(0, 20)),
    cause: /this text has 20/,
    next: /A share in hex has 66 digits/,
  },
  {
    what: 'a mistyped share',
    act: () => unseal(store.keys[0]?.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))),
    cause: /damaged or mistyped/,
    next: /nobody has to start again/,
  },
  {
    what: 'a share of another store',
    act: () => unseal(other.keys[0]),
    cause: /belongs to another store/,
    next: /nobody has to start again/,
  },
  {
    what: 'a share from before a rekey',
    act: () => unseal(retired[0]),
    cause: /of key set 1, which a newer set has replaced/,
    next: /Look for the share that was handed out last/,
  },
  {
    what: 'a share for a store that has no keys',
    act: async () => {
      const empty = await ServerProcess.start(store.path('empty'))
      const argv = ['operator', 'unseal', `-share-file=${store.file('given', store.keys[0] ?? '')}`]
      const { stderr } = await store.run(argv, { env: { CONCLAVE_ADDR: empty.origin } })
      await empty.stop()
      return stderr
    },
    cause: /not initialized/,
    next: /conclave operator init/,
  },
]

async function check({ act, cause, next }: Mishap): Promise<void> {
  const said = await act()
  assert.match(said, cause)
  assert.match(said, next)
  // What the peers have said in such places.
  assert.doesNotMatch(said, /%!|undefined|\[object|internal error|\n {4}at /)
  for (const secret of [...store.keys, ...other.keys, store.token]) assert.ok(!said.includes(secret))
}

async function rekeyAndSeal(): Promise<void> {
  retired = store.keys
  const call = (method: string, path: string, body?: unknown) =>
    store.server.call(method, `/v1/sys/${path}`, body, store.token)
  const { nonce } = (await call('PUT', 'rekey/init', { secret_shares: 3, secret_threshold: 2 })).body
  await call('PUT', 'rekey/update', { nonce, key: retired[0] })
  const { keys } = (await call('PUT', 'rekey/update', { nonce, key: retired[1] })).body
  for (const key of keys.slice(0, 2)) await call('PUT', 'unseal', { key })
  await call('PUT', 'seal')
}

test('a mishap of an operator is told with its cause and what to do:', async (t) => {
  store = await OpenedServer.start(t, 3, 2)
  other = await OpenedServer.start(t, 3, 2)
  for (const mishap of [...OPEN, ...STARTS]) await t.test(mishap.what, () => check(mishap))
  await rekeyAndSeal()
  for (const mishap of SEALED) await t.test(mishap.what, () => check(mishap))
  const count = OPEN.length + STARTS.length + SEALED.length
  t.diagnostic(`O7: ${count} mishaps; target: 20 of 20 with cause and next step`)
  assert.ok(count >= 20)
})
