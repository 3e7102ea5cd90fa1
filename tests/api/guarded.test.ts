import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'
import { Holder } from './pgp-holder.ts'

const INIT = '/v1/sys/rekey/init'
const UPDATE = '/v1/sys/rekey/update'
const VERIFY = '/v1/sys/rekey/verify'
const ATTEMPT = '/v1/sys/generate-root/attempt'
const COUNTS = { secret_shares: 3, secret_threshold: 2 }

/** `fetch` sets Host, Origin and Sec-Fetch-Site itself: this sends what it is told. */
function send(server: TestServer, to: { method: string; path: string }, given: object): Promise<number> {
  const { headers = {}, body = {} } = given as { headers?: Record<string, string>; body?: object }
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(server.origin + to.path, { method: to.method, headers }, (incoming) => {
      incoming.resume().once('end', () => resolve(incoming.statusCode ?? 0))
    })
    outgoing.once('error', reject)
    outgoing.end(JSON.stringify(body))
  })
}

describe('a guarded listener: what a stranger, a holder and a token may', () => {
  let server: TestServer
  let keys: string[]
  before(async () => {
    server = await TestServer.start({
      ceremonyAccess: 'guarded',
      rekeyAccess: 'guarded',
      generateRootAccess: 'guarded',
      retireOn: 'proof',
    })
    keys = await server.open(3, 2)
  })
  after(() => server.close())

  const refused = ({ status, body }: Answer): [number, string] => [status, body.code]
  const DENIED = [403, 'permission_denied']

  test('a stranger starts and cancels nothing, on any face, and reads the status', async () => {
    await server.asRoot('PUT', INIT, COUNTS)
    await server.asRoot('PUT', ATTEMPT, {})
    for (const path of [INIT, '/sys/rekey/init', ATTEMPT]) {
      assert.equal((await server.call('GET', path)).status, 200)
      assert.deepEqual(refused(await server.call('PUT', path, COUNTS)), DENIED)
      assert.deepEqual(refused(await server.call('DELETE', path)), DENIED)
    }
    assert.equal((await server.asRoot('DELETE', INIT)).status, 204)
    assert.equal((await server.asRoot('DELETE', ATTEMPT)).status, 204)
  })

  test('a holder starts a root generation and ends it alone; three times a day', async () => {
    for (let opened = 0; opened < 3; opened++) {
      assert.equal((await server.call('PUT', ATTEMPT, { key: keys[0] })).status, 200)
      assert.equal((await server.call('DELETE', ATTEMPT, { key: keys[0] })).status, 204)
    }
    assert.deepEqual(refused(await server.call('PUT', INIT, { ...COUNTS, key: keys[0] })), [
      429,
      'ceremony_limit',
    ])
  })

  test('a verification is started over by a token, and by no stranger and no single holder', async () => {
    const { body } = await server.asRoot('PUT', INIT, { ...COUNTS, require_verification: true })
    await server.call('PUT', UPDATE, { key: keys[0], nonce: body.nonce })
    const dealt = await server.call('PUT', UPDATE, { key: keys[1], nonce: body.nonce })
    const { keys: fresh, verification_nonce: nonce } = dealt.body
    await server.call('PUT', VERIFY, { key: fresh[0], nonce })
    assert.deepEqual(refused(await server.call('DELETE', VERIFY)), DENIED)
    assert.deepEqual(refused(await server.call('DELETE', VERIFY, { key: keys[2] })), DENIED)
    assert.equal((await server.call('GET', VERIFY)).body.progress, 1)
    assert.equal((await server.asRoot('DELETE', VERIFY)).status, 200)
    assert.equal((await server.call('GET', VERIFY)).body.progress, 0)
    await server.asRoot('DELETE', INIT)
  })

  test('of an unseal a stranger drops what came from the same address; a share drops all', async () => {
    await server.asRoot('PUT', '/v1/sys/seal')
    await server.unseal([keys[0]!])
    assert.equal((await server.call('PUT', '/v1/sys/unseal', { reset: true })).body.progress, 0)
    await server.unseal([keys[0]!])
    const proxied = { headers: { 'x-forwarded-for': '192.0.2.1' }, body: { reset: true } }
    const to = { method: 'PUT', path: '/v1/sys/unseal' }
    assert.equal(await send(server, to, proxied), 403, 'the address of a proxy is everybody’s')
    assert.equal((await server.call('GET', '/v1/sys/seal-status')).body.progress, 1)
    const holder = { ...proxied, body: { reset: true, key: keys[2] } }
    assert.equal(await send(server, to, holder), 200)
    assert.equal((await server.call('GET', '/v1/sys/seal-status')).body.progress, 0)
    await server.unseal(keys.slice(0, 2))
  })
})

test('an open listener is guarded for pages of other sites, and initialises nothing for them', async () => {
  const server = await TestServer.start()
  const evil = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }
  const rebound = { ...evil, host: 'evil.example', 'sec-fetch-site': 'same-origin' }
  for (const headers of [evil, rebound]) {
    const to = { method: 'PUT', path: '/v1/sys/init' }
    assert.equal(await send(server, to, { headers, body: COUNTS }), 403)
  }
  const keys = await server.open(3, 2)
  for (const headers of [evil, rebound, { host: 'evil.example' }]) {
    assert.equal(await send(server, { method: 'PUT', path: INIT }, { headers, body: COUNTS }), 403)
    assert.equal(await send(server, { method: 'PUT', path: ATTEMPT }, { headers }), 403)
  }
  await server.asRoot('PUT', '/v1/sys/seal')
  await server.unseal([keys[0]!])
  const reset = { headers: evil, body: { reset: true } }
  assert.equal(await send(server, { method: 'POST', path: '/v1/sys/unseal' }, reset), 403)
  assert.equal((await server.call('GET', '/v1/sys/seal-status')).body.progress, 1)
  await server.close()
})

describe('an answer that is kept is given again on its own face only', () => {
  let server: TestServer
  let keys: string[]
  before(async () => {
    server = await TestServer.start({ retireOn: 'proof' })
    keys = await server.open(3, 2)
  })
  after(() => server.close())

  const finish = async (extra: object): Promise<string> => {
    const { body } = await server.call('PUT', INIT, { ...COUNTS, ...extra })
    await server.call('PUT', UPDATE, { key: keys[0], nonce: body.nonce })
    const done = await server.call('PUT', UPDATE, { key: keys[1], nonce: body.nonce })
    assert.equal(done.body.complete, true)
    return body.nonce
  }

  test('new shares of a verified rekey never come over the original face, where they would look live', async () => {
    const nonce = await finish({ require_verification: true })
    const other = await server.call('PUT', '/sys/rekey/update', { key: keys[1] })
    assert.deepEqual([other.status, other.body.code], [400, 'ceremony_other_face'])
    const token = await server.asRoot('PUT', '/v1/sys/rotate/root/update', { key: keys[1], nonce })
    assert.equal(token.body.code, 'ceremony_dealt')
    assert.equal((await server.call('PUT', UPDATE, { key: keys[1], nonce })).body.complete, true)
    await server.call('DELETE', INIT)
  })

  test('nor do wrapped ones, nor those of a direct rekey that was opened elsewhere', async () => {
    const { key } = await Holder.make()
    for (const extra of [{ pgp_keys: [key, key, key] }, {}]) {
      const nonce = await finish(extra)
      const other = await server.call('PUT', '/sys/rekey/update', { key: keys[1] })
      assert.deepEqual([other.status, other.body.code], [400, 'ceremony_not_running'])
      assert.equal((await server.call('PUT', UPDATE, { key: keys[1], nonce })).body.complete, true)
    }
  })
})
