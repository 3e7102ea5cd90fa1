import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { SecretsEngine } from '../../src/logical/backend.ts'
import { TestServer } from '../api/in-process.ts'
import { Conformance } from './conformance.ts'

let server: TestServer
before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
  await server.asRoot('POST', '/v1/sys/mounts/one', { type: 'kv' })
  await server.asRoot('POST', '/v1/sys/mounts/two', { type: 'kv' })
  await server.asRoot('POST', '/v1/sys/mounts/versions', { type: 'kv-v2' })
})
after(() => server.close())

const SPEC = '/v1/sys/internal/specs/openapi'
const specification = async (query = '') => (await server.asRoot('GET', SPEC + query)).body

test('is a document as OpenAPI 3.0 has it, with and without paths of mounts', async () => {
  for (const query of ['', '?generic_mount_paths=true']) {
    const { valid, errors } = await new Validator().validate(await specification(query))
    assert.deepEqual([valid, errors], [true, undefined])
  }
})

test('every operation has a name of its own', async () => {
  const { paths } = await specification()
  const ids = Object.values<Record<string, { operationId?: string }>>(paths).flatMap((item) =>
    Object.values(item).flatMap(({ operationId }) => (operationId === undefined ? [] : [operationId])),
  )
  assert.ok(ids.length > 60, String(ids.length))
  assert.equal(new Set(ids).size, ids.length)
})

test('every route of every mount stands in it', async () => {
  const { paths } = await specification()
  for (const path of ['/one/{path}', '/two/{path}', '/sys/mounts/{path}/tune', '/sys/seal-status']) {
    assert.ok(path in paths, path)
  }
})

test('a stranger sees only what needs no token, and no mount', async () => {
  const { paths } = (await server.call('GET', SPEC)).body
  assert.ok('/sys/init' in paths)
  for (const path of ['/one/{path}', '/sys/mounts', '/sys/key-status']) assert.ok(!(path in paths), path)
})

test('a mount with a route that is open to everybody is shown to those alone who reach it, or whom it is shown to', async (t) => {
  const keys: SecretsEngine = {
    type: 'keys',
    mount: () => ({
      routes: ['public', 'token'].map((access) => ({
        pattern: access,
        summary: 'A key.',
        access: access as 'public' | 'token',
        handlers: { read: async () => ({ data: {} }) },
      })),
    }),
  }
  const other = await TestServer.start({}, {}, { keys })
  t.after(() => other.close())
  await other.open(1, 1)
  for (const path of ['hidden', 'shown'])
    await other.asRoot('POST', `/v1/sys/mounts/${path}`, { type: 'keys' })
  await other.asRoot('POST', '/v1/sys/mounts/hidden/tune', { listing_visibility: 'hidden' })
  await other.asRoot('POST', '/v1/sys/mounts/shown/tune', { listing_visibility: 'unauth' })
  const { body } = await other.asRoot('POST', '/v1/auth/token/create', { policies: ['default'] })
  const paths = async (headers: Record<string, string>): Promise<readonly string[]> =>
    Object.keys((await other.call('GET', SPEC, undefined, headers)).body.paths).filter((path) =>
      /^\/(hidden|shown)/.test(path),
    )
  assert.deepEqual(await paths({}), ['/shown/public'])
  assert.deepEqual(await paths({ 'x-vault-token': body.auth.client_token }), ['/shown/public'])
  const all = ['/hidden/public', '/hidden/token', '/shown/public', '/shown/token']
  assert.deepEqual(await paths({ 'x-vault-token': other.rootToken }), all)
})

