import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Conformance } from '../openapi/conformance.ts'
import { type Answer, TestServer } from './in-process.ts'

/** Tokens over a real server; what each route answers stands in tests/tokens/. */

let server: TestServer
let keys: readonly string[]
before(async () => {
  server = await TestServer.start()
  keys = await server.open(1, 1)
})
after(() => server.close())

/** One request, as root where no token is named. */
async function ask(method: string, path: string, body?: unknown, token = server.rootToken): Promise<Answer> {
  return await server.call(method, `/v1/${path}`, body, { 'x-vault-token': token })
}

async function make(body: object = {}, path = 'create'): Promise<Answer['body']['auth']> {
  const { status, body: answer } = await ask('POST', `auth/token/${path}`, body)
  assert.equal(status, 200, JSON.stringify(answer))
  return answer.auth
}

async function keysBelow(prefix: string): Promise<readonly string[]> {
  const names = await server.server.storage.list(prefix, { after: '', limit: 1000 })
  const keys = names.map((name) => (name.endsWith('/') ? keysBelow(prefix + name) : [prefix + name]))
  return (await Promise.all(keys)).flat()
}

const statusOf = async (token: string): Promise<number> =>
  (await ask('GET', 'auth/token/lookup-self', undefined, token)).status

test('the envelope of a new token is that of the contract, member for member', async () => {
  const response = await fetch(`${server.origin}/v1/auth/token/create`, {
    method: 'POST',
    headers: { 'x-vault-token': server.rootToken, connection: 'close' },
    body: JSON.stringify({ ttl: '30m', no_parent: true }),
  })
  const text = (await response.text())
    .replace(/"request_id":"[0-9a-f-]{36}"/, '"request_id":"…"')
    .replace(/hvs\.\w{24}/, 'hvs.…')
    .replace(/"accessor":"\w{24}"/, '"accessor":"…"')
  assert.equal(
    text,
    '{"request_id":"…","lease_id":"","renewable":false,"lease_duration":0,"data":null,"wrap_info":null,' +
      '"warnings":null,"auth":{"client_token":"hvs.…","accessor":"…","policies":["root"],' +
      '"token_policies":["root"],"metadata":null,"lease_duration":1800,"renewable":true,"entity_id":"",' +
      '"token_type":"service","orphan":true,"mfa_requirement":null,"num_uses":0}}\n',
  )
})

test('answers are as the OpenAPI document says', async () => {
  const { body: document } = await ask('GET', 'sys/internal/specs/openapi')
  const conformance = new Conformance(document)
  const { client_token, accessor } = await make({ ttl: '1h', period: '30m', meta: { a: 'b' } })
  await ask('POST', 'auth/token/roles/shown', { token_num_uses: 3, bound_cidrs: '::1' })
  const calls: readonly (readonly [string, string, unknown?])[] = [
    ['POST', 'create', { type: 'batch', policies: ['default'] }],
    ['POST', 'create-orphan', {}],
    ['GET', 'lookup-self'],
    ['POST', 'lookup', { token: client_token }],
    ['POST', 'lookup-accessor', { accessor }],
    ['POST', 'renew', { token: client_token }],
    ['POST', 'renew-accessor', { accessor }],
    ['LIST', 'accessors'],
    ['GET', 'roles/shown'],
    ['LIST', 'roles'],
    ['DELETE', 'roles/shown'],
    ['POST', 'tidy'],
    ['POST', 'revoke-accessor', { accessor }],
    ['POST', 'revoke-accessor', { accessor }],
    ['POST', 'lookup-accessor', { accessor }],
  ]
  for (const [method, path, sent] of calls) {
    const { status, body } = await ask(method, `auth/token/${path}`, sent)
    const exchange = { method, path: `/v1/auth/token/${path}`, query: '', status, body }
    assert.equal(conformance.fault(exchange), null)
  }
})

