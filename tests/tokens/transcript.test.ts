import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { TokenRoutes, type Told } from '../sim/token-routes.ts'

/** The transcripts "tokens" and "parent/child" of surface.md, appendix A, where they ask for tokens. */

let routes: TokenRoutes
beforeEach(async () => {
  routes = await TokenRoutes.start()
})

const DENIED = '1 error occurred:\n\t* permission denied\n\n'
const post = (path: string, body: object = {}, token?: string): Promise<Told> =>
  routes.ask('update', path, body, token === undefined ? {} : { token })
const get = (path: string, token?: string): Promise<Told> =>
  routes.ask('read', path, null, token === undefined ? {} : { token })
const list = (path: string): Promise<Told> => routes.ask('list', path)

async function made(body: object = {}, path = 'create', token?: string): Promise<Told['body']['auth']> {
  const told = await post(path, body, token)
  assert.equal(told.status, 200, JSON.stringify(told.body))
  return told.body.auth
}

function refused(told: Told, status: number, text: string): void {
  assert.deepEqual([told.status, told.body.errors], [status, [text]])
}

const FULL = {
  policies: ['default', 'nope'],
  ttl: '1h',
  meta: { a: 'b' },
  display_name: 'my name!',
  num_uses: 5,
  explicit_max_ttl: '2h',
  zzz: 1,
}

describe('looking up', () => {
  test('root, by itself', async () => {
    const { status, body } = await get('lookup-self')
    assert.equal(status, 200)
    const { accessor, creation_time, id, issue_time, ...rest } = body.data
    assert.match(accessor, /^[0-9A-Za-z]{24}$/)
    assert.equal(creation_time, 1_764_000_000)
    assert.equal(id, routes.world.root)
    assert.equal(issue_time, '2025-11-24T16:00:00.000Z')
    assert.deepEqual(rest, {
      creation_ttl: 0,
      display_name: 'root',
      entity_id: '',
      expire_time: null,
      explicit_max_ttl: 0,
      meta: null,
      num_uses: 0,
      orphan: true,
      path: 'auth/token/root',
      policies: ['root'],
      renewable: false,
      ttl: 0,
      type: 'service',
    })
  })

  test('a token with everything, by itself, by what it is, and by its accessor', async () => {
    const auth = await made(FULL)
    const shown = {
      accessor: auth.accessor,
      creation_time: 1_764_000_000,
      creation_ttl: 3600,
      display_name: 'token-my-name',
      entity_id: '',
      expire_time: '2025-11-24T17:00:00.000Z',
      explicit_max_ttl: 7200,
      id: auth.client_token,
      issue_time: '2025-11-24T16:00:00.000Z',
      meta: { a: 'b' },
      num_uses: 4,
      orphan: false,
      path: 'auth/token/create',
      policies: ['default', 'nope'],
      renewable: true,
      ttl: 3600,
      type: 'service',
    }
    const own = await get('lookup-self', auth.client_token)
    assert.deepEqual(own.body.data, shown)
    assert.deepEqual(Object.keys(own.body.data), Object.keys(shown))
    assert.deepEqual((await post('lookup', { token: auth.client_token })).body.data, shown)
    const byAccessor = await post('lookup-accessor', { accessor: auth.accessor })
    assert.deepEqual(byAccessor.body.data, { ...shown, id: '' })
  })

  test('nothing looks up the token of the request', async () => {
    assert.equal((await post('lookup')).body.data.id, routes.world.root)
    assert.equal((await get('lookup')).body.data.id, routes.world.root)
  })

  test('what is not there is refused in its own words', async () => {
    refused(await post('lookup', { token: 'bad' }), 403, 'bad token')
    refused(
      await post('lookup-accessor', { accessor: 'x' }),
      400,
      '1 error occurred:\n\t* invalid accessor\n\n',
    )
    refused(await post('lookup-accessor'), 400, '1 error occurred:\n\t* missing accessor\n\n')
    refused(await get('lookup-self', 'bad'), 403, 'permission denied')
  })
})