test('answers are as it says', async () => {
  const conformance = new Conformance(await specification())
  const calls: readonly (readonly [method: string, path: string, body?: unknown])[] = [
    ['GET', '/v1/sys/metrics'],
    ['GET', SPEC],
    ['GET', '/v1/sys/health'],
    ['GET', '/v1/sys/seal-status'],
    ['GET', '/v1/sys/mounts'],
    ['GET', '/v1/sys/mounts/one'],
    ['GET', '/v1/sys/mounts/one/tune'],
    ['GET', '/v1/sys/auth'],
    ['GET', '/v1/sys/internal/ui/mounts'],
    ['GET', '/v1/sys/internal/ui/mounts/one/a'],
    ['GET', '/v1/sys/internal/ui/namespaces'],
    ['GET', '/v1/sys/plugins/catalog'],
    ['LIST', '/v1/sys/plugins/catalog/secret'],
    ['POST', '/v1/sys/tools/random', {}],
    ['POST', '/v1/sys/tools/hash', { input: 'YQ==' }],
    ['POST', '/v1/one/a', { k: 'v' }],
    ['GET', '/v1/one/a'],
    ['LIST', '/v1/one'],
    ['GET', '/v1/one/none'],
    ['GET', '/v1/auth/token/lookup-self'],
    ['GET', '/v1/sys/key-status'],
  ]
  for (const [method, path, body] of calls) {
    const answer = await server.asRoot(method, path, body)
    const exchange = { method, path, query: '', status: answer.status, body: answer.body }
    assert.equal(conformance.fault(exchange), null)
  }
})

test('what a refusal says stands in it as well', async () => {
  const conformance = new Conformance(await specification())
  const about = { method: 'GET', path: '/v1/sys/mounts/none/tune', query: '', status: 400 }
  const { status, body } = await server.asRoot('GET', about.path)
  assert.equal(status, 400)
  assert.equal(conformance.fault({ ...about, body }), null)
  assert.match(String(conformance.fault({ ...about, body: { errors: 'no' } })), /errors must be array/)
  assert.match(String(conformance.fault({ ...about, body: { ...body, token: '' } })), /additional properties/)
  assert.match(String(conformance.fault({ ...about, body: { code: 'bad_request' } })), /errors/)
  const elsewhere = { ...about, path: '/v1/sys/none', status: 404, body: { errors: [] } }
  assert.match(String(conformance.fault(elsewhere)), /not in the document/)
})

test('a member that it does not have is found, and a status, and an envelope with nothing in it', async () => {
  const conformance = new Conformance(await specification())
  const health = { method: 'GET', path: '/v1/sys/seal-status', query: '', status: 200 }
  const { body } = await server.call('GET', health.path)
  assert.equal(conformance.fault({ ...health, body }), null)
  assert.match(String(conformance.fault({ ...health, body: { ...body, more: 1 } })), /additional properties/)
  assert.match(String(conformance.fault({ ...health, status: 204, body: null })), /a status/)
  const key = { method: 'GET', path: '/v1/sys/key-status', query: '', status: 200 }
  const status = (await server.asRoot('GET', key.path)).body
  assert.equal(conformance.fault({ ...key, body: status }), null)
  assert.match(String(conformance.fault({ ...key, body: { ...status, data: null } })), /nothing in it/)
})

test('an answer that is not as it says is found', async () => {
  const conformance = new Conformance(await specification())
  const about = { method: 'GET', path: '/v1/sys/mounts/one/tune', query: '', status: 200 }
  const { body } = await server.asRoot('GET', about.path)
  assert.equal(conformance.fault({ ...about, body }), null)
  const wrong = { ...body, data: { ...body.data, max_lease_ttl: '1h' } }
  assert.match(String(conformance.fault({ ...about, body: wrong })), /max_lease_ttl must be integer/)
  const { lease_id: _, ...without } = body
  assert.match(String(conformance.fault({ ...about, body: without })), /lease_id/)
})

test('a path tells what it takes, to whoever has a token', async () => {
  for (const [method, query] of [
    ['GET', '?help=1'],
    ['HELP', ''],
  ] as const) {
    const { status, body } = await server.asRoot(method, `/v1/sys/mounts/one/tune${query}`)
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(body), ['help', 'see_also', 'openapi'])
    assert.match(body.help, /default_lease_ttl \(string\)/)
    assert.ok('/sys/mounts/{path}/tune' in body.openapi.paths)
  }
  const stranger = await server.call('GET', '/v1/one/a?help=1')
  assert.deepEqual([stranger.status, stranger.body.errors], [403, ['permission denied']])
  const open = await server.call('GET', '/v1/sys/internal/ui/mounts?help=1')
  assert.equal(open.status, 403)
})

