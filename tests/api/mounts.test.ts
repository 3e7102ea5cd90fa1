import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'

let server: TestServer
before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
})
after(() => server.close())

const root = (method: string, path: string, body?: unknown): Promise<Answer> =>
  server.asRoot(method, `/v1/${path}`, body)
const refused = async (asked: Promise<Answer>, status: number, text: string): Promise<void> => {
  const { status: got, body } = await asked
  assert.deepEqual([got, body.errors], [status, [text]])
}

describe('sys/mounts (surface.md section 4.2)', () => {
  test('mounts, shows, tunes and takes away an engine', async () => {
    assert.equal((await root('POST', 'sys/mounts/team/kv', { type: 'kv', description: 'd' })).status, 204)
    assert.equal((await root('POST', 'team/kv/a', { k: 'v' })).status, 204)
    assert.deepEqual((await root('GET', 'team/kv/a')).body.data, { k: 'v' })
    const { body } = await root('GET', 'sys/mounts/team/kv')
    const { accessor, uuid, running_plugin_version, ...rest } = body.data
    assert.match(accessor, /^kv_[0-9a-f]{8}$/)
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-/)
    assert.match(running_plugin_version, /^v2\.6\.2\+/)
    assert.deepEqual(rest, {
      config: { default_lease_ttl: 0, force_no_cache: false, max_lease_ttl: 0 },
      deprecation_status: 'supported',
      description: 'd',
      external_entropy_access: false,
      local: false,
      options: null,
      plugin_version: '',
      running_sha256: '',
      seal_wrap: false,
      type: 'kv',
    })
    // Repeated at the top level (section 1.6).
    assert.equal(body.type, 'kv')
    assert.equal((await root('GET', 'sys/mounts')).body['team/kv/'].description, 'd')
    const tuned = await root('POST', 'sys/mounts/team/kv/tune', {
      default_lease_ttl: '30m',
      description: 'n',
    })
    assert.equal(tuned.status, 204)
    assert.deepEqual((await root('GET', 'sys/mounts/team/kv/tune')).body.data, {
      default_lease_ttl: 1800,
      description: 'n',
      force_no_cache: false,
      max_lease_ttl: 2764800,
    })
    assert.equal((await root('DELETE', 'sys/mounts/team/kv')).status, 204)
    assert.equal((await root('DELETE', 'sys/mounts/team/kv')).status, 204)
    await refused(root('GET', 'team/kv/a'), 404, 'no handler for route "team/kv/a". route entry not found.')
  })

  test('a mount made anew at a path has nothing of the one before', async () => {
    await root('POST', 'sys/mounts/anew', { type: 'kv' })
    await root('POST', 'anew/a', { k: 'v' })
    await root('DELETE', 'sys/mounts/anew')
    await root('POST', 'sys/mounts/anew', { type: 'kv' })
    assert.equal((await root('GET', 'anew/a')).status, 404)
  })

  test('takes the settings of a mount when it is made, as texts, numbers and lists', async () => {
    const config = {
      default_lease_ttl: '1h',
      max_lease_ttl: 7200,
      listing_visibility: 'unauth',
      audit_non_hmac_request_keys: 'a,b',
    }
    await root('POST', 'sys/mounts/kvx', { type: 'kv-v1', config, local: true, seal_wrap: true })
    const { data } = (await root('GET', 'sys/mounts/kvx')).body
    assert.deepEqual(data.config, {
      audit_non_hmac_request_keys: ['a', 'b'],
      default_lease_ttl: 3600,
      force_no_cache: false,
      listing_visibility: 'unauth',
      max_lease_ttl: 7200,
    })
    assert.deepEqual(
      [data.type, data.options, data.local, data.seal_wrap],
      ['kv', { version: '1' }, true, true],
    )
    const long = { default_lease_ttl: '3h', max_lease_ttl: '1h' }
    const words = 'backend max lease TTL of 3600 would be less than backend default lease TTL of 10800'
    await refused(root('POST', 'sys/mounts/kvx/tune', long), 400, words)
    const open = await server.call('GET', '/v1/sys/internal/ui/mounts')
    const shown = { description: '', options: { version: '1' }, type: 'kv' }
    assert.deepEqual(open.body.data, { auth: {}, secret: { 'kvx/': shown } })
  })

  // As the Go client tunes: it has no way to leave a time out.
  test('keeps a time that is an empty text', async () => {
    await root('POST', 'sys/mounts/kept', { type: 'kv', config: { max_lease_ttl: '2h' } })
    const tune = { default_lease_ttl: '30m', max_lease_ttl: '', force_no_cache: false, options: null }
    assert.equal((await root('POST', 'sys/mounts/kept/tune', tune)).status, 204)
    const { default_lease_ttl, max_lease_ttl } = (await root('GET', 'sys/mounts/kept/tune')).body.data
    assert.deepEqual([default_lease_ttl, max_lease_ttl], [1800, 7200])
    assert.equal((await root('DELETE', 'sys/mounts/kept')).status, 204)
  })

  test('refuses in the words of the contract', async () => {
    await root('POST', 'sys/mounts/kv1', { type: 'kv' })
    const inUse = 'path is already in use at kv1/'
    await refused(root('POST', 'sys/mounts/kv1', { type: 'kv' }), 400, inUse)
    await refused(root('POST', 'sys/mounts/kv1/sub', { type: 'kv' }), 400, inUse)
    await root('POST', 'sys/mounts/deep/er', { type: 'kv' })
    await refused(root('POST', 'sys/mounts/deep', { type: 'kv' }), 400, 'path is already in use at deep/er/')
    await refused(root('POST', 'sys/mounts/q', { type: 'zzz' }), 400, 'plugin not found in the catalog: zzz')
    await refused(root('POST', 'sys/mounts/q', {}), 400, 'backend type must be specified as a string')
    await refused(root('POST', 'sys/mounts/sys/x', { type: 'kv' }), 400, 'cannot mount "sys/x/"')
    const cubbyhole = 'mount type of "cubbyhole" is not mountable'
    await refused(root('POST', 'sys/mounts/c2', { type: 'cubbyhole' }), 400, cubbyhole)
    await refused(root('DELETE', 'sys/mounts/sys'), 400, 'cannot unmount "sys/"')
    const tune = { default_lease_ttl: '1h' }
    await refused(
      root('POST', 'sys/mounts/sys/tune', tune),
      400,
      'cannot tune parameter default_lease_ttl of sys/',
    )
    await refused(root('GET', 'sys/mounts/none/tune'), 400, 'cannot fetch sysview for path "none/"')
    await refused(root('GET', 'sys/mounts/none'), 400, 'No secret engine mount at none/')
  })

  test('refuses a path that a policy would read as a pattern, or that is not canonical', async () => {
    for (const path of ['a*', '+', 'x/+/y', 'a%20b', 'a%5Cb', 'a%00', 'x'.repeat(512)]) {
      assert.equal((await root('POST', `sys/mounts/${path}`, { type: 'kv' })).status, 400, path)
    }
  })
})

