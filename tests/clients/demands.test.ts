import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Place, request } from '../api/request.ts'
import { MAIN, ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { Authority } from '../http/authority.ts'

/** More than a pipe and the reader's own buffer hold together on any system: 64 KiB each. */
const MORE_THAN_A_PIPE_HOLDS = 512 * 1024
const READINESS = { method: 'GET', path: '/v1/sys/init' } as const

/** What the test suites of clients expect of a server that they start themselves. */
describe('a client’s own tests', () => {
  const work = temporaryFolder()
  after(work.remove)
  let count = 0

  function config(listener: unknown, more: object = {}): string {
    const path = join(work.path, `${count++}.json`)
    const storage = { sqlite: { path: `data-${count}` } }
    writeFileSync(path, JSON.stringify({ storage, listener, ...more }))
    return path
  }

  const tcp = { address: '127.0.0.1:0', tls_disable: true }
  for (const [form, listener] of [
    ['an object', { tcp }],
    ['a list', [{ tcp }]],
    ['an object with a list', { tcp: [tcp] }],
  ] as const) {
    test(`start a server from JSON by its full path, the listener ${form}`, async (t) => {
      const server = await ServerProcess.run([`-config=${config(listener)}`])
      t.after(() => server.stop())
      const { status, body } = await server.call('GET', '/v1/sys/init')
      assert.deepEqual([status, body], [200, { initialized: false }])
    })
  }

  test('name the files of TLS as they stand beside the configuration', async (t) => {
    const authority = new Authority()
    t.after(() => authority.remove())
    const { cert, key } = authority.issue('localhost')
    writeFileSync(join(work.path, 'server.pem'), cert)
    writeFileSync(join(work.path, 'server.key'), key)
    chmodSync(join(work.path, 'server.key'), 0o600)
    const files = { tls_cert_file: './server.pem', tls_key_file: 'server.key' }
    const server = await ServerProcess.run([
      `-config=${config({ tcp: { address: '127.0.0.1:0', ...files } })}`,
    ])
    t.after(() => server.stop())
    const url = server.origin.replace('127.0.0.1', 'localhost')
    assert.equal((await request({ url, ca: authority.cert }, READINESS)).status, 200)
  })

  test('ask sys/init until it answers, in every state', async (t) => {
    const server = await ServerProcess.run([`-config=${config({ tcp })}`])
    t.after(() => server.stop())
    const ready = async (): Promise<boolean> => (await server.call('GET', '/v1/sys/init')).body.initialized
    assert.equal(await ready(), false)
    const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 1, secret_threshold: 1 })
    assert.equal(await ready(), true)
    assert.equal(await server.unseal(body.keys), true)
    assert.equal(await ready(), true)
    const health = await server.call('GET', '/v1/sys/health')
    assert.equal(health.body.performance_standby, false)
  })

  test('read neither stream of the server, which goes on and ends when it is told', async () => {
    const socket = join(work.path, 'socket')
    const path = config({ unix: { address: socket } }, { log_level: 'trace' })
    const words = ['--disable-warning=ExperimentalWarning', MAIN, 'server', `-config=${path}`]
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'exit')
    const place = { url: `unix://${socket}` }
    await untilReady(place)
    const noisy = `/v1/${'x'.repeat(1000)}`
    for (let said = 0; said < MORE_THAN_A_PIPE_HOLDS; said += noisy.length) {
      assert.equal((await request(place, { method: 'GET', path: noisy })).status, 503)
    }
    assert.equal((await request(place, READINESS)).status, 200)
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  })
})

async function untilReady(place: Place): Promise<void> {
  for (let asked = 0; asked < 400; asked++) {
    const status = await request(place, READINESS).then(
      (answer) => answer.status,
      () => null,
    )
    if (status === 200) return
    await sleep(25)
  }
  assert.fail('the server did not answer')
}
