import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { MAX_ROLE_BYTES } from '../../src/base/limits.ts'
import { TokenRoutes, type Told } from '../sim/token-routes.ts'

/** Roles of tokens: surface.md section 2.5 and its transcript. */

let routes: TokenRoutes
beforeEach(async () => {
  routes = await TokenRoutes.start()
})

const post = (path: string, body: object = {}, token?: string): Promise<Told> =>
  routes.ask('update', path, body, token === undefined ? {} : { token })
const get = (path: string, token?: string): Promise<Told> =>
  routes.ask('read', path, null, token === undefined ? {} : { token })

async function role(name: string, body: object): Promise<void> {
  assert.equal((await post(`roles/${name}`, body)).status, 204)
}

function refused(told: Told, status: number, text: string): void {
  assert.deepEqual([told.status, told.body.errors], [status, [text]])
}

const R1 = {
  allowed_policies: 'default,dev',
  orphan: true,
  token_period: '1h',
  renewable: true,
  path_suffix: 'v1x',
}

test('a role is shown as it was written, listed, and gone when it is deleted', async () => {
  assert.equal((await get('roles/r1')).status, 404)
  assert.equal((await routes.ask('list', 'roles/')).status, 404)
  await role('r1', R1)
  const { body } = await get('roles/r1')
  assert.deepEqual(body.data, {
    allowed_entity_aliases: null,
    allowed_policies: ['default', 'dev'],
    allowed_policies_glob: [],
    disallowed_policies: [],
    disallowed_policies_glob: [],
    explicit_max_ttl: 0,
    name: 'r1',
    orphan: true,
    path_suffix: 'v1x',
    period: 0,
    renewable: true,
    token_explicit_max_ttl: 0,
    token_no_default_policy: false,
    token_period: 3600,
    token_type: 'default-service',
  })
  assert.deepEqual(Object.keys(body.data), Object.keys(body.data).sort())
  assert.deepEqual((await routes.ask('list', 'roles/')).body.data.keys, ['r1'])
  assert.equal((await routes.ask('delete', 'roles/r1')).status, 204)
  assert.equal((await get('roles/r1')).status, 404)
  assert.equal((await get('roles')).status, 405)
})

test('a role is changed in what is named, and in nothing else', async () => {
  await role('r1', R1)
  await role('r1', { token_num_uses: 3, token_bound_cidrs: ['10.0.0.0/8'] })
  const { data } = (await get('roles/r1')).body
  assert.deepEqual([data.token_num_uses, data.token_bound_cidrs], [3, ['10.0.0.0/8']])
  assert.deepEqual([data.path_suffix, data.token_period, data.orphan], ['v1x', 3600, true])
})

test('what is given under its old name is shown under both, until the new one is given', async () => {
  await role('r1', { period: '1h', explicit_max_ttl: 60, bound_cidrs: '::1/128' })
  const old = (await get('roles/r1')).body.data
  assert.deepEqual([old.period, old.token_period], [3600, 3600])
  assert.deepEqual([old.explicit_max_ttl, old.token_explicit_max_ttl], [60, 60])
  assert.deepEqual([old.bound_cidrs, old.token_bound_cidrs], [['::1/128'], ['::1/128']])
  await role('r1', { token_period: 60 })
  const { data } = (await get('roles/r1')).body
  assert.deepEqual([data.period, data.token_period], [0, 60])
})

test('a token of a role is what the role says, and stands at its path', async () => {
  await role('r1', R1)
  const { body } = await post('create/r1')
  assert.deepEqual(body.warnings, ['Policy "dev" does not exist'])
  const { client_token, policies, lease_duration, renewable, orphan } = body.auth
  assert.deepEqual([policies, lease_duration, renewable, orphan], [['default', 'dev'], 3600, true, true])
  const { data } = (await get('lookup-self', client_token)).body
  assert.deepEqual(
    [data.path, data.role, data.ttl, data.period],
    ['auth/token/create/r1/v1x', 'r1', 3600, undefined],
  )
  assert.equal(data.display_name, 'token')
})

