import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ServerProcess, temporaryFolder } from '../../api/server-process.ts'
import { Caller, GO_CLIENT, type OpenServer, openServer } from './caller.ts'

/** What `bao token create` sends: every flag, given or not. */
const TOKEN_FLAGS = {
  ttl: '0s',
  explicit_max_ttl: '0s',
  period: '0s',
  display_name: '',
  num_uses: 0,
  renewable: true,
  type: 'service',
  entity_alias: '',
}

/** What `bao secrets enable` sends beside the type. */
const MOUNT_FLAGS = {
  description: '',
  config: { options: null, default_lease_ttl: '0s', max_lease_ttl: '0s', force_no_cache: false },
  local: false,
  seal_wrap: false,
  external_entropy_access: false,
  options: null,
}

describe('the command lines of Vault and OpenBao, call by call (surface.md section 15.1)', () => {
  let server: OpenServer
  let cli: Caller
  before(async () => {
    server = await openServer('command lines')
    cli = new Caller(server.origin, server.rootToken, GO_CLIENT)
  })
  after(() => server.close())

  test('status', async () => {
    const status = await cli.as('').expect(200, 'GET', 'sys/seal-status')
    const { type, initialized, sealed, t, n, progress, nonce, version, migration, recovery_seal } = status
    assert.deepEqual([type, initialized, sealed, t, n, progress, nonce], ['shamir', true, false, 1, 1, 0, ''])
    assert.deepEqual([version, migration, recovery_seal], ['2.6.2', false, false])
    for (const name of ['cluster_name', 'cluster_id', 'storage_type', 'commit_date']) {
      assert.equal(typeof status[name], 'string', name)
    }
    assert.equal((await cli.as('').expect(200, 'GET', 'sys/leader')).ha_enabled, false)
  })

  test('login with a token', async () => {
    const { data } = await cli.expect(200, 'GET', 'auth/token/lookup-self')
    assert.deepEqual(
      [data.id, data.policies, data.ttl, data.renewable],
      [server.rootToken, ['root'], 0, false],
    )
    assert.deepEqual((await cli.as('hvs.wrong').expect(403, 'GET', 'auth/token/lookup-self')).errors, [
      'permission denied',
    ])
  })

  test('read, write, list and delete', async () => {
    assert.equal(await cli.expect(204, 'PUT', 'kv1/plain', { k: 'v' }), null)
    const read = await cli.expect(200, 'GET', 'kv1/plain')
    assert.deepEqual(Object.keys(read), [
      'request_id',
      'lease_id',
      'renewable',
      'lease_duration',
      'data',
      'wrap_info',
      'warnings',
      'auth',
    ])
    assert.deepEqual((await cli.expect(200, 'GET', 'kv1?list=true')).data.keys, ['plain'])
    assert.equal(await cli.expect(204, 'DELETE', 'kv1/plain'), null)
  })

  test('token create, with every flag on the wire', async () => {
    const ask = { policies: ['default'], ...TOKEN_FLAGS, ttl: '1h0m0s' }
    const { auth, warnings } = await cli.expect(200, 'POST', 'auth/token/create', ask)
    assert.equal(warnings, null)
    assert.deepEqual([auth.policies, auth.lease_duration, auth.token_type], [['default'], 3600, 'service'])
    const child = cli.as(auth.client_token)
    assert.equal((await child.expect(403, 'POST', 'auth/token/create', TOKEN_FLAGS)).errors.length, 1)
  })

  test('token lookup, renew and revoke, with PUT', async () => {
    const ask = { policies: ['default'], ...TOKEN_FLAGS, ttl: '1h0m0s' }
    const { client_token: token, accessor } = (await cli.expect(200, 'POST', 'auth/token/create', ask)).auth
    assert.equal((await cli.expect(200, 'POST', 'auth/token/lookup', { token })).data.accessor, accessor)
    assert.equal((await cli.expect(200, 'POST', 'auth/token/lookup-accessor', { accessor })).data.id, '')
    const renewed = await cli.expect(200, 'PUT', 'auth/token/renew', { token, increment: 600 })
    assert.deepEqual([renewed.auth.client_token, renewed.auth.lease_duration], [token, 600])
    const self = cli.as(token)
    assert.equal(
      (await self.expect(200, 'PUT', 'auth/token/renew-self', { increment: 0 })).auth.renewable,
      true,
    )
    await cli.expect(204, 'PUT', 'auth/token/revoke-accessor', { accessor })
    await self.expect(403, 'GET', 'auth/token/lookup-self')
    await cli.expect(204, 'PUT', 'auth/token/revoke', { token })
    await cli.expect(403, 'POST', 'auth/token/lookup', { token })
  })

  test('token revoke -self, without a body', async () => {
    const { auth } = await cli.expect(200, 'POST', 'auth/token/create', {
      ...TOKEN_FLAGS,
      policies: ['default'],
    })
    const self = cli.as(auth.client_token)
    await self.expect(204, 'PUT', 'auth/token/revoke-self')
    await self.expect(403, 'GET', 'auth/token/lookup-self')
  })

  test('token capabilities, which sends its own token beside the path', async () => {
    const ask = { token: server.rootToken, path: 'secret/data/x' }
    const body = await cli.expect(200, 'POST', 'sys/capabilities-self', ask)
    assert.deepEqual([body.data.capabilities, body.capabilities], [['root'], ['root']])
    const { auth } = await cli.expect(200, 'POST', 'auth/token/create', {
      ...TOKEN_FLAGS,
      policies: ['default'],
    })
    const other = { token: auth.client_token, path: 'secret/data/x' }
    assert.deepEqual((await cli.expect(200, 'POST', 'sys/capabilities', other)).data.capabilities, ['deny'])
  })

  test('policy write, read, list and delete', async () => {
    const policy = 'path "secret/data/app/*" {\n  capabilities = ["read"]\n}\n'
    await cli.expect(204, 'PUT', 'sys/policies/acl/app', { policy })
    assert.equal((await cli.expect(200, 'GET', 'sys/policies/acl/app')).data.policy, policy)
    const listed = await cli.expect(200, 'GET', 'sys/policies/acl?list=true')
    assert.deepEqual(listed.data.keys, ['app', 'default', 'root'])
    await cli.expect(204, 'DELETE', 'sys/policies/acl/app')
    assert.deepEqual((await cli.expect(404, 'GET', 'sys/policies/acl/app')).errors, [])
  })

  test('secrets enable, list, tune, move and disable', async () => {
    await cli.expect(204, 'POST', 'sys/mounts/team', { type: 'kv', ...MOUNT_FLAGS })
    const { data } = await cli.expect(200, 'GET', 'sys/mounts')
    const { type, accessor, config, uuid, options, local, seal_wrap } = data['team/']
    assert.deepEqual([type, options?.version ?? '1', local, seal_wrap], ['kv', '1', false, false])
    assert.match(`${accessor} ${uuid}`, /^kv_[0-9a-f]{8} [0-9a-f-]{36}$/)
    assert.deepEqual(config, { default_lease_ttl: 0, max_lease_ttl: 0, force_no_cache: false })

    const tune = { options: null, default_lease_ttl: '1h0m0s', max_lease_ttl: '', force_no_cache: false }
    await cli.expect(204, 'POST', 'sys/mounts/team/tune', tune)
    assert.equal((await cli.expect(200, 'GET', 'sys/mounts/team/tune')).data.default_lease_ttl, 3600)

    const moved = await cli.expect(200, 'POST', 'sys/remount', { from: 'team', to: 'group' })
    for (let asked = 0, status = 'in-progress'; status === 'in-progress' && asked < 100; asked++) {
      const path = `sys/remount/status/${moved.data.migration_id}`
      status = (await cli.expect(200, 'GET', path)).data.migration_info.status
      assert.match(status, /^(in-progress|success)$/)
    }
    await cli.expect(204, 'DELETE', 'sys/mounts/group')
  })

  test('auth list and tune', async () => {
    const { data } = await cli.expect(200, 'GET', 'sys/auth')
    assert.equal(data['token/'].config.token_type, 'default-service')
    const tune = { options: null, default_lease_ttl: '', max_lease_ttl: '768h0m0s', force_no_cache: false }
    await cli.expect(204, 'POST', 'sys/mounts/auth/token/tune', tune)
    assert.equal((await cli.expect(200, 'GET', 'sys/auth/token/tune')).data.max_lease_ttl, 2764800)
  })

  test('lease lookup, renew and revoke', async () => {
    await cli.expect(200, 'POST', 'auth/token/create', { ...TOKEN_FLAGS, policies: ['default'] })
    const { keys } = (await cli.expect(200, 'GET', 'sys/leases/lookup/auth/token/create?list=true')).data
    const lease_id = `auth/token/create/${keys.find((key: string) => !key.endsWith('/'))}`
    const { data } = await cli.expect(200, 'PUT', 'sys/leases/lookup', { lease_id })
    assert.deepEqual([data.id, data.path], [lease_id, 'auth/token/create'])
    const unknown = await cli.expect(400, 'PUT', 'sys/leases/renew', { lease_id: 'no', increment: 0 })
    assert.deepEqual(unknown.errors, ['lease not found'])
    await cli.expect(204, 'PUT', 'sys/leases/revoke', { lease_id: 'no' })
    await cli.expect(204, 'PUT', 'sys/leases/revoke-prefix/auth/none', { sync: true })
    await cli.expect(202, 'PUT', 'sys/leases/revoke-prefix/auth/none', { sync: false })
    await cli.expect(204, 'PUT', 'sys/leases/revoke-force/auth/none')
  })

  test('-wrap-ttl and unwrap: the wrapping token alone, and a body of null', async () => {
    const wrap = { 'x-vault-wrap-ttl': '5m0s' }
    await cli.expect(200, 'PUT', 'secret/data/w', { data: { a: '1' }, options: {} })
    const { wrap_info, data } = await cli.expect(200, 'GET', 'secret/data/w', undefined, wrap)
    assert.deepEqual([data, wrap_info.ttl, wrap_info.creation_path], [null, 300, 'secret/data/w'])
    const wrapped = cli.as(wrap_info.token)
    assert.deepEqual((await wrapped.expect(200, 'PUT', 'sys/wrapping/unwrap', null)).data.data, { a: '1' })
    assert.deepEqual((await wrapped.expect(400, 'PUT', 'sys/wrapping/unwrap', null)).errors, [
      'wrapping token is not valid or does not exist',
    ])
  })

  test('path-help and version-history', async () => {
    const { help, see_also } = await cli.expect(200, 'GET', 'secret/data/x?help=1')
    assert.deepEqual([typeof help, see_also === null || Array.isArray(see_also)], ['string', true])
    const { data } = await cli.expect(200, 'GET', 'sys/version-history?list=true')
    assert.deepEqual(Object.keys(data).toSorted(), ['key_info', 'keys'].concat(extra(data)).toSorted())
  })

  const extra = (data: object): readonly string[] =>
    Object.keys(data).filter((name) => name.startsWith('conclave_'))

  test('-namespace: root is the root, another is not found', async () => {
    await cli.expect(200, 'GET', 'sys/mounts', undefined, { 'x-vault-namespace': 'root' })
    const { errors } = await cli.expect(404, 'GET', 'sys/mounts', undefined, { 'x-vault-namespace': 'team' })
    assert.deepEqual(errors, ['namespace not found'])
  })
})

