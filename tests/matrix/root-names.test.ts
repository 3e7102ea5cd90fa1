import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, TestServer } from '../api/in-process.ts'

/**
 * Names that mimic `root` (CVE-2025-5999, CVE-2025-64761; Z3), over HTTP, in every field that takes names of
 * policies. Which those are is read from the tables of the server, so a new one fails until it is tried here.
 * `tests/tokens/root-names.test.ts` tries more names, of fields that it knows.
 */
const MIMICS: readonly string[] = [
  ...['root', 'ROOT', 'Root', 'rOoT', ' root', 'root ', '\troot', 'root\n', 'root\r\n', 'root\0', '\0root'],
  ...['\u00a0root', 'root\u00a0', 'root\u200b', '\ufeffroot', 'ro\u00adot', 'root\u2028', 'root.', '.root'],
  ...['\uff52\uff4f\uff4f\uff54', 'r\u043e\u043et', 'roo\u0442', 'r\u00ba\u00bat', 'ro\u0301ot', 'r00t'],
  ...['root/', '/root', './root', 'x/../root', '%72oot', 'root%00', '"root"', '{{root}}', '\\u0072oot'],
  ...['x,root', 'root,x', ',root', 'root,', 'x, ROOT ,y', '["root"]', 'root;x', 'root*', 'r?ot', 'r*', '*'],
]

/** Which routes take such names, in which fields: all that the document has. */
const FIELDS: readonly string[] = [
  '/auth/token/create policies',
  '/auth/token/create-orphan policies',
  '/auth/token/create/{role_name} policies',
  '/auth/token/roles/{role_name} allowed_policies',
  '/auth/token/roles/{role_name} allowed_policies_glob',
  '/auth/token/roles/{role_name} disallowed_policies',
  '/auth/token/roles/{role_name} disallowed_policies_glob',
  '/sys/policies/explain policies',
]

/** All about tokens, with sudo: nothing but `root` itself is kept from it there; and nothing elsewhere. */
const MAKER = `path "auth/token/*" { capabilities = ["create", "read", "update", "delete", "sudo"] }
path "sys/policies/explain" { capabilities = ["update"] }`

let server: TestServer
let token = ''
before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
  await server.asRoot('PUT', '/v1/sys/policies/acl/maker', { policy: MAKER })
  const made = await server.asRoot('POST', '/v1/auth/token/create', { policies: ['maker'] })
  token = made.body.auth.client_token
})
after(() => server.close())

const post = (path: string, body: unknown, as = token): Promise<Answer> =>
  server.call('POST', `/v1${path}`, body, { 'x-vault-token': as })

/** Whether a token came of it; if so, it must be none with the rights of root. */
async function isHarmless({ status, body }: Answer, tried: string): Promise<boolean> {
  assert.ok(status < 500, `${tried}: ${status}`)
  if (body?.auth == null) return false
  assert.ok(!body.auth.policies.includes('root'), tried)
  const as = { 'x-vault-token': body.auth.client_token }
  assert.equal((await server.call('GET', '/v1/sys/mounts', undefined, as)).status, 403, tried)
  return true
}

test('every field that takes names of policies is tried here', async () => {
  type Body = { content: Record<string, { schema: { properties?: Record<string, unknown> } }> }
  const { paths } = (await server.asRoot('GET', '/v1/sys/internal/specs/openapi')).body
  const found = new Set<string>()
  for (const [path, item] of Object.entries<Record<string, { requestBody?: Body }>>(paths)) {
    for (const { requestBody } of Object.values(item)) {
      for (const { schema } of Object.values(requestBody?.content ?? {})) {
        const names = Object.keys(schema.properties ?? {}).filter((name) => name.includes('policies'))
        for (const name of names) found.add(`${path} ${name}`)
      }
    }
  }
  assert.deepEqual([...found].sort(), [...FIELDS].sort())
})

for (const field of FIELDS.filter((one) => !one.includes('/roles/'))) {
  const [template = '', name = ''] = field.split(' ')
  test(`no name in ${field} gives the rights of root`, async () => {
    await server.asRoot('POST', '/v1/auth/token/roles/any', { allowed_policies_glob: ['*'] })
    const path = template.replace('{role_name}', 'any')
    let made = 0
    for (const mimic of MIMICS) {
      for (const value of [mimic, [mimic], ['x', mimic], { 0: mimic }]) {
        const told = await post(path, { [name]: value, path: 'sys/mounts' })
        if (await isHarmless(told, `${field} ${JSON.stringify(value)}`)) made++
      }
    }
    assert.equal(made > 0, template.startsWith('/auth/'), 'names that only look like it are names')
  })
}

for (const field of FIELDS.filter((one) => one.includes('/roles/'))) {
  const [, name = ''] = field.split(' ')
  test(`no name in ${field} gives the rights of root to tokens of the role`, async () => {
    let kept = 0
    for (const mimic of MIMICS) {
      // One who may do all wrote the role; whoever uses it still gets no more than it may give.
      const role = await server.asRoot('POST', '/v1/auth/token/roles/mimic', { [name]: [mimic] })
      assert.ok([204, 400].includes(role.status), `${JSON.stringify(mimic)}: ${role.status}`)
      if (role.status === 204) kept++
      for (const policies of [undefined, ['root'], [mimic], 'x,root']) {
        const told = await post('/auth/token/create/mimic', policies === undefined ? {} : { policies })
        await isHarmless(told, `${field} ${JSON.stringify([mimic, policies])}`)
      }
      await server.asRoot('DELETE', '/v1/auth/token/roles/mimic')
    }
    assert.ok(kept > 0, 'names that only look like it are names')
  })
}

test('what is looked for would be seen: root makes a token with the rights of root', async () => {
  const told = await post('/auth/token/create', { policies: ['root'] }, server.rootToken)
  await assert.rejects(isHarmless(told, 'root by root'), /root by root/)
})