test('a role that is not there makes nothing', async () => {
  refused(await post('create/nope'), 400, 'unknown role nope')
})

test('policies that the role does not allow are refused, with what it allows', async () => {
  await role('r1', R1)
  const text =
    'token policies (["default" "x"]) must be subset of the role\'s allowed policies (["default" "dev"]) ' +
    'or glob policies ([])'
  refused(await post('create/r1', { policies: ['x'] }), 400, text)
  await role('r1', { allowed_policies_glob: ['team-*-read', 'x*'] })
  assert.deepEqual((await post('create/r1', { policies: ['x'] })).body.auth.policies, ['default', 'x'])
  assert.equal((await post('create/r1', { policies: ['team-a-read'] })).status, 200)
  for (const name of ['team-a-write', 'team-read', 'ax', 'a-team-b-read']) {
    assert.equal((await post('create/r1', { policies: [name] })).status, 400, name)
  }
})

test('policies that the role forbids are refused, however they are written', async () => {
  await role('r1', { disallowed_policies: ['Secret'], disallowed_policies_glob: ['PROD-*'] })
  for (const name of ['secret', 'SECRET', 'Prod-db']) {
    const text = `token policy "${name.toLowerCase()}" is disallowed by this role`
    refused(await post('create/r1', { policies: [name] }), 400, text)
  }
  assert.deepEqual((await post('create/r1', { policies: ['other'] })).body.auth.policies, [
    'default',
    'other',
  ])
})

test('a role forbids the policy default, or goes without it', async () => {
  await role('r1', { disallowed_policies: 'default' })
  assert.deepEqual((await post('create/r1', { policies: ['x'] })).body.auth.policies, ['x'])
  await role('r2', { allowed_policies: 'x', token_no_default_policy: true })
  assert.deepEqual((await post('create/r2')).body.auth.policies, ['x'])
})

test('a role without lists gives what the parent has, and not more', async () => {
  await role('r1', { orphan: true })
  const { client_token } = (await post('create', { policies: ['p'] })).body.auth
  const { body } = await post('create/r1', {}, client_token)
  assert.deepEqual([body.auth.policies, body.auth.orphan], [['default', 'p'], true])
  refused(
    await post('create/r1', { policies: ['x'] }, client_token),
    400,
    'child policies must be subset of parent',
  )
})

test('a role gives a caller without sudo policies of its lists, and never root', async () => {
  await role('r1', { allowed_policies: 'dev' })
  await role('r2', { allowed_policies: 'root', allowed_policies_glob: '*' })
  const { client_token } = (await post('create', { policies: ['p'] })).body.auth
  assert.deepEqual((await post('create/r1', {}, client_token)).body.auth.policies, ['default', 'dev'])
  const text = 'root tokens may not be created without parent token being root'
  refused(await post('create/r2', {}, client_token), 400, text)
  refused(await post('create/r2', { policies: ['ROOT'] }, client_token), 400, text)
  refused(
    await post('create/r2', { policies: ['response-wrapping'] }),
    400,
    'cannot assign policy "response-wrapping"',
  )
})

test('of what role and request say the lesser holds, with a word about it', async () => {
  await role('r1', { token_explicit_max_ttl: '1h', token_num_uses: 5, token_period: '2h' })
  const { body } = await post('create/r1', {
    policies: ['x'],
    explicit_max_ttl: '2h',
    num_uses: 7,
    period: '30m',
    type: 'service',
  })
  const twice = 'specified both during creation call and in role; using the lesser value of'
  assert.deepEqual(body.warnings.slice(0, 3), [
    `Period ${twice} 1800 seconds`,
    `Explicit max TTL ${twice} 3600 seconds`,
    `Number of uses ${twice} 5`,
  ])
  assert.deepEqual([body.auth.lease_duration, body.auth.num_uses], [1800, 5])
})

