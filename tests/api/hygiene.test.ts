import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MAIN, ServerProcess, temporaryFolder } from './server-process.ts'

const work = temporaryFolder()
after(work.remove)
let count = 0
const folder = (): string => join(work.path, `d${count++}`)
/** The usual one of the inspector. */
const INSPECTOR_PORT = 9229

interface Start {
  readonly options?: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
  readonly flags?: readonly string[]
}

/** A start that is to fail within its time: what was said on stderr. */
function refusal({ options = [], environment = {}, flags = [] }: Start): string {
  const data = folder()
  const words = [...options, MAIN, 'server', ...flags, `-data=${data}`, '-address=127.0.0.1:0']
  const env = { ...process.env, ...environment }
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', env, timeout: 20_000 })
  assert.equal(status, 1, stderr)
  assert.ok(performance.now() - began < 10_000)
  assert.equal(existsSync(data), false, 'nothing was made')
  // The inspector says itself that it is there, before anything of ours runs.
  return stderr.split('\n').find((line) => line.startsWith('Error starting the server: ')) ?? stderr
}

function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function heard(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = ''
  const { promise, resolve } = Promise.withResolvers<string>()
  child.stdout?.on('data', (bytes) => {
    text += String(bytes)
    const found = pattern.exec(text)
    if (found !== null) resolve(found[0])
  })
  child.once('close', () => resolve(text))
  return await promise
}

describe('a process that somebody could look into does not become a server:', () => {
  const cases: readonly (readonly [string, Start, RegExp])[] = [
    [
      '--inspect',
      { options: ['--inspect=127.0.0.1:0'] },
      /started with --inspect, which opens the inspector/,
    ],
    [
      'NODE_OPTIONS',
      { environment: { NODE_OPTIONS: '--inspect=0' } },
      /NODE_OPTIONS has --inspect, which opens/,
    ],
    [
      'preloaded code',
      { options: ['--import', 'data:text/javascript,'] },
      /with --import, which runs code of others/,
    ],
    [
      'a configuration of OpenSSL, which may name a library to load',
      { environment: { OPENSSL_CONF: '/dev/null' } },
      /OPENSSL_CONF is set, by which OpenSSL loads other code into this process\. Unset it/,
    ],
    [
      'a folder of libraries for OpenSSL',
      { environment: { OPENSSL_MODULES: work.path } },
      /OPENSSL_MODULES is set/,
    ],
    [
      'a folder of engines for OpenSSL',
      { environment: { OPENSSL_ENGINES: work.path } },
      /OPENSSL_ENGINES is set/,
    ],
    [
      '--openssl-config',
      { options: ['--openssl-config=/dev/null'] },
      /started with --openssl-config, which has OpenSSL load other code/,
    ],
    [
      '--openssl-shared-config',
      { environment: { NODE_OPTIONS: '--openssl-shared-config' } },
      /NODE_OPTIONS has --openssl-shared-config, which has OpenSSL/,
    ],
    ['heap snapshots', { options: ['--heapsnapshot-signal=SIGUSR2'] }, /which writes memory to a file/],
    ['reports', { environment: { NODE_OPTIONS: '--report-on-signal' } }, /which writes memory to a file/],
    ['keys of TLS', { options: [`--tls-keylog=${join(work.path, 'keys')}`] }, /which writes the keys of TLS/],
    ['NODE_DEBUG', { environment: { NODE_DEBUG: 'none' } }, /NODE_DEBUG is set/],
  ]
  for (const [what, start, message] of cases) test(what, () => assert.match(refusal(start), message))

  test('but a server for development, which hides nothing, does', async () => {
    const server = await ServerProcess.run(
      ['-dev', '-dev-listen-address=127.0.0.1:0', '-dev-no-store-token'],
      { nodeFlags: ['--inspect=127.0.0.1:0'] },
    )
    assert.equal(await server.stop(), 0)
  })
})

test('O5: SIGUSR1 opens no inspector, also where Node.js was not told so', async () => {
  assert.equal(await isListening(INSPECTOR_PORT), false, 'the port is free')
  const server = await ServerProcess.start(folder())
  process.kill(server.pid, 'SIGUSR1')
  for (let waited = 0; !/SIGUSR1/.test(server.talk) && waited < 5000; waited += 20) await sleep(20)
  assert.match(server.talk, /got SIGUSR1, which does nothing here/)
  assert.doesNotMatch(server.talk, /Debugger listening/)
  assert.equal(await isListening(INSPECTOR_PORT), false)
  assert.equal((await server.call('GET', '/v1/sys/health')).status, 501)
  assert.equal(await server.stop(), 0)
})

test('a running server has no secret in its environment', async () => {
  const secrets = { CONCLAVE_TOKEN: 's.a', BAO_TOKEN: 's.b', VAULT_TOKEN: 's.c', PGPASSWORD: 'd', OTHER: 'e' }
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'environment.child.ts'), folder()],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], TZ: 'UTC', ...secrets } },
  )
  await heard(child, /Next, in another terminal/)
  child.kill('SIGUSR2')
  assert.equal(await heard(child, /variables: .*\n/), 'variables: PATH,TZ\n')
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'close'), [0, null])
})