describe('creating', () => {
  test('with nothing makes what the parent is', async () => {
    const { client_token, accessor, ...rest } = await made()
    assert.match(client_token, /^hvs\.[0-9A-Za-z]{24}$/)
    assert.match(accessor, /^[0-9A-Za-z]{24}$/)
    assert.deepEqual(rest, {
      policies: ['root'],
      token_policies: ['root'],
      metadata: null,
      lease_duration: 0,
      renewable: false,
      entity_id: '',
      token_type: 'service',
      orphan: false,
      mfa_requirement: null,
      num_uses: 0,
    })
  })

  test('with everything tells of policies that are not there and of what it did not know', async () => {
    const { body } = await post('create', FULL)
    assert.deepEqual(body.warnings, [
      'Policy "nope" does not exist',
      'Endpoint ignored these unrecognized parameters: [zzz]',
    ])
    const { client_token: _, accessor: __, ...auth } = body.auth
    assert.deepEqual(auth, {
      policies: ['default', 'nope'],
      token_policies: ['default', 'nope'],
      metadata: { a: 'b' },
      lease_duration: 3600,
      renewable: true,
      entity_id: '',
      token_type: 'service',
      orphan: false,
      mfa_requirement: null,
      num_uses: 5,
    })
  })

  test('for longer than the mount allows makes it shorter, and says so', async () => {
    const { body } = await post('create', { policies: ['default'], ttl: '2000h' })
    assert.deepEqual(body.warnings, [
      'TTL of "2000h" exceeded the effective max_ttl of "768h"; TTL value is capped accordingly',
    ])
    assert.equal(body.auth.lease_duration, 2_764_800)
  })

  test('a periodic orphan gives its period at every renewal, whatever is asked for', async () => {
    const auth = await made({ policies: ['default'], period: '30m' }, 'create-orphan')
    assert.deepEqual([auth.lease_duration, auth.renewable, auth.orphan], [1800, true, true])
    const { body } = await get('lookup-self', auth.client_token)
    const { path, period, orphan, explicit_max_ttl } = body.data
    assert.deepEqual([path, period, orphan, explicit_max_ttl], ['auth/token/create-orphan', 1800, true, 0])
    const renewed = await post('renew-self', { increment: '2h' }, auth.client_token)
    assert.equal(renewed.body.auth.lease_duration, 1800)
  })

  test('a chosen token', async () => {
    const auth = await made({ id: 'custom-id', policies: ['default'] })
    assert.deepEqual([auth.client_token, auth.lease_duration], ['custom-id', 2_764_800])
    assert.equal((await get('lookup-self', 'custom-id')).status, 200)
    refused(await post('create', { id: 'custom-id' }), 400, 'cannot create a token with a duplicate ID')
    for (const prefix of ['s.', 'b.', 'hvs.', 'hvb.']) {
      const told = await post('create', { id: `${prefix}custom`, policies: ['default'] })
      refused(told, 400, `custom token ID cannot have the '${prefix}' prefix`)
    }
    refused(await post('create', { id: 'a.b' }), 400, "custom token ID cannot have a '.' in the value")
    for (const id of ['a b', 'a"b', 'a\\b', 'é', 'a\n'])
      assert.equal((await post('create', { id })).status, 400)
  })

  test('policies are a list, and not between commas', async () => {
    routes.policies.add('a,b')
    assert.deepEqual((await made({ policies: 'a,b' })).policies, ['a,b', 'default'])
  })

  test('policies are small letters, each once, sorted; beside root there is nothing', async () => {
    assert.deepEqual((await made({ policies: ['Zed', 'zed', 'abc'] })).policies, ['abc', 'default', 'zed'])
    assert.deepEqual((await made({ policies: ['x', 'ROOT'] })).policies, ['root'])
    assert.deepEqual((await made({ policies: ['x'], no_default_policy: true })).policies, ['x'])
  })

  test('nobody is given response-wrapping', async () => {
    for (const name of ['response-wrapping', 'RESPONSE-wrapping']) {
      refused(await post('create', { policies: [name] }), 400, 'cannot assign policy "response-wrapping"')
    }
  })

  test('metadata is what was sent: none, or none in it', async () => {
    assert.equal((await made({ meta: null })).metadata, null)
    assert.deepEqual((await made({ meta: {} })).metadata, {})
  })

  test('what makes no sense is refused', async () => {
    refused(await post('create', { type: 'zzz' }), 400, "invalid 'token_type' value")
    refused(await post('create', { num_uses: -1 }), 400, 'number of uses cannot be negative')
    refused(await post('create/r1'), 400, 'unknown role r1')
    const alias = "'entity_alias' is only allowed in combination with token role"
    refused(await post('create', { entity_alias: 'x' }), 400, alias)
  })

  test('of a root token that ends, one that does not is refused', async () => {
    const auth = await made({ ttl: '1h' })
    assert.deepEqual([auth.policies, auth.lease_duration, auth.renewable], [['root'], 3600, true])
    const text = 'expiring root tokens cannot create non-expiring root tokens'
    refused(await post('create', {}, auth.client_token), 400, text)
    assert.equal((await made({ ttl: '2h' }, 'create', auth.client_token)).lease_duration, 7200)
  })
})

