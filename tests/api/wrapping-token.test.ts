import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'

/** What a wrapping token can do by itself, in the header (surface.md section 6.2, and section 0, 9). */

const INVALID = 'wrapping token is not valid or does not exist'
const WITHOUT_TOKEN = 'permission denied'
const WITHOUT_RIGHT = '1 error occurred:\n\t* permission denied\n\n'

let server: TestServer

before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
  await server.asRoot('POST', '/v1/secret/app', { password: 'p', n: 1 })
})
after(async () => await server.close())

async function secret(headers: Record<string, string> = {}): Promise<string> {
  const wrapped = await server.call('GET', '/v1/secret/app', undefined, {
    'x-vault-token': server.rootToken,
    'x-vault-wrap-ttl': '60',
    ...headers,
  })
  return wrapped.body.wrap_info.token
}

const as = (token: string, method: string, path: string, body?: object): Promise<Answer> =>
  server.call(method, `/v1/${path}`, body, { 'x-vault-token': token })

function refused(answer: Answer, text: string, status = 400): void {
  assert.deepEqual([answer.status, answer.body.errors], [status, [text]])
}

describe('a wrapping token in the header', () => {
  test('unwraps what it keeps, once', async () => {
    const token = await secret()
    const found = await as(token, 'POST', 'sys/wrapping/unwrap')
    assert.deepEqual([found.status, found.body.data], [200, { password: 'p', n: 1 }])
    refused(await as(token, 'POST', 'sys/wrapping/unwrap'), INVALID)
    refused(await as(token, 'GET', 'sys/wrapping/lookup'), INVALID)
  })

  test('unwraps itself where it is named in the body as well', async () => {
    const token = await secret()
    const found = await as(token, 'POST', 'sys/wrapping/unwrap', { token })
    assert.equal(found.body.data.n, 1)
    refused(await as(token, 'POST', 'sys/wrapping/unwrap', { token }), WITHOUT_TOKEN, 403)
  })

  test('does not unwrap another', async () => {
    const [own, other] = [await secret(), await secret()]
    const found = await as(own, 'POST', 'sys/wrapping/unwrap', { token: other })
    // As with the peers: it is a valid caller, and the right to unwrap is all that it has.
    assert.equal(found.status, 200)
    refused(await as(own, 'POST', 'sys/wrapping/unwrap'), INVALID)
    refused(await as(other, 'POST', 'sys/wrapping/unwrap'), INVALID)
  })

  test('unwraps as a JWT, and one that is not ours is nobody', async () => {
    const jwt = await secret({ 'x-vault-wrap-format': 'jwt' })
    const found = await as(jwt, 'POST', 'sys/wrapping/unwrap')
    assert.equal(found.body.data.n, 1)
    refused(await as(jwt, 'POST', 'sys/wrapping/unwrap'), INVALID)
    const next = await secret({ 'x-vault-wrap-format': 'jwt' })
    refused(await as(`${next}x`, 'POST', 'sys/wrapping/unwrap'), INVALID)
    refused(await as(next, 'GET', 'auth/token/lookup-self'), WITHOUT_TOKEN, 403)
    assert.equal((await as(next, 'POST', 'sys/wrapping/unwrap')).status, 200)
  })

  test('reads cubbyhole/response, as old clients do, with the warning of the contract', async () => {
    const token = await secret()
    const { status, body } = await as(token, 'GET', 'cubbyhole/response')
    assert.equal(status, 200)
    const envelope = JSON.parse(body.data.response)
    assert.deepEqual(envelope.data, { password: 'p', n: 1 })
    assert.match(body.warnings[0], /^Reading from 'cubbyhole\/response' is deprecated\./)
    refused(await as(token, 'GET', 'cubbyhole/response'), WITHOUT_TOKEN, 403)
  })

  test('is used up by whatever else it is used for', async () => {
    for (const [method, path, body] of [
      ['GET', 'auth/token/lookup-self', undefined],
      ['GET', 'secret/app', undefined],
      ['GET', 'cubbyhole/wrapinfo', undefined],
      ['POST', 'cubbyhole/mine', { a: 1 }],
      ['POST', 'sys/wrapping/rewrap', {}],
      ['POST', 'auth/token/create', {}],
      ['POST', 'auth/token/revoke-self', {}],
    ] as const) {
      const token = await secret()
      refused(await as(token, method, path, body), WITHOUT_RIGHT, 403)
      refused(await as(token, 'POST', 'sys/wrapping/unwrap'), INVALID)
    }
  })

  test('serves one of 64 who come at the same time, by header and by body', async () => {
    for (let round = 0; round < 20; round++) {
      const token = await secret()
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, index) =>
          index % 2 === 0
            ? as(token, 'POST', 'sys/wrapping/unwrap')
            : server.asRoot('POST', '/v1/sys/wrapping/unwrap', { token }),
        ),
      )
      const good = answers.filter(({ status }) => status === 200)
      assert.ok(good.length <= 1)
      assert.ok(answers.every(({ status }) => [200, 400, 403].includes(status)))
      // Where the header came first its use is spent, and its own unwrapping finds it.
      assert.equal(good.length, 1)
      assert.equal(good[0]?.body.data.n, 1)
    }
  })
})

describe('a policy', () => {
  test('can ask that an answer is wrapped, and for how long at most', async () => {
    const policy =
      'path "secret/app" { capabilities = ["read"] min_wrapping_ttl = "10s" max_wrapping_ttl = "60s" }'
    await server.asRoot('PUT', '/v1/sys/policies/acl/wrapped', { policy })
    const made = await server.asRoot('POST', '/v1/auth/token/create', { policies: ['wrapped'] })
    const token = made.body.auth.client_token
    refused(await as(token, 'GET', 'secret/app'), WITHOUT_RIGHT, 403)
    for (const [ttl, status] of [
      ['5s', 403],
      ['30s', 200],
      ['61s', 403],
    ] as const) {
      const headers = { 'x-vault-token': token, 'x-vault-wrap-ttl': ttl }
      const answer = await server.call('GET', '/v1/secret/app', undefined, headers)
      assert.equal(answer.status, status, ttl)
    }
  })

  test('cannot be given that makes a token look like a wrapping one', async () => {
    const policies = ['response-wrapping']
    const made = await server.asRoot('POST', '/v1/auth/token/create', { policies })
    assert.equal(made.status, 400)
  })
})
