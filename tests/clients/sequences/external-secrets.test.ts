import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Caller, GO_CLIENT, type OpenServer, openServer } from './caller.ts'

const POLICY = `
path "secret/data/*" { capabilities = ["create", "read", "update", "delete"] }
path "secret/metadata/*" { capabilities = ["create", "read", "update", "delete", "list"] }`

/** The operator that copies secrets into Kubernetes and back (surface.md section 16). */
describe('External Secrets', () => {
  let root: Caller
  let operator: Caller
  let server: OpenServer
  before(async () => {
    server = await openServer('external secrets')
    const { origin, rootToken } = server
    root = new Caller(origin, rootToken, GO_CLIENT)
    await root.expect(204, 'PUT', 'sys/policies/acl/eso', { policy: POLICY })
    operator = root.as(await token({ ttl: '1h' }))
  })
  after(() => server.close())

  async function token(what: object): Promise<string> {
    const { auth } = await root.expect(200, 'POST', 'auth/token/create', { policies: ['eso'], ...what })
    return auth.client_token
  }

  test('knows by a lookup whether a token is worth using again', async () => {
    const { data } = await operator.expect(200, 'GET', 'auth/token/lookup-self')
    assert.equal(data.type, 'service')
    assert.ok(Number.isInteger(data.ttl) && data.ttl > 3500, `${data.ttl}`)
    assert.match(data.expire_time, /^\d{4}-.*Z$/)
    const forever = (await root.expect(200, 'GET', 'auth/token/lookup-self')).data
    assert.deepEqual([forever.ttl, forever.expire_time], [0, null])
    const batch = root.as(await token({ type: 'batch', ttl: '1h' }))
    assert.equal((await batch.expect(200, 'GET', 'auth/token/lookup-self')).data.type, 'batch')
    await operator.as('hvs.gone').expect(403, 'GET', 'auth/token/lookup-self')
  })

  test('reads a secret, a version and its metadata; what is not there is a 404', async () => {
    await root.expect(200, 'PUT', 'secret/data/app', { data: { user: 'a' }, options: {} })
    await root.expect(200, 'PUT', 'secret/data/app', { data: { user: 'b' }, options: {} })
    assert.deepEqual((await operator.expect(200, 'GET', 'secret/data/app')).data.data, { user: 'b' })
    const first = await operator.expect(200, 'GET', 'secret/data/app?version=1')
    assert.deepEqual(first.data.data, { user: 'a' })
    assert.equal((await operator.expect(200, 'GET', 'secret/metadata/app')).data.custom_metadata, null)
    await operator.expect(404, 'GET', 'secret/data/none')
    await operator.expect(404, 'GET', 'secret/metadata/none')
  })

  test('takes null for a secret that is missing', async () => {
    await root.expect(200, 'PUT', 'secret/data/null', { data: null, options: {} })
    assert.equal((await operator.expect(200, 'GET', 'secret/data/null')).data.data, null)
  })

  test('finds secrets by their names', async () => {
    await root.expect(200, 'PUT', 'secret/data/team/one', { data: { a: '1' }, options: {} })
    const { keys } = (await operator.expect(200, 'GET', 'secret/metadata/?list=true')).data
    assert.ok(keys.includes('app') && keys.includes('team/'), `${keys}`)
    assert.deepEqual((await operator.expect(200, 'GET', 'secret/metadata/team?list=true')).data.keys, ['one'])
  })

  test('pushes a secret, marks it as its own, and takes it away', async () => {
    await operator.expect(404, 'GET', 'secret/data/pushed')
    await operator.expect(404, 'GET', 'secret/metadata/pushed')
    const mark = { custom_metadata: { 'managed-by': 'external-secrets' } }
    await operator.expect(204, 'PUT', 'secret/metadata/pushed', mark)
    await operator.expect(200, 'PUT', 'secret/data/pushed', { data: { key: 'v' } })
    const { data } = await operator.expect(200, 'GET', 'secret/metadata/pushed')
    assert.deepEqual(data.custom_metadata, mark.custom_metadata)
    assert.deepEqual((await operator.expect(200, 'GET', 'secret/data/pushed')).data.data, { key: 'v' })
    await operator.expect(204, 'DELETE', 'secret/metadata/pushed')
    await operator.expect(404, 'GET', 'secret/data/pushed')
  })

  test('revokes its token when it is done', async () => {
    await operator.expect(204, 'PUT', 'auth/token/revoke-self')
    await operator.expect(403, 'GET', 'auth/token/lookup-self')
  })
})