describe('a batch token', () => {
  const BATCH = { type: 'batch', policies: ['default'], ttl: '1h' }

  test('has no accessor, and cannot be revoked, renewed, or have children', async () => {
    const auth = await made(BATCH)
    assert.match(auth.client_token, /^hvb\./)
    const { client_token, ...rest } = auth
    assert.deepEqual(rest, {
      accessor: '',
      policies: ['default'],
      token_policies: ['default'],
      metadata: null,
      lease_duration: 3600,
      renewable: false,
      entity_id: '',
      token_type: 'batch',
      orphan: false,
      mfa_requirement: null,
      num_uses: 0,
    })
    const { accessor, id, type, ttl, path } = (await get('lookup-self', client_token)).body.data
    assert.deepEqual([accessor, id, type, ttl, path], ['', client_token, 'batch', 3600, 'auth/token/create'])
    refused(await post('revoke', { token: client_token }), 400, 'batch tokens cannot be revoked')
    refused(await post('revoke-self', {}, client_token), 400, 'batch tokens cannot be revoked')
    refused(await post('renew-self', {}, client_token), 400, 'batch tokens cannot be renewed')
    refused(await post('renew', { token: client_token }), 400, 'batch tokens cannot be renewed')
    refused(await post('create', {}, client_token), 400, 'batch tokens cannot create more tokens')
  })

  test('is never root, and has none of the bounds that would have to be stored', async () => {
    refused(
      await post('create', { type: 'batch', policies: ['root'] }),
      400,
      'batch tokens cannot be root tokens',
    )
    refused(await post('create', { type: 'batch' }), 400, 'batch tokens cannot be root tokens')
    for (const [name, value] of [
      ['num_uses', 1],
      ['explicit_max_ttl', '1h'],
      ['period', '1h'],
    ] as const) {
      const told = await post('create', { ...BATCH, [name]: value })
      refused(told, 400, `batch tokens cannot have "${name}" set`)
    }
  })
})

describe('renewing', () => {
  test('by what it is, by itself and by its accessor; what it was last given is given again', async () => {
    const auth = await made({ ...FULL, num_uses: 0 })
    const first = await post('renew', { token: auth.client_token, increment: '10m' })
    assert.deepEqual([first.body.auth.client_token, first.body.auth.lease_duration], [auth.client_token, 600])
    const second = await post('renew-self', {}, auth.client_token)
    assert.deepEqual(
      [second.body.auth.client_token, second.body.auth.lease_duration],
      [auth.client_token, 600],
    )
    const third = await post('renew-accessor', { accessor: auth.accessor })
    assert.deepEqual([third.body.auth.client_token, third.body.auth.lease_duration], ['', 600])
    const { creation_ttl, ttl, last_renewal_time, last_renewal } = (
      await get('lookup-self', auth.client_token)
    ).body.data
    assert.deepEqual([creation_ttl, ttl, last_renewal_time], [3600, 600, 1_764_000_000])
    assert.equal(last_renewal, '2025-11-24T16:00:00.000Z')
  })

  test('what cannot be renewed is refused in its own words', async () => {
    refused(await post('renew-self'), 400, 'lease is not renewable')
    refused(await post('renew', { token: 'bad' }), 400, 'token not found')
    refused(await post('renew'), 400, 'missing token ID')
    const { client_token } = await made({ policies: ['default'], renewable: false })
    refused(await post('renew', { token: client_token }), 400, 'lease is not renewable')
    refused(
      await post('renew-accessor', { accessor: 'x' }),
      400,
      '1 error occurred:\n\t* invalid accessor\n\n',
    )
  })

  test('ends at the explicit maximum, counted from the beginning', async () => {
    const { client_token } = await made({ policies: ['default'], ttl: '1h', explicit_max_ttl: '90m' })
    routes.world.clock.advance(3_000_000)
    const { body } = await post('renew-self', { increment: '1h' }, client_token)
    assert.equal(body.auth.lease_duration, 2400)
    assert.deepEqual(body.warnings, [
      'TTL of "1h" exceeded the effective max_ttl of "40m"; TTL value is capped accordingly',
    ])
  })
})

