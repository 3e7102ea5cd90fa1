import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Caller, GO_CLIENT, type OpenServer, openServer } from './caller.ts'

/** The provider of Terraform and OpenTofu (surface.md section 16): every read right after its write. */
describe('Terraform', () => {
  let provider: Caller
  let server: OpenServer
  before(async () => {
    server = await openServer('terraform')
    const { origin, rootToken } = server
    provider = new Caller(origin, rootToken, GO_CLIENT)
  })
  after(() => server.close())

  test('begins with a lookup, a child token of its own and a version it can compare', async () => {
    const { data } = await provider.expect(200, 'GET', 'auth/token/lookup-self')
    assert.deepEqual([data.policies, data.ttl, data.namespace_path ?? ''], [['root'], 0, ''])
    const { auth } = await provider.expect(200, 'POST', 'auth/token/create', {
      ttl: '1200s',
      explicit_max_ttl: '2400s',
      display_name: 'terraform',
      num_uses: 0,
      renewable: false,
      type: '',
      entity_alias: '',
    })
    assert.deepEqual([auth.renewable, auth.lease_duration, auth.policies], [false, 1200, ['root']])
    provider = provider.as(auth.client_token)
    const { version } = await provider.expect(200, 'GET', 'sys/seal-status')
    // Semantic version without build metadata: `+ent` would switch on what no server here has.
    assert.match(version, /^\d+\.\d+\.\d+$/)
  })

  test('vault_mount', async () => {
    await provider.expect(204, 'POST', 'sys/mounts/tf', {
      type: 'kv',
      description: 'by terraform',
      config: { options: null, default_lease_ttl: '3600s', max_lease_ttl: '7200s', force_no_cache: false },
      local: false,
      seal_wrap: false,
      external_entropy_access: false,
      options: { version: '2' },
    })
    const read = await provider.expect(200, 'GET', 'sys/mounts/tf')
    assert.deepEqual(
      [read.data.type, read.data.description, read.data.options, read.data.config.default_lease_ttl],
      ['kv', 'by terraform', { version: '2' }, 3600],
    )
    const config = { options: { version: '2' }, default_lease_ttl: '1800s', max_lease_ttl: '7200s' }
    const tune = { ...config, description: 'again', force_no_cache: false }
    await provider.expect(204, 'POST', 'sys/mounts/tf/tune', tune)
    const { data } = await provider.expect(200, 'GET', 'sys/mounts/tf/tune')
    assert.deepEqual([data.default_lease_ttl, data.max_lease_ttl, data.description], [1800, 7200, 'again'])
    assert.ok('tf/' in (await provider.expect(200, 'GET', 'sys/mounts')).data)
    assert.ok('token/' in (await provider.expect(200, 'GET', 'sys/auth')).data)
  })

  test('vault_policy', async () => {
    for (const policy of [
      'path "tf/data/a" { capabilities = ["read"] }',
      'path "tf/*" { policy = "write" }',
    ]) {
      await provider.expect(204, 'PUT', 'sys/policies/acl/tf', { policy })
      assert.equal((await provider.expect(200, 'GET', 'sys/policies/acl/tf')).data.policy, policy)
    }
    assert.equal(typeof (await provider.expect(200, 'GET', 'sys/policy/tf')).data.rules, 'string')
  })

  test('vault_kv_secret_v2', async () => {
    const value = { port: 5432, tags: ['a', 'b'], nested: { on: true } }
    await provider.expect(200, 'PUT', 'tf/data/db', { data: value, options: {} })
    await provider.expect(204, 'PUT', 'tf/metadata/db', { max_versions: 3, custom_metadata: { by: 'tf' } })
    const { data } = await provider.expect(200, 'GET', 'tf/data/db')
    assert.deepEqual([data.data, data.metadata.custom_metadata], [value, { by: 'tf' }])
    await provider.expect(200, 'PUT', 'tf/data/db', { data: { port: 1 }, options: { cas: 1 } })
    assert.equal((await provider.expect(200, 'GET', 'tf/metadata/db')).data.current_version, 2)
    await provider.expect(204, 'DELETE', 'tf/metadata/db')
    await provider.expect(404, 'GET', 'tf/data/db')
  })

  test('vault_kv_secret_backend_v2', async () => {
    const config = { max_versions: 7, cas_required: true, delete_version_after: '3600s' }
    await provider.expect(204, 'PUT', 'tf/config', config)
    const { data } = await provider.expect(200, 'GET', 'tf/config')
    assert.deepEqual([data.max_versions, data.cas_required, data.delete_version_after], [7, true, '1h0m0s'])
  })

  test('vault_token_auth_backend_role and vault_token', async () => {
    const role = {
      allowed_policies: ['tf'],
      orphan: true,
      token_period: 3600,
      renewable: true,
      path_suffix: 'deploy',
    }
    await provider.expect(204, 'PUT', 'auth/token/roles/tf', role)
    const { data } = await provider.expect(200, 'GET', 'auth/token/roles/tf')
    assert.deepEqual([data.allowed_policies, data.orphan, data.token_period], [['tf'], true, 3600])
    assert.equal(data.token_type, 'default-service')
    const listed = await provider.expect(200, 'GET', 'auth/token/roles?list=true')
    assert.deepEqual(listed.data.keys, ['tf'])
    const { auth } = await provider.expect(200, 'POST', 'auth/token/create/tf', { policies: ['tf'] })
    const { accessor } = auth
    const looked = await provider.expect(200, 'POST', 'auth/token/lookup-accessor', { accessor })
    assert.deepEqual([looked.data.role, looked.data.path], ['tf', 'auth/token/create/tf/deploy'])
    await provider.expect(204, 'PUT', 'auth/token/revoke-accessor', { accessor })
    await provider.expect(204, 'DELETE', 'auth/token/roles/tf')
    await provider.expect(404, 'GET', 'auth/token/roles/tf')
  })

  test('destroys what it made, and what is not there any more', async () => {
    for (const path of ['sys/mounts/tf', 'sys/mounts/tf', 'sys/policies/acl/tf', 'sys/policies/acl/tf']) {
      await provider.expect(204, 'DELETE', path)
    }
    const { errors } = await provider.expect(400, 'GET', 'sys/mounts/tf')
    assert.deepEqual(errors, ['No secret engine mount at tf/'])
  })
})