test('a role says of what type its tokens are, or what they are where nobody says', async () => {
  await role('b', { token_type: 'batch', orphan: true, renewable: false, allowed_policies: 'x' })
  assert.equal((await post('create/b', { type: 'service' })).body.auth.token_type, 'batch')
  await role('s', { token_type: 'service', allowed_policies: 'x' })
  assert.equal((await post('create/s', { type: 'batch' })).body.auth.token_type, 'service')
  await role('d', { token_type: 'default-batch', allowed_policies: 'x' })
  assert.equal((await post('create/d')).body.auth.token_type, 'batch')
  assert.equal((await post('create/d', { type: 'service' })).body.auth.token_type, 'service')
})

test('networks of a role bind its tokens', async () => {
  await role('r1', { allowed_policies: 'x', token_bound_cidrs: '10.0.0.0/8' })
  const { client_token: token } = (await post('create/r1')).body.auth
  assert.equal((await routes.ask('read', 'lookup-self', null, { token, source: '10.9.9.9' })).status, 200)
  const elsewhere = await routes.ask('read', 'lookup-self', null, { token, source: '192.0.2.1' })
  refused(elsewhere, 403, 'permission denied')
})

test('a renewal goes by what the role has come to say', async () => {
  await role('r1', { allowed_policies: 'x', token_period: '1h' })
  const { client_token } = (await post('create/r1')).body.auth
  const duration = async (): Promise<number> =>
    (await post('renew-self', { increment: '9h' }, client_token)).body.auth.lease_duration
  assert.equal(await duration(), 3600)
  await role('r1', { token_period: '10m' })
  assert.equal(await duration(), 600)
  routes.world.clock.advance(300_000)
  await role('r1', { token_explicit_max_ttl: '6m' })
  assert.equal(await duration(), 60)
  await routes.ask('delete', 'roles/r1')
  const text = 'original token role "r1" could not be found, not renewing'
  refused(await post('renew-self', {}, client_token), 400, text)
})

test('a role that could make no token is refused', async () => {
  const suffix = 'given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w'
  for (const path_suffix of ['v1', 'a..b', '/x/y', 'a/b', '.ab', 'a b c']) {
    refused(await post('roles/r1', { path_suffix }), 400, suffix)
  }
  refused(await post('roles/r1', { token_type: 'zzz' }), 400, "invalid 'token_type' value")
  const batch = "'token_type' cannot be 'batch' when role is set to generate"
  refused(await post('roles/r1', { token_type: 'batch' }), 400, `${batch} non-orphan tokens`)
  const orphan = { token_type: 'batch', orphan: true }
  refused(await post('roles/r1', orphan), 400, `${batch} renewable tokens`)
  refused(await post('roles/r1', { ...orphan, token_period: 1 }), 400, `${batch} periodic tokens`)
  assert.equal((await post('roles/r1', { token_bound_cidrs: '10.0.0.0/33' })).status, 400)
  assert.equal((await post('roles/r1', { token_num_uses: -1 })).status, 400)
  assert.equal((await post('roles/r1', { path_suffix: 'x'.repeat(201) })).status, 400)
  for (const name of ['-x', 'x-', '.x', 'x.', 'a b', 'x'.repeat(201)]) {
    assert.equal((await post(`roles/${name}`, {})).status, 400, name)
  }
  assert.equal((await routes.ask('list', 'roles/')).status, 404)
})

test('a role has bounds, as it is read for every token that it makes', async () => {
  const long = await post('roles/long', { allowed_entity_aliases: 'x'.repeat(MAX_ROLE_BYTES) })
  refused(long, 400, 'a role has at most 262144 bytes')
  assert.equal((await get('roles/long')).status, 404)
})

test('an alias that a token is to act for is refused, and never dropped in silence', async () => {
  await role('r1', { allowed_policies: 'x', allowed_entity_aliases: 'app-*' })
  refused(
    await post('create/r1', { policies: ['x'], entity_alias: 'app-1' }),
    400,
    "'entity_alias' needs the identity engine, which this version does not have",
  )
  // surface.md section 2.3: only with a role.
  refused(
    await post('create', { entity_alias: 'app-1' }),
    400,
    "'entity_alias' is only allowed in combination with token role",
  )
})