test('operator init, unseal, rekey, key-status, rotate and seal of the command lines', async (t) => {
  const folder = temporaryFolder()
  const server = await ServerProcess.start(join(folder.path, 'data'))
  t.after(async () => {
    await server.stop()
    folder.remove()
  })
  const cli = new Caller(server.origin, '', GO_CLIENT)
  assert.deepEqual(await cli.expect(200, 'GET', 'sys/init'), { initialized: false })
  const none = { pgp_keys: null, recovery_shares: 0, recovery_threshold: 0, recovery_pgp_keys: null }
  const sizes = { secret_shares: 3, secret_threshold: 2 }
  const made = await cli.expect(200, 'PUT', 'sys/init', { ...sizes, ...none, root_token_pgp_key: '' })
  assert.deepEqual(await cli.expect(200, 'GET', 'sys/init'), { initialized: true })
  const [one, two] = made.keys_base64
  const share = (key: string): object => ({ key, reset: false, migrate: false })
  assert.equal((await cli.expect(200, 'PUT', 'sys/unseal', share(one))).progress, 1)
  assert.equal((await cli.expect(200, 'PUT', 'sys/unseal', share(two))).sealed, false)
  cli.token = made.root_token

  const begun = await cli.expect(200, 'PUT', 'sys/rekey/init', {
    secret_shares: 1,
    secret_threshold: 1,
    pgp_keys: null,
    backup: false,
    require_verification: false,
  })
  await cli.expect(200, 'GET', 'sys/rekey/init')
  await cli.expect(200, 'PUT', 'sys/rekey/update', { key: one, nonce: begun.nonce })
  const last = await cli.expect(200, 'PUT', 'sys/rekey/update', { key: two, nonce: begun.nonce })
  assert.equal(last.complete, true)

  const { term, install_time, encryptions } = (await cli.expect(200, 'GET', 'sys/key-status')).data
  assert.deepEqual([typeof term, typeof install_time, typeof encryptions], ['number', 'string', 'number'])
  await cli.expect(204, 'PUT', 'sys/rotate')
  assert.ok((await cli.expect(200, 'GET', 'sys/key-status')).data.term > term)
  await cli.expect(204, 'PUT', 'sys/seal')
  assert.equal((await cli.expect(200, 'PUT', 'sys/unseal', share(last.keys_base64[0]))).sealed, false)
})
