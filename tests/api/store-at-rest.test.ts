import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestServer } from './in-process.ts'
import { temporaryFolder } from './server-process.ts'

const SECRETS = 10_000
const TOKENS = 50

test('the files of a store hold no value, no token and no policy that is readable (K9)', async (t) => {
  const { path: folder, remove } = temporaryFolder()
  t.after(remove)
  const server = await TestServer.start({}, { storage: { type: 'sqlite', folder } })
  await server.open(1, 1)
  const canaries: string[] = [server.rootToken]
  for (let index = 0; index < SECRETS; index++) {
    canaries.push(`canary-value-${index}-x`)
    await server.asRoot('PUT', `/v1/secret/app/${index}`, { password: `canary-value-${index}-x` })
  }
  const rule = 'path "canary-policy/*" { capabilities = ["read"] }'
  await server.asRoot('PUT', '/v1/sys/policies/acl/app', { policy: rule })
  for (let index = 0; index < TOKENS; index++) {
    const meta = { owner: `canary-owner-${index}-x` }
    const { body } = await server.asRoot('POST', '/v1/auth/token/create', { policies: ['app'], meta })
    canaries.push(body.auth.client_token, meta.owner)
  }
  // While it is open: what SQLite writes beside the store counts as well.
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  const bytes = files.map((one) => readFileSync(join(one.parentPath, one.name)))
  await server.close()
  const found = [...canaries, 'canary-policy'].filter((canary) => bytes.some((file) => file.includes(canary)))
  t.diagnostic(
    `K9: ${canaries.length} values and tokens, ${files.length} files, ${found.length} found; target: 0`,
  )
  assert.deepEqual(found, [])
  assert.ok(
    bytes.some((file) => file.includes('core/custody')),
    'the files that were looked at are the store',
  )
})
