import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
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

test('a revoked token has no more room than a stranger', async () => {
  await server.asRoot('PUT', '/v1/auth/token/revoke-self')
  assert.deepEqual(await write(server.rootToken), [413, 'too_large'])
})
