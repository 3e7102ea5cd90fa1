import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/base/encoding.ts'
import { TestServer } from './in-process.ts'

test('a secret that was damaged is refused when it is read, and can be written anew', async (t) => {
  const server = await TestServer.start()
  t.after(() => server.close())
  const keys = await server.open(3, 2)
  await server.asRoot('PUT', '/v1/secret/app', { password: 'tiger' })
  const { storage } = server.server
  const mounts = await storage.list('logical/', { after: '', limit: 10 })
  const places = await Promise.all(
    mounts.map(async (mount) => {
      const key = `logical/${mount}secrets/app`
      return (await storage.get(key)) === null ? [] : [key]
    }),
  )
  const [key] = places.flat()
  assert.ok(key !== undefined)
  // What was written is kept in memory until the server is sealed.
  await server.asRoot('PUT', '/v1/sys/seal')
  await storage.commit([{ op: 'put', key, value: utf8('not what was sealed, nor anything of that kind') }])
  await server.unseal(keys.slice(0, 2))
  assert.equal((await server.asRoot('GET', '/v1/secret/app')).status, 500)
  assert.equal((await server.asRoot('PUT', '/v1/secret/app', { password: 'lion' })).status, 204)
  assert.equal((await server.asRoot('GET', '/v1/secret/app')).body.data.password, 'lion')
})
