import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { TokenRoutes, type Told } from '../sim/token-routes.ts'

/** Networks that a token is bound to, and the tokens that it makes. */

const [HOME, ABROAD] = ['10.1.2.3', '192.0.2.1']

let routes: TokenRoutes
let bound: string

beforeEach(async () => {
  routes = await TokenRoutes.start()
  // Root's policy, and sudo with it, so that every way of making a token is open.
  await role('home', { token_bound_cidrs: '10.0.0.0/8', allowed_policies: 'root' })
  bound = (await post('create/home', { ttl: '1h' })).body.auth.client_token
})

const post = (path: string, body: object = {}, token?: string): Promise<Told> =>
  routes.ask('update', path, body, token === undefined ? {} : { token, source: HOME })

async function role(name: string, body: object): Promise<void> {
  assert.equal((await post(`roles/${name}`, body)).status, 204)
}

async function usableFrom(token: string, source: string): Promise<boolean> {
  return (await routes.ask('read', 'lookup-self', null, { token, source })).status === 200
}

const USUAL = { policies: ['x'], ttl: '10m' }
const WAYS: Readonly<Record<string, readonly [path: string, body: object]>> = {
  'a child': ['create', USUAL],
  'a child with a root policy': ['create', { policies: ['root'], ttl: '10m' }],
  'a periodic child': ['create', { ...USUAL, period: '5m' }],
  'a child with few uses': ['create', { ...USUAL, num_uses: 5 }],
  'a batch token': ['create', { ...USUAL, type: 'batch' }],
  'an orphan': ['create-orphan', USUAL],
  'an orphan that is asked for': ['create', { ...USUAL, no_parent: true }],
  'an orphan of batch': ['create-orphan', { ...USUAL, type: 'batch' }],
  'a token of a role': ['create/any', USUAL],
  'an orphan of a role': ['create/orphans', USUAL],
  'a token of a role with wider networks': ['create/wide', USUAL],
  'a token of a role with other networks besides': ['create/besides', USUAL],
}

for (const [what, [path, body]] of Object.entries(WAYS)) {
  test(`${what} of a bound token is usable from nowhere that its maker is not`, async () => {
    await role('any', { allowed_policies: 'x' })
    await role('orphans', { allowed_policies: 'x', orphan: true })
    await role('wide', { allowed_policies: 'x', token_bound_cidrs: '0.0.0.0/0,::/0' })
    await role('besides', { allowed_policies: 'x', token_bound_cidrs: ['10.1.0.0/16', '192.0.2.0/24'] })
    const made = await post(path, body, bound)
    assert.equal(made.status, 200, JSON.stringify(made.body))
    const { client_token: token } = made.body.auth
    assert.deepEqual([await usableFrom(token, HOME), await usableFrom(token, ABROAD)], [true, false])
  })
}

test('a grandchild of a bound token is as bound as its maker', async () => {
  await role('narrow', { allowed_policies: 'root', token_bound_cidrs: '10.1.0.0/16' })
  const child = (await post('create/narrow', { ttl: '30m' }, bound)).body.auth.client_token
  const orphan = (await post('create-orphan', USUAL, child)).body.auth.client_token
  assert.deepEqual([await usableFrom(orphan, HOME), await usableFrom(orphan, '10.2.0.1')], [true, false])
  const { data } = (await routes.ask('read', 'lookup-self', null, { token: orphan, source: HOME })).body
  assert.deepEqual(data.bound_cidrs, ['10.1.0.0/16'])
})

test('a role whose networks lie apart from those of the token that asks makes none', async () => {
  await role('apart', { allowed_policies: 'x', token_bound_cidrs: '192.0.2.0/24' })
  const { status, body } = await post('create/apart', USUAL, bound)
  assert.equal(status, 400)
  assert.deepEqual(body.errors, [
    'the networks of this role and those of the token that asks have no address in common',
  ])
})

test('a token that is bound to nothing makes tokens that are bound as their role says', async () => {
  const free = (await post('create', USUAL)).body.auth.client_token
  assert.ok(await usableFrom(free, ABROAD))
  assert.equal(await usableFrom(bound, ABROAD), false)
})
