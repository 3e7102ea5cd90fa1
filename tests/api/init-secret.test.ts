import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestServer } from './in-process.ts'
import { temporaryFolder } from './server-process.ts'

test('with an init_secret_file only who knows it initialises the store', async () => {
  const work = temporaryFolder()
  const path = join(work.path, 'init.secret')
  writeFileSync(path, 'correct horse battery staple\n')
  const server = await TestServer.start({}, { initSecretFile: path })
  const counts = { secret_shares: 2, secret_threshold: 2 }
  for (const init_secret of [undefined, '', 'wrong', 'correct horse battery stapl', 7]) {
    const { status } = await server.call('PUT', '/v1/sys/init', { ...counts, init_secret })
    assert.equal(status, init_secret === 7 ? 400 : 403)
  }
  assert.equal((await server.call('GET', '/v1/sys/init')).body.initialized, false)
  const bad = await server.call('PUT', '/v1/sys/init', { secret_shares: 1, secret_threshold: 2 })
  assert.equal(bad.status, 400, 'numbers are judged first, as without it')
  const init_secret = 'correct horse battery staple'
  assert.equal((await server.call('PUT', '/v1/sys/init', { ...counts, init_secret })).status, 200)
  await server.close()
  work.remove()
})