test('what it promises nothing of is what people stored, and nothing else', async () => {
  const { paths, components } = await specification()
  const free = Object.entries<Record<string, { responses?: Responses }>>(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { responses }]) => {
      const said = JSON.stringify(responses?.['200']?.content ?? {})
      const name = /schemas\/(\w+)/.exec(said)?.[1]
      const schema = name === undefined ? said : JSON.stringify(components.schemas[name])
      return promisesNothing(schema) ? [`${method} ${path}`] : []
    }),
  )
  assert.deepEqual(free, FREE)
})

type Responses = Readonly<Record<string, { readonly content?: unknown }>>

/** Somewhere in the shape stands an object of any members. */
function promisesNothing(schema: string): boolean {
  return /"additionalProperties":(?:true|\{\})/.test(schema)
}

/** Each with the reason why more cannot be said of it. */
const FREE: readonly string[] = [
  // What users stored.
  'get /cubbyhole/{path}',
  'get /one/{path}',
  'get /secret/{path}',
  // A document that describes itself: paths and shapes.
  'get /sys/internal/specs/openapi',
  'post /sys/internal/specs/openapi',
  // Any answer that was wrapped.
  'post /sys/wrapping/unwrap',
  // What users stored again, and of its second version the value, and the names in it, beside its metadata.
  'get /two/{path}',
  'get /versions/data/{path}',
  'get /versions/subkeys/{path}',
]

test('of more than a hundred mounts one of each kind is described, and its path is a parameter', async () => {
  const many = await TestServer.start()
  try {
    await many.open(1, 1)
    await many.asRoot('POST', '/v1/sys/mounts/two', { type: 'kv-v2' })
    for (let index = 0; index < 101; index++)
      await many.asRoot('POST', `/v1/sys/mounts/m${index}`, { type: 'kv' })
    const { body } = await many.asRoot('GET', SPEC)
    const { valid, errors } = await new Validator().validate(structuredClone(body))
    assert.ok(valid, JSON.stringify(errors))
    const paths = Object.keys(body.paths)
    assert.ok(!paths.some((path) => path.startsWith('/m1/')))
    for (const path of ['/{kv_mount_path}/{path}', '/{kv_mount_path}/data/{path}', '/sys/mounts']) {
      assert.ok(paths.includes(path), path)
    }
  } finally {
    await many.close()
  }
})

test('a parameter belongs to the operation that takes it', async () => {
  await server.asRoot('POST', '/v1/sys/mounts/placed', { type: 'kv-v2' })
  const { paths } = await specification()
  const queryOf = (path: string, method: string): string[] =>
    (paths[path][method].parameters ?? []).map(({ name }: { readonly name: string }) => name)
  const bodyOf = (path: string, method: string): string[] => {
    const [media] = Object.values(paths[path][method].requestBody.content) as {
      schema: { properties: object }
    }[]
    return Object.keys(media?.schema.properties ?? {})
  }
  assert.deepEqual(queryOf('/placed/data/{path}', 'get'), ['version'])
  assert.deepEqual(bodyOf('/placed/data/{path}', 'post'), ['options', 'data'])
  assert.deepEqual(queryOf('/placed/data/{path}', 'delete'), [])
  assert.deepEqual(queryOf('/placed/metadata/{path}', 'get'), ['list', 'scan', 'after', 'limit'])
  assert.ok(!bodyOf('/placed/metadata/{path}', 'post').includes('after'))
  assert.deepEqual(queryOf('/placed/subkeys/{path}', 'get'), ['depth', 'version'])
  assert.deepEqual(queryOf('/sys/policies/acl/{name}', 'delete'), [])
  assert.deepEqual(queryOf('/auth/token/roles/{role_name}', 'get'), [])
})