describe('sys/auth (section 4.3)', () => {
  test('tunes a method through sys/mounts too, as the command lines do', async () => {
    const tune = { max_lease_ttl: '700h', token_type: 'default-service' }
    assert.equal((await root('POST', 'sys/mounts/auth/token/tune', tune)).status, 204)
    const { data } = (await root('GET', 'sys/mounts/auth/token/tune')).body
    assert.deepEqual([data.max_lease_ttl, data.token_type], [2_520_000, 'default-service'])
    assert.deepEqual((await root('GET', 'sys/auth/token/tune')).body.data, data)
    await refused(root('GET', 'sys/mounts/auth/token'), 400, 'No secret engine mount at auth/token/')
    const back = { max_lease_ttl: 'system' }
    assert.equal((await root('POST', 'sys/mounts/auth/token/tune', back)).status, 204)
  })

  test('shows the methods there are, and keeps the one of tokens', async () => {
    const { body } = await root('GET', 'sys/auth')
    assert.deepEqual(body.data['token/'].config, {
      default_lease_ttl: 0,
      force_no_cache: false,
      max_lease_ttl: 0,
      token_type: 'default-service',
    })
    assert.match((await root('GET', 'sys/auth/token')).body.data.accessor, /^auth_token_[0-9a-f]{8}$/)
    await refused(root('GET', 'sys/auth/nope'), 400, 'No auth engine at nope/')
    await refused(root('DELETE', 'sys/auth/token'), 400, 'token credential backend cannot be disabled')
    await refused(root('POST', 'sys/auth/zz', { type: 'zz' }), 400, 'plugin not found in the catalog: zz')
    assert.equal((await root('DELETE', 'sys/auth/zz')).status, 204)
  })
})

