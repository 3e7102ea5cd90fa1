import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Caller, GO_CLIENT, JSON_CLIENT, kinds, type OpenServer, openServer } from './caller.ts'

/** Readers that fail on a member that is not there, or that is of another kind (surface.md section 16). */
describe('readers with fixed types', () => {
  let rust: Caller
  let spring: Caller
  let nomad: Caller
  let server: OpenServer
  before(async () => {
    server = await openServer('strict readers')
    const { origin, rootToken } = server
    rust = new Caller(origin, rootToken, JSON_CLIENT)
    spring = new Caller(origin, rootToken, JSON_CLIENT)
    nomad = new Caller(origin, rootToken, GO_CLIENT)
  })
  after(() => server.close())

  test('vaultrs: the envelope of every answer', async () => {
    const { data: _, ...envelope } = await rust.expect(200, 'GET', 'auth/token/lookup-self')
    assert.deepEqual(kinds(envelope), {
      request_id: 'string',
      lease_id: 'string',
      renewable: 'boolean',
      lease_duration: 'number',
      wrap_info: 'null',
      warnings: 'null',
      auth: 'null',
    })
  })

  test('vaultrs: a token, the root token too', async () => {
    const always = {
      accessor: 'string',
      creation_time: 'number',
      creation_ttl: 'number',
      display_name: 'string',
      entity_id: 'string',
      explicit_max_ttl: 'number',
      id: 'string',
      issue_time: 'string',
      num_uses: 'number',
      orphan: 'boolean',
      path: 'string',
      policies: 'array',
      renewable: 'boolean',
      ttl: 'number',
      type: 'string',
    }
    const root = kinds((await rust.expect(200, 'POST', 'auth/token/lookup-self')).data)
    assert.deepEqual(root, { ...always, expire_time: 'null', meta: 'null' })
    const ask = { policies: ['default'], ttl: '1h', meta: { a: 'b' } }
    const { auth } = await rust.expect(200, 'POST', 'auth/token/create', ask)
    const made = kinds(
      (await rust.expect(200, 'POST', 'auth/token/lookup', { token: auth.client_token })).data,
    )
    assert.deepEqual(made, { ...always, expire_time: 'string', meta: 'object' })
  })

  test('vaultrs: mounts', async () => {
    const needed = {
      accessor: 'string',
      config: 'object',
      description: 'string',
      external_entropy_access: 'boolean',
      local: 'boolean',
      seal_wrap: 'boolean',
      type: 'string',
      uuid: 'string',
    }
    for (const list of ['sys/mounts', 'sys/auth']) {
      const { data } = await rust.expect(200, 'GET', list)
      for (const [path, mount] of Object.entries<Record<string, object>>(data)) {
        const seen = kinds(mount)
        for (const [name, kind] of Object.entries(needed)) assert.equal(seen[name], kind, `${path} ${name}`)
        const config = kinds(mount['config'] as Record<string, unknown>)
        const ttls = [config['default_lease_ttl'], config['max_lease_ttl'], config['force_no_cache']]
        assert.deepEqual(ttls, ['number', 'number', 'boolean'], path)
        if (list === 'sys/auth') assert.equal(config['token_type'], 'string', path)
      }
    }
  })

  test('vaultrs: KV version 2, with the verb LIST', async () => {
    const { data } = await rust.expect(200, 'POST', 'secret/data/a', { data: { k: 'v' } })
    assert.deepEqual(kinds(data), {
      created_time: 'string',
      custom_metadata: 'null',
      deletion_time: 'string',
      destroyed: 'boolean',
      version: 'number',
    })
    assert.deepEqual((await rust.expect(200, 'LIST', 'secret/metadata')).data.keys, ['a'])
  })

  test('Spring Vault: a session from the first lookup to the last revocation', async () => {
    const ask = { policies: ['default'], ttl: '1h', renewable: true }
    const { auth } = await spring.expect(200, 'POST', 'auth/token/create', ask)
    assert.deepEqual([typeof auth.client_token, auth.renewable, auth.lease_duration], ['string', true, 3600])
    const session = spring.as(auth.client_token)
    const { renewable, ttl } = (await session.expect(200, 'GET', 'auth/token/lookup-self')).data
    assert.deepEqual([renewable, typeof ttl], [true, 'number'])
    assert.equal((await session.expect(200, 'POST', 'auth/token/renew-self')).auth.renewable, true)
    assert.equal((await session.expect(200, 'GET', 'sys/health')).initialized, true)
    await session.expect(204, 'POST', 'auth/token/revoke-self')
    await session.expect(403, 'GET', 'auth/token/lookup-self')
  })

  test('Spring Vault: unwraps with the wrapping token as its own, in either way', async () => {
    const wrap = { 'x-vault-wrap-ttl': '60' }
    const one = await spring.expect(200, 'POST', 'sys/wrapping/wrap', { a: 'b' }, wrap)
    const unwrapped = await spring.as(one.wrap_info.token).expect(200, 'POST', 'sys/wrapping/unwrap')
    assert.deepEqual(unwrapped.data, { a: 'b' })
    const two = await spring.expect(200, 'POST', 'sys/wrapping/wrap', { a: 'c' }, wrap)
    const legacy = await spring.as(two.wrap_info.token).expect(200, 'GET', 'cubbyhole/response')
    assert.deepEqual(JSON.parse(legacy.data.response).data, { a: 'c' })
  })

  test('Nomad: tokens of a role, by their accessors', async () => {
    await nomad.expect(204, 'PUT', 'auth/token/roles/nomad', {
      disallowed_policies: 'nomad-server',
      orphan: true,
    })
    const ask = { policies: ['default'], ttl: '1h', display_name: 'task', num_uses: 0 }
    const { accessor } = (await nomad.expect(200, 'POST', 'auth/token/create/nomad', ask)).auth
    const { data } = await nomad.expect(200, 'POST', 'auth/token/lookup-accessor', { accessor })
    assert.deepEqual([data.role, data.orphan, data.id], ['nomad', true, ''])
    const caller = { path: 'auth/token/create/nomad', token: nomad.token }
    const may = await nomad.expect(200, 'POST', 'sys/capabilities-self', caller)
    assert.deepEqual(may.data.capabilities, ['root'])
    await nomad.expect(204, 'PUT', 'auth/token/revoke-accessor', { accessor })
    await nomad.expect(400, 'POST', 'auth/token/lookup-accessor', { accessor })
  })

  test('a load balancer: HEAD sys/health without a body, and the code that it asks for', async () => {
    const anonymous = rust.as('')
    const head = await anonymous.ask('HEAD', 'sys/health')
    assert.deepEqual([head.status, head.body], [200, null])
    await anonymous.expect(299, 'GET', 'sys/health?standbyok=true&activecode=299')
    // Content-Type is exactly this: hvac reads the error of an answer only then.
    const refused = await anonymous.ask('GET', 'sys/mounts')
    assert.deepEqual([refused.status, refused.headers['content-type']], [403, 'application/json'])
  })
})