test('a used-up, an unknown and a revoked token are told the same', async () => {
  const used = await make({ num_uses: 1 })
  assert.equal(await statusOf(used.client_token), 200)
  const revoked = await make()
  assert.equal((await ask('POST', 'auth/token/revoke', { token: revoked.client_token })).status, 204)
  for (const token of [used.client_token, revoked.client_token, 'hvs.unknown', 'hvb.unknown', 's.x']) {
    const { status, body } = await ask('GET', 'auth/token/lookup-self', undefined, token)
    assert.deepEqual([status, body.errors], [403, ['permission denied']])
  }
})

test('64 requests at once with a token of ten uses: ten are answered', async () => {
  const { client_token } = await make({ num_uses: 10 })
  const statuses = await Promise.all(Array.from({ length: 64 }, () => statusOf(client_token)))
  assert.equal(statuses.filter((status) => status === 200).length, 10)
  assert.equal(statuses.filter((status) => status === 403).length, 54)
})

test('a use is spent by whatever the answer is, and by the routes outside the router', async () => {
  const { client_token } = await make({ num_uses: 4 })
  assert.equal((await ask('GET', 'nowhere/x', undefined, client_token)).status, 404)
  assert.equal((await ask('GET', 'auth/token/accessors', undefined, client_token)).status, 405)
  assert.equal((await ask('DELETE', 'sys/generate-root/attempt', undefined, client_token)).status, 204)
  const last = await ask('GET', 'auth/token/lookup-self', undefined, client_token)
  assert.equal(last.body.data.num_uses, -1)
  assert.equal(await statusOf(client_token), 403)
})

test('what is revoked while it is used is known nowhere once that is told', async () => {
  const { client_token } = await make()
  const children = await Promise.all(
    Array.from({ length: 8 }, () => ask('POST', 'auth/token/create', {}, client_token)),
  )
  const asking = Array.from({ length: 32 }, () => ask('POST', 'auth/token/create', {}, client_token))
  const revoking = ask('POST', 'auth/token/revoke', { token: client_token })
  const all = [...children, ...(await Promise.all(asking))]
  assert.equal((await revoking).status, 204)
  assert.equal(await statusOf(client_token), 403)
  for (const { body } of all) if (body.auth) assert.equal(await statusOf(body.auth.client_token), 403)
})

test('what a token kept in its cubbyhole goes with it', async () => {
  const { client_token } = await make()
  const before = await keysBelow('logical/')
  assert.equal((await ask('POST', 'cubbyhole/a/b', { x: 1 }, client_token)).status, 204)
  assert.equal((await ask('POST', 'auth/token/revoke-self', {}, client_token)).status, 204)
  assert.deepEqual(await keysBelow('logical/'), before)
})

test('tokens are what they were after a restart', async () => {
  const plain = await make({ ttl: '1h' })
  const counted = await make({ num_uses: 2 })
  const batch = await make({ type: 'batch', policies: ['default'], ttl: '1h' })
  const revoked = await make()
  const parent = await make()
  const child = (await ask('POST', 'auth/token/create', {}, parent.client_token)).body.auth
  await ask('POST', 'auth/token/revoke', { token: revoked.client_token })
  await ask('POST', 'auth/token/roles/r1', { allowed_policies: 'root', token_num_uses: 1 })
  assert.equal(await statusOf(counted.client_token), 200)
  assert.ok(await server.reopensWith(keys))
  assert.equal(await statusOf(plain.client_token), 200)
  assert.equal(await statusOf(counted.client_token), 200)
  assert.equal(await statusOf(counted.client_token), 403)
  assert.equal(await statusOf(revoked.client_token), 403)
  const looked = await ask('POST', 'auth/token/lookup', { token: batch.client_token })
  assert.deepEqual([looked.status, looked.body.data.type], [200, 'batch'])
  assert.equal((await make({}, 'create/r1')).num_uses, 1)
  await ask('POST', 'auth/token/revoke', { token: parent.client_token })
  assert.equal(await statusOf(child.client_token), 403)
})

test('a token goes into no line of the log', async () => {
  const { client_token } = await make({ id: 'canary-that-was-chosen' })
  await ask('POST', 'auth/token/lookup', { token: client_token })
  await ask('POST', 'auth/token/renew', { token: client_token })
  await ask('POST', 'auth/token/revoke', { token: client_token })
  assert.doesNotMatch(server.logged.join('\n'), /canary/)
})
