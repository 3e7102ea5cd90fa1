import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { SecretsEngine } from '../../src/logical/backend.ts'
import { TestServer } from '../api/in-process.ts'

const SPEC = '/v1/sys/internal/specs/openapi'

/** An engine with a route that is open to everybody, and how often that was described. */
function countedEngine(type: string): { readonly engine: SecretsEngine; readonly described: () => number } {
  let count = 0
  const engine: SecretsEngine = {
    type,
    mount: () => ({
      routes: [
        {
          pattern: `of-${type}`,
          access: 'public',
          handlers: { read: async () => ({ data: {} }) },
          get summary() {
            count++
            return 'A key.'
          },
        },
      ],
    }),
  }
  return { engine, described: () => count }
}

async function serverWith(t: TestContext, engines: Record<string, SecretsEngine>): Promise<TestServer> {
  const server = await TestServer.start({}, {}, engines)
  t.after(() => server.close())
  await server.open(1, 1)
  return server
}

test('a document that was asked for is not made again while the mounts are the same', async (t) => {
  const { engine, described } = countedEngine('keys')
  const server = await serverWith(t, { keys: engine })
  await server.asRoot('POST', '/v1/sys/mounts/keys', { type: 'keys' })
  await server.asRoot('POST', '/v1/sys/mounts/keys/tune', { listing_visibility: 'unauth' })
  for (const ask of [
    () => server.call('GET', SPEC),
    () => server.call('GET', `${SPEC}?generic_mount_paths=true`),
    () => server.asRoot('GET', SPEC),
  ]) {
    const before = described()
    const first = await ask()
    const once = described()
    assert.ok(once > before, 'it was made')
    for (let again = 0; again < 3; again++) assert.deepEqual((await ask()).body, first.body)
    assert.equal(described(), once)
  }
})

test('a document is never older than the mounts, and never that of somebody else', async (t) => {
  const server = await serverWith(t, {
    keys: countedEngine('keys').engine,
    locks: countedEngine('locks').engine,
  })
  const paths = async (ask: () => ReturnType<TestServer['call']>): Promise<readonly string[]> =>
    Object.keys((await ask()).body.paths).filter((path) => /of-(keys|locks)$/.test(path))
  const stranger = (query = '') => paths(() => server.call('GET', SPEC + query))
  const root = () => paths(() => server.asRoot('GET', SPEC))
  const tune = (visibility: string) =>
    server.asRoot('POST', '/v1/sys/mounts/a/tune', { listing_visibility: visibility })

  assert.deepEqual([await stranger(), await root()], [[], []])
  await server.asRoot('POST', '/v1/sys/mounts/a', { type: 'keys' })
  assert.deepEqual([await root(), await stranger(), await root()], [['/a/of-keys'], [], ['/a/of-keys']])
  await tune('unauth')
  assert.deepEqual([await stranger(), await stranger()], [['/a/of-keys'], ['/a/of-keys']])
  const generic = '?generic_mount_paths=true'
  assert.deepEqual(await stranger(generic), ['/{keys_mount_path}/of-keys'])
  await tune('hidden')
  assert.deepEqual([await stranger(), await stranger(generic), await root()], [[], [], ['/a/of-keys']])
  await tune('unauth')
  assert.deepEqual(await stranger(), ['/a/of-keys'])
  await server.asRoot('DELETE', '/v1/sys/mounts/a')
  assert.deepEqual([await stranger(), await root()], [[], []])
  // At the same path something else.
  await server.asRoot('POST', '/v1/sys/mounts/a', { type: 'locks' })
  await tune('unauth')
  assert.deepEqual([await stranger(), await root()], [['/a/of-locks'], ['/a/of-locks']])
})

test('two tokens in turn are each told of what they reach', async (t) => {
  const server = await serverWith(t, { keys: countedEngine('keys').engine })
  for (const path of ['a', 'b']) {
    await server.asRoot('POST', `/v1/sys/mounts/${path}`, { type: 'keys' })
    const policy = `path "${path}/*" { capabilities = ["read"] }`
    await server.asRoot('PUT', `/v1/sys/policies/acl/${path}`, { policy })
  }
  const tokenOf = async (policy: string): Promise<string> =>
    (await server.asRoot('POST', '/v1/auth/token/create', { policies: [policy] })).body.auth.client_token
  const tokens = [await tokenOf('a'), await tokenOf('b')]
  const told: string[] = []
  for (const token of [...tokens, ...tokens]) {
    const { body } = await server.call('GET', SPEC, undefined, { 'x-vault-token': token })
    told.push(...Object.keys(body.paths).filter((path) => path.endsWith('/of-keys')))
  }
  assert.deepEqual(told, ['/a/of-keys', '/b/of-keys', '/a/of-keys', '/b/of-keys'])
})
