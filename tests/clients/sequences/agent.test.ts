import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Caller, GO_CLIENT, type OpenServer, openServer } from './caller.ts'

const POLICY = 'path "secret/data/app/*" { capabilities = ["read"] }'

/** Agent and Proxy of both, and what renews within consul-template, Nomad and Terraform (section 16). */
describe('Agent', () => {
  let root: Caller
  let server: OpenServer
  before(async () => {
    server = await openServer('agent')
    const { origin, rootToken } = server
    root = new Caller(origin, rootToken, GO_CLIENT)
    await root.expect(204, 'PUT', 'sys/policies/acl/agent', { policy: POLICY })
    await root.expect(200, 'PUT', 'secret/data/app/db', { data: { password: 'p' }, options: {} })
  })
  after(() => server.close())

  const anonymous = (): Caller => root.as('')
  const wrapFor = (ttl: string): Record<string, string> => ({ 'x-vault-wrap-ttl': ttl })

  async function wrappedToken(): Promise<{ token: string; creation_path: string }> {
    const ask = { policies: ['agent'], ttl: '1h' }
    return (await root.expect(200, 'POST', 'auth/token/create', ask, wrapFor('5m'))).wrap_info
  }

  test('looks at a wrapped credential with the wrapping token itself before it unwraps it', async () => {
    const { token, creation_path } = await wrappedToken()
    assert.equal(creation_path, 'auth/token/create')
    const wrapped = root.as(token)
    const { data } = await wrapped.expect(200, 'GET', 'sys/wrapping/lookup')
    assert.deepEqual([data.creation_path, data.creation_ttl], ['auth/token/create', 300])
    const { auth } = await wrapped.expect(200, 'PUT', 'sys/wrapping/unwrap', null)
    assert.deepEqual(auth.policies, ['agent', 'default'])
    const { errors } = await wrapped.expect(400, 'GET', 'sys/wrapping/lookup')
    assert.deepEqual(errors, ['wrapping token is not valid or does not exist'])
  })

  test('a wrapping token that somebody tried out is spent', async () => {
    const { token } = await wrappedToken()
    await root.as(token).expect(403, 'GET', 'auth/token/lookup-self')
    await root.as(token).expect(400, 'PUT', 'sys/wrapping/unwrap', null)
  })

  test('reads a token file, and writes its token wrapped into the sink', async () => {
    const { token } = await wrappedToken()
    const agent = root.as(
      (await root.as(token).expect(200, 'PUT', 'sys/wrapping/unwrap', null)).auth.client_token,
    )
    assert.equal((await agent.expect(200, 'GET', 'auth/token/lookup-self')).data.renewable, true)
    const sink = { token: agent.token }
    const { wrap_info } = await agent.expect(200, 'POST', 'sys/wrapping/wrap', sink, wrapFor('60s'))
    const read = await anonymous().as(wrap_info.token).expect(200, 'PUT', 'sys/wrapping/unwrap', null)
    assert.equal(read.data.token, agent.token)
  })

  test('renders a template: which version KV is, then the secret', async () => {
    const { auth } = await root.expect(200, 'POST', 'auth/token/create', { policies: ['agent'], ttl: '1h' })
    const agent = root.as(auth.client_token)
    const { data } = await agent.expect(200, 'GET', 'sys/internal/ui/mounts/secret/app/db')
    assert.deepEqual([data.path, data.options.version], ['secret/', '2'])
    const secret = await agent.expect(200, 'GET', 'secret/data/app/db')
    assert.deepEqual([secret.lease_duration, secret.renewable, secret.lease_id], [0, false, ''])
    assert.equal(secret.data.data.password, 'p')
  })

  test('renews its token, and is told when that is over', async () => {
    const { auth } = await root.expect(200, 'POST', 'auth/token/create', {
      policies: ['agent'],
      ttl: '20m',
      explicit_max_ttl: '1h',
    })
    const agent = root.as(auth.client_token)
    const renewed = await agent.expect(200, 'PUT', 'auth/token/renew-self', { increment: 1200 })
    assert.deepEqual([renewed.auth.renewable, renewed.auth.lease_duration], [true, 1200])
    const longest = await agent.expect(200, 'PUT', 'auth/token/renew-self', { increment: 36_000 })
    assert.ok(longest.auth.lease_duration <= 3600 && longest.warnings.length === 1)
    await root.expect(204, 'PUT', 'auth/token/revoke-accessor', { accessor: auth.accessor })
    await agent.expect(403, 'PUT', 'auth/token/renew-self', { increment: 1200 })
  })

  test('is told that a lease is not known, which ends its renewal', async () => {
    const ask = { lease_id: 'database/creds/app/none', increment: 60 }
    assert.deepEqual((await root.expect(400, 'PUT', 'sys/leases/renew', ask)).errors, ['lease not found'])
  })
})