describe('sys/remount', () => {
  test('moves a mount with its data', async () => {
    await root('POST', 'sys/mounts/old', { type: 'kv' })
    await root('POST', 'old/a', { k: 'v' })
    const { body } = await root('POST', 'sys/remount', { from: 'old', to: 'new/' })
    const id = body.migration_id
    const status = async () => (await root('GET', `sys/remount/status/${id}`)).body.data.migration_info
    let last = await status()
    for (let asked = 0; last.status === 'in-progress' && asked < 1000; asked++) last = await status()
    assert.deepEqual(last, { source_mount: 'old/', target_mount: 'new/', status: 'success' })
    assert.deepEqual((await root('GET', 'new/a')).body.data, { k: 'v' })
    assert.equal((await root('GET', 'old/a')).status, 404)
    await refused(root('POST', 'sys/remount', { from: 'zzz', to: 'kv8' }), 400, 'no matching mount at "zzz/"')
    await refused(root('POST', 'sys/remount', { from: 'sys', to: 'kv8' }), 400, 'cannot remount "sys/"')
    for (const to of ['cubbyhole/x/', 'audit/x/', 'sys/x/', 'auth/x/']) {
      const words = `cannot remount "new/" to "${to}"`
      await refused(root('POST', 'sys/remount', { from: 'new', to }), 400, words)
    }
    assert.equal((await root('POST', 'sys/remount', { from: 'new', to: 'a/../b' })).status, 400)
  })
})

describe('sys/internal/ui/mounts (section 4.4)', () => {
  test('names the mount of a path to who may use it', async () => {
    await root('POST', 'sys/mounts/pre', { type: 'kv', options: { version: '1' } })
    const { body } = await root('GET', 'sys/internal/ui/mounts/pre/some/secret')
    assert.deepEqual([body.data.path, body.data.options], ['pre/', { version: '1' }])
    const words = (path: string) =>
      'preflight capability check returned 403, ' +
      `please ensure client's policies grant access to path "${path}"`
    await refused(root('GET', 'sys/internal/ui/mounts/none/foo'), 403, words('none/foo/'))
    const stranger = server.call('GET', '/v1/sys/internal/ui/mounts/pre/foo')
    await refused(stranger, 403, 'permission denied')
    const bogus = server.call('GET', '/v1/sys/internal/ui/mounts', undefined, { 'x-vault-token': 'bogus' })
    await refused(bogus, 403, 'permission denied')
    const all = (await root('GET', 'sys/internal/ui/mounts')).body.data
    assert.deepEqual(Object.keys(all.auth), ['token/'])
    assert.ok('pre/' in all.secret && 'cubbyhole/' in all.secret)
  })
})

test('sys/internal/ui/namespaces tells that there is none below the root, without a token too (section 4.4)', async () => {
  const path = 'sys/internal/ui/namespaces'
  for (const answer of [await root('GET', path), await server.call('GET', `/v1/${path}`)]) {
    assert.deepEqual([answer.status, answer.body.data], [200, {}])
  }
  const bogus = server.call('GET', `/v1/${path}`, undefined, { 'x-vault-token': 'bogus' })
  await refused(bogus, 403, 'permission denied')
})

describe('sys/plugins/catalog (section 4.5)', () => {
  test('shows what is built in, and takes nothing else', async () => {
    assert.deepEqual((await root('GET', 'sys/plugins/catalog')).body.data.secret, ['kv'])
    assert.deepEqual((await root('LIST', 'sys/plugins/catalog/secret')).body.data, { keys: ['kv'] })
    assert.equal((await root('GET', 'sys/plugins/catalog/secret')).status, 405)
    assert.equal((await root('GET', 'sys/plugins/catalog/secret/kv')).body.data.builtin, true)
    assert.equal((await root('GET', 'sys/plugins/catalog/secret/nope')).status, 404)
    assert.equal((await root('PUT', 'sys/plugins/catalog/secret/x', { command: 'sh' })).status, 400)
  })
})