describe('revoking', () => {
  test('is done, whether or not there was something', async () => {
    const auth = await made({ policies: ['default'] })
    assert.equal((await post('revoke-self', {}, auth.client_token)).status, 204)
    refused(await get('lookup-self', auth.client_token), 403, 'permission denied')
    assert.equal((await post('revoke', { token: 'bad' })).status, 204)
    refused(await post('revoke'), 400, 'missing token ID')
  })

  test('by accessor says when there was none', async () => {
    const auth = await made({ policies: ['default'] })
    assert.equal((await post('revoke-accessor', { accessor: auth.accessor })).status, 204)
    const again = await post('revoke-accessor', { accessor: auth.accessor })
    assert.equal(again.status, 200)
    assert.deepEqual([again.body.data, again.body.warnings], [null, ['No token found with this accessor']])
    refused(await get('lookup-self', auth.client_token), 403, 'permission denied')
  })

  test('alone needs sudo, and leaves orphans', async () => {
    const parent = await made({ policies: ['default'] })
    const child = await made({}, 'create', parent.client_token)
    refused(await post('revoke-orphan', { token: 'bad' }), 400, 'token to revoke not found')
    const text = 'root or sudo privileges required to revoke and orphan'
    refused(await post('revoke-orphan', { token: parent.client_token }, child.client_token), 400, text)
    assert.equal((await post('revoke-orphan', { token: parent.client_token })).status, 204)
    refused(await get('lookup-self', parent.client_token), 403, 'permission denied')
    assert.equal((await get('lookup-self', child.client_token)).body.data.orphan, true)
  })

  test('a parent ends its children, and no orphan', async () => {
    const parent = await made({ policies: ['p'] })
    const child = await made({ policies: ['p'] }, 'create', parent.client_token)
    const orphan = await made({ policies: ['p'] }, 'create-orphan', parent.client_token)
    assert.equal((await post('revoke', { token: parent.client_token })).status, 204)
    refused(await get('lookup-self', child.client_token), 403, 'permission denied')
    assert.equal((await get('lookup-self', orphan.client_token)).status, 200)
  })
})

describe('a token without sudo', () => {
  test('gives what it has, and not more', async () => {
    const { client_token } = await made({ policies: ['p'] })
    const auth = await made({ policies: ['p'] }, 'create', client_token)
    assert.deepEqual([auth.policies, auth.lease_duration, auth.orphan], [['default', 'p'], 2_764_800, false])
    const subset = 'child policies must be subset of parent'
    refused(await post('create', { policies: ['root'] }, client_token), 400, subset)
    refused(await post('create', { policies: ['ROOT'] }, client_token), 400, subset)
    refused(await post('create', { policies: ['other'] }, client_token), 400, subset)
    const orphan = 'root or sudo privileges required to create orphan token'
    refused(await post('create', { no_parent: true }, client_token), 400, orphan)
    const periodic = 'root or sudo privileges required to create periodic token'
    refused(await post('create', { period: '1h' }, client_token), 400, periodic)
    const chosen = 'root or sudo privileges required to specify token id'
    refused(await post('create', { id: 'abc' }, client_token), 400, chosen)
  })

  test('with sudo gives any policy but root', async () => {
    const { client_token } = await made({ policies: ['admin'] })
    routes.allows = () => true
    assert.deepEqual((await made({ policies: ['other'] }, 'create', client_token)).policies, [
      'default',
      'other',
    ])
    const text = 'root tokens may not be created without parent token being root'
    refused(await post('create', { policies: ['root'] }, client_token), 400, text)
  })

  test('without the right is refused before anything else', async () => {
    const { client_token } = await made({ policies: ['p'] })
    routes.allows = (policies) => policies.includes('root')
    refused(await post('create', {}, client_token), 403, DENIED)
    refused(await get('lookup-self', client_token), 403, DENIED)
  })

  test('with a number of uses makes none, and is used up by whatever it asks', async () => {
    const { client_token } = await made({ policies: ['p'], num_uses: 3 })
    const text = 'restricted use token cannot generate child tokens'
    refused(await post('create', {}, client_token), 400, text)
    routes.allows = (policies) => policies.includes('root')
    refused(await get('lookup-self', client_token), 403, DENIED)
    routes.allows = () => true
    assert.equal((await get('lookup-self', client_token)).body.data.num_uses, -1)
    refused(await get('lookup-self', client_token), 403, 'permission denied')
  })
})

describe('accessors', () => {
  test('are listed for those with sudo, and by a list alone', async () => {
    const { accessor } = await made({ policies: ['default'] })
    const { body } = await list('accessors/')
    assert.ok(body.data.keys.includes(accessor))
    assert.equal(body.data.keys.length, 2)
    const told = await routes.ask('list', 'accessors/', { limit: 1, after: body.data.keys[0] })
    assert.deepEqual(told.body.data.keys, [body.data.keys[1]])
    refused(await get('accessors'), 405, '1 error occurred:\n\t* unsupported operation\n\n')
    const { client_token } = await made({ policies: ['default'] })
    refused(await routes.ask('list', 'accessors/', null, { token: client_token }), 403, DENIED)
  })
})

describe('tidying', () => {
  test('goes on behind its answer, once at a time', async () => {
    const release = routes.world.storage.hold()
    const asked = post('tidy')
    release()
    const { status, body } = await asked
    assert.equal(status, 202)
    assert.match(body.warnings[0], /^Tidy operation successfully started\./)
  })
})
