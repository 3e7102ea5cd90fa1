import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { hasCode } from '../../src/base/errors.ts'
import { TestServer } from './in-process.ts'

let server: TestServer
before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
})
after(() => server.close())

const large = { value: 'x'.repeat(100_000) }
const write = async (token: string): Promise<[number, string | undefined]> => {
  const { status, body } = await server.call('PUT', '/v1/secret/large', large, { 'x-vault-token': token })
  return [status, body?.code]
}

test('a large body is for valid tokens: any other text in the header is as good as none', async () => {
  assert.deepEqual(await write(server.rootToken), [204, undefined])
  assert.deepEqual(await write('hvs.nobody'), [413, 'too_large'])
  assert.deepEqual(await write(`${server.rootToken}x`), [413, 'too_large'])
  const small = await server.call('PUT', '/v1/secret/a', { a: 1 }, { 'x-vault-token': 'hvs.nobody' })
  assert.deepEqual([small.status, small.body.code], [403, 'permission_denied'])
})

async function tokenOf(policy: string): Promise<string> {
  await server.asRoot('PUT', '/v1/sys/policies/acl/bodies', { policy })
  const made = await server.asRoot('POST', '/v1/auth/token/create', { policies: ['bodies'] })
  return made.body.auth.client_token
}

/** The head of a write whose body never comes, and what is answered. */
async function answerToHead(token: string, framing: string): Promise<string> {
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1')
  socket.write(`PUT /v1/secret/large HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\n${framing}\r\n\r\n`)
  socket.setEncoding('latin1')
  let answer = ''
  for await (const piece of socket) answer += piece
  return answer
}

test('a body that no policy lets anybody write is refused before it is read', async () => {
  const token = await tokenOf('path "secret/*" { capabilities = ["read", "list", "delete"] }')
  for (const framing of ['Content-Length: 33554432', 'Transfer-Encoding: chunked']) {
    const answer = await answerToHead(token, framing)
    assert.match(answer, /^HTTP\/1\.1 403 /)
    assert.match(answer, /"errors":\["1 error occurred:\\n\\t\* permission denied\\n\\n"\]/)
    assert.match(answer, /\r\nConnection: close\r\n/)
  }
})

test('a body that some policy lets its sender write is read, whatever its parameters come to', async () => {
  const token = await tokenOf(
    'path "secret/*" { capabilities = ["create", "update"] denied_parameters = { "value" = [] } }',
  )
  assert.deepEqual(await write(token), [403, 'permission_denied'])
  assert.deepEqual(await write(await tokenOf('path "secret/large" { capabilities = ["update"] }')), [
    204,
    undefined,
  ])
})

test('a request whose body was not read is never acted on, though a policy came that allows it', async () => {
  const stored = await server.asRoot('GET', '/v1/secret/large')
  const { dispatch } = server.server.service
  const access = { rekey: 'open', generateRoot: 'open', unseal: 'open' } as const
  const request = {
    ...({ id: '', operation: 'update', path: 'secret/large', data: null, wrap: null } as const),
    token: server.rootToken,
    origin: { source: '::1', forwarded: false, direct: true, foreign: false, listener: '', access },
    isUnread: true,
  }
  const origin = { ...request.origin, retireOn: 'acknowledgement' } as const
  await assert.rejects(dispatch({ ...request, origin }), (error) => hasCode(error, 'permission_denied'))
  assert.deepEqual((await server.asRoot('GET', '/v1/secret/large')).body.data, stored.body.data)
})

test('what deletes has no use for a large body', async () => {
  const token = { 'x-vault-token': server.rootToken }
  const { status, body } = await server.call('DELETE', '/v1/secret/large', large, token)
  assert.deepEqual([status, body.code], [413, 'too_large'])
})

test('a revoked token has no more room than a stranger', async () => {
  await server.asRoot('PUT', '/v1/auth/token/revoke-self')
  assert.deepEqual(await write(server.rootToken), [413, 'too_large'])
})
