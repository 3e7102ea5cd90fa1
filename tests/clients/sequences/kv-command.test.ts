import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Caller, GO_CLIENT, MERGE_PATCH, type OpenServer, openServer } from './caller.ts'

/** `kv` of both command lines, call by call (surface.md section 15.2). */
describe('kv of the command lines', () => {
  let cli: Caller
  let server: OpenServer
  before(async () => {
    server = await openServer('kv command')
    const { origin, rootToken } = server
    cli = new Caller(origin, rootToken, GO_CLIENT)
  })
  after(() => server.close())

  /** What `kv` asks before everything else: where the mount is, and which version. */
  async function preflight(path: string, who = cli): Promise<{ path: string; version: string }> {
    const { data } = await who.expect(200, 'GET', `sys/internal/ui/mounts/${path}`)
    return { path: data.path, version: data.options?.version ?? '1' }
  }

  async function tokenFor(policy: string): Promise<Caller> {
    await cli.expect(204, 'PUT', 'sys/policies/acl/one', { policy })
    const ask = {
      policies: ['one'],
      ttl: '1h0m0s',
      display_name: '',
      num_uses: 0,
      type: '',
      entity_alias: '',
    }
    const { auth } = await cli.expect(200, 'POST', 'auth/token/create', ask)
    return cli.as(auth.client_token)
  }

  test('put and get in version 2', async () => {
    assert.deepEqual(await preflight('secret/app'), { path: 'secret/', version: '2' })
    const put = await cli.expect(200, 'PUT', 'secret/data/app', { data: { user: 'a' }, options: {} })
    assert.equal(put.data.version, 1)
    const { data } = await cli.expect(200, 'GET', 'secret/data/app')
    assert.deepEqual(data.data, { user: 'a' })
    assert.deepEqual(Object.keys(data.metadata).sort(), [
      'created_time',
      'custom_metadata',
      'deletion_time',
      'destroyed',
      'version',
    ])
    assert.match(data.metadata.created_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/)
  })

  test('put -cas=0 on what is there is refused with the words that are printed', async () => {
    await cli.expect(200, 'PUT', 'secret/data/cas', { data: { a: '1' }, options: { cas: 0 } })
    const body = await cli.expect(400, 'PUT', 'secret/data/cas', { data: { a: '2' }, options: { cas: 0 } })
    assert.deepEqual(body.errors, ['check-and-set parameter did not match the current version'])
  })

  test('get of what is not there is a 404 without a word, of a version that was deleted one with data', async () => {
    assert.deepEqual((await cli.expect(404, 'GET', 'secret/data/none')).errors, [])
    await cli.expect(200, 'PUT', 'secret/data/gone', { data: { a: '1' }, options: {} })
    await cli.expect(204, 'DELETE', 'secret/data/gone')
    const { data, warnings } = await cli.expect(404, 'GET', 'secret/data/gone')
    assert.equal(data.data, null)
    assert.equal(data.metadata.version, 1)
    assert.notEqual(data.metadata.deletion_time, '')
    assert.equal(warnings, null)
  })

  test('patch is one PATCH; null takes a member away', async () => {
    await cli.expect(200, 'PUT', 'secret/data/p', { data: { a: '1', b: '2' }, options: {} })
    const patch = { data: { b: null, c: '3' }, options: {} }
    const { data } = await cli.expect(200, 'PATCH', 'secret/data/p', patch, MERGE_PATCH)
    assert.equal(data.version, 2)
    assert.deepEqual((await cli.expect(200, 'GET', 'secret/data/p')).data.data, { a: '1', c: '3' })
  })

  test('patch without the right to patch reads, and writes what it read with its version', async () => {
    await cli.expect(200, 'PUT', 'secret/data/q', { data: { a: '1' }, options: {} })
    const user = await tokenFor('path "secret/data/q" { capabilities = ["read", "update"] }')
    assert.deepEqual(await preflight('secret/q', user), { path: 'secret/', version: '2' })
    await user.expect(403, 'PATCH', 'secret/data/q', { data: { b: '2' }, options: {} }, MERGE_PATCH)
    const { data } = await user.expect(200, 'GET', 'secret/data/q')
    const written = { data: { ...data.data, b: '2' }, options: { cas: data.metadata.version } }
    assert.equal((await user.expect(200, 'PUT', 'secret/data/q', written)).data.version, 2)
  })

  test('delete, undelete and destroy of versions, which are sent as texts', async () => {
    for (const a of ['1', '2', '3']) {
      await cli.expect(200, 'PUT', 'secret/data/v', { data: { a }, options: {} })
    }
    await cli.expect(204, 'PUT', 'secret/delete/v', { versions: ['1', '2'] })
    await cli.expect(404, 'GET', 'secret/data/v?version=2')
    await cli.expect(204, 'PUT', 'secret/undelete/v', { versions: ['2'] })
    assert.deepEqual((await cli.expect(200, 'GET', 'secret/data/v?version=2')).data.data, { a: '2' })
    await cli.expect(204, 'PUT', 'secret/destroy/v', { versions: ['2'] })
    const { data } = await cli.expect(404, 'GET', 'secret/data/v?version=2')
    assert.equal(data.metadata.destroyed, true)
  })

  test('rollback writes an old version where the last is still the last', async () => {
    for (const a of ['old', 'new']) {
      await cli.expect(200, 'PUT', 'secret/data/r', { data: { a }, options: {} })
    }
    const { current_version } = (await cli.expect(200, 'GET', 'secret/metadata/r')).data
    const old = (await cli.expect(200, 'GET', 'secret/data/r?version=1')).data
    const written = { data: old.data, options: { cas: current_version } }
    assert.equal((await cli.expect(200, 'PUT', 'secret/data/r', written)).data.version, 3)
  })

  test('list is GET with a query, scan too', async () => {
    await cli.expect(200, 'PUT', 'secret/data/dir/x', { data: { a: '1' }, options: {} })
    await cli.expect(200, 'PUT', 'secret/data/dir/sub/y', { data: { a: '1' }, options: {} })
    const { data } = await cli.expect(200, 'GET', 'secret/metadata/dir?list=true')
    assert.deepEqual(data.keys, ['sub/', 'x'])
    const scanned = await cli.expect(200, 'GET', 'secret/metadata/dir?scan=true')
    assert.deepEqual(scanned.data.keys.toSorted(), ['sub/y', 'x'])
    assert.deepEqual((await cli.expect(404, 'GET', 'secret/metadata/none?list=true')).errors, [])
  })

  test('metadata get, put, patch and delete', async () => {
    await cli.expect(200, 'PUT', 'secret/data/m', { data: { a: '1' }, options: {} })
    const put = { max_versions: 5, delete_version_after: '1h0m0s', custom_metadata: { owner: 'me' } }
    await cli.expect(204, 'PUT', 'secret/metadata/m', put)
    const patch = { custom_metadata: { owner: null, team: 'a' } }
    await cli.expect(204, 'PATCH', 'secret/metadata/m', patch, MERGE_PATCH)
    const { data } = await cli.expect(200, 'GET', 'secret/metadata/m')
    assert.deepEqual(data.custom_metadata, { team: 'a' })
    assert.equal(data.delete_version_after, '1h0m0s')
    assert.deepEqual(Object.keys(data.versions), ['1'])
    await cli.expect(204, 'DELETE', 'secret/metadata/m')
    await cli.expect(404, 'GET', 'secret/metadata/m')
  })

  test('version 1: the preflight tells it, and paths stay as they are', async () => {
    assert.deepEqual(await preflight('kv1/app'), { path: 'kv1/', version: '1' })
    await cli.expect(204, 'PUT', 'kv1/app', { user: 'a' })
    assert.deepEqual((await cli.expect(200, 'GET', 'kv1/app')).data, { user: 'a' })
    assert.deepEqual((await cli.expect(200, 'GET', 'kv1?list=true')).data.keys, ['app'])
    await cli.expect(204, 'DELETE', 'kv1/app')
    assert.deepEqual((await cli.expect(404, 'GET', 'kv1/app')).errors, [])
  })

  test('enable-versioning makes version 2 of version 1, with its secrets', async () => {
    await cli.expect(204, 'POST', 'sys/mounts/old', { type: 'kv' })
    await cli.expect(204, 'PUT', 'old/app', { user: 'a' })
    const answer = await cli.expect(200, 'POST', 'sys/mounts/old/tune', { options: { version: '2' } })
    assert.equal(answer.warnings.length, 1)
    assert.deepEqual(await preflight('old/app'), { path: 'old/', version: '2' })
    assert.deepEqual((await afterUpgrade('old/data/app')).data.data, { user: 'a' })
  })

  /** What is there is moved in the background; until it is done, everybody is told to come again. */
  async function afterUpgrade(path: string): Promise<{ readonly data: { readonly data: unknown } }> {
    for (let asked = 0; asked < 200; asked++) {
      const { status, body } = await cli.ask('GET', path)
      if (status === 200) return body
      assert.match(`${status} ${body.errors}`, /^400 Upgrading from non-versioned to versioned data\. /)
      await sleep(25)
    }
    assert.fail('the upgrade did not end')
  }

  test('a path of version 1 on version 2 is told what is wrong with it', async () => {
    const { warnings } = await cli.expect(404, 'GET', 'secret/app')
    assert.match(warnings[0], /^Invalid path for a versioned K\/V secrets engine/)
  })

  test('the preflight needs nothing but some right below the mount', async () => {
    const reader = await tokenFor('path "secret/data/app/db" { capabilities = ["read"] }')
    assert.deepEqual(await preflight('secret/app/db', reader), { path: 'secret/', version: '2' })
    const { errors } = await reader.expect(403, 'GET', 'sys/internal/ui/mounts/kv1/app')
    const advice = "please ensure client's policies grant access to path"
    assert.deepEqual(errors, [`preflight capability check returned 403, ${advice} "kv1/app/"`])
    assert.match((await reader.expect(403, 'GET', 'secret/data/other')).errors[0], /permission denied/)
  })
})
