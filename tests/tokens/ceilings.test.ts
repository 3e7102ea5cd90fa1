import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type UnixMillis, unixMillis } from '../../src/base/clock.ts'
import { hasCode } from '../../src/base/errors.ts'
import { lesser, lifetime } from '../../src/logical/lifetime.ts'
import { rootEntry, type TokenEntry } from '../../src/token/entry.ts'
import { renewed } from '../../src/token/renewal.ts'
import { NEW_ROLE } from '../../src/token/role.ts'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { TokenRoutes, type Told } from '../sim/token-routes.ts'

/**
 * No token is usable past what bounds it (bar.md T-TOK-1 and Z8; CVE-2021-32923, CVE-2020-25816), whatever is
 * renewed and whatever its role and its mount come to say.
 */

const SLOW = process.env['CONCLAVE_SLOW'] === '1'
const START = 1_764_000_000_000

/** Seconds of every size, the smallest most often, and none. */
function someSeconds(chance: SeededEntropy): number {
  return [0, 1, 2, 1 + chance.below(10), chance.below(100), 3600, 10 ** 7][chance.below(7)] ?? 0
}

/** Milliseconds of every size, also such as end just before, at, and just behind whole seconds. */
function someMillis(chance: SeededEntropy): number {
  return chance.below(3) * 1000 + ([-1, 0, 1, chance.below(1000), 10_000][chance.below(5)] ?? 0)
}

test('100,000 lives of renewals, changing roles and mounts: none passes a bound by a millisecond', () => {
  const chance = new SeededEntropy('lives')
  let ended = 0
  for (let life = 0; life < 100_000; life++) ended += liveOn(chance) ? 1 : 0
  assert.ok(ended > 10_000, 'the bounds were come to')
})

/** Whether the life came to a bound. */
function liveOn(chance: SeededEntropy): boolean {
  let now = unixMillis(START)
  const own = { explicitMaxTtl: someSeconds(chance), period: chance.below(3) === 0 ? someSeconds(chance) : 0 }
  let mount = { defaultTtl: 1 + someSeconds(chance), maxTtl: 1 + someSeconds(chance) }
  let entry: TokenEntry = begun({ ...own, mount }, someSeconds(chance))
  for (let step = 0; step < 5; step++) {
    now = unixMillis(Math.max(now, now + someMillis(chance)))
    if (now >= (entry.expireTime ?? 0)) return true
    if (chance.below(3) === 0) mount = { defaultTtl: 1, maxTtl: 1 + someSeconds(chance) }
    const role = { ...NEW_ROLE, tokenPeriod: someSeconds(chance), tokenExplicitMaxTtl: someSeconds(chance) }
    const period = lesser(own.period, role.tokenPeriod)
    const explicit = lesser(own.explicitMaxTtl, role.tokenExplicitMaxTtl)
    try {
      entry = renewed(entry, { increment: someSeconds(chance), mount, role, now }).entry
    } catch (error) {
      assert.ok(hasCode(error, 'bad_request'))
      assert.ok(pastBounds({ now, explicit, period, maxTtl: mount.maxTtl }), 'it was past its bounds')
      return true
    }
    const end = entry.expireTime ?? Number.POSITIVE_INFINITY
    assert.ok(end > now, 'what is given has some time left')
    assert.ok(end <= now + mount.maxTtl * 1000, 'the mount bounds what is given')
    if (explicit > 0) assert.ok(end <= START + explicit * 1000, 'the explicit end')
    if (period === 0) assert.ok(end <= START + mount.maxTtl * 1000, 'the mount bounds the whole')
    else assert.ok(end <= now + period * 1000, 'the period')
  }
  return false
}

interface Past {
  readonly now: number
  readonly explicit: number
  readonly period: number
  readonly maxTtl: number
}

function pastBounds({ now, explicit, period, maxTtl }: Past): boolean {
  const isPastExplicit = explicit > 0 && now >= START + explicit * 1000
  return isPastExplicit || (period === 0 && now >= START + maxTtl * 1000)
}

function begun(
  own: {
    readonly explicitMaxTtl: number
    readonly period: number
    readonly mount: { readonly defaultTtl: number; readonly maxTtl: number }
  },
  increment: number,
): TokenEntry {
  const issueTime = unixMillis(START)
  const { mount, period, explicitMaxTtl: explicitMax } = own
  const bounds = { mount, period, explicitMax, increment, issueTime, usual: 0, backendMax: 0 }
  const { ttl, expireTime } = lifetime(bounds, issueTime)
  const facts = { accessor: 'A', issueTime, displayName: 'token', path: 'p', policies: ['x'] }
  const given = { explicitMaxTtl: explicitMax, period, ttl, grantedTtl: ttl, expireTime }
  return { ...rootEntry(facts), ...given, renewable: true, role: 'r' }
}

test('a server through which tokens are made, renewed and swept: none is usable behind its end, nor its children', async (t) => {
  const chance = new SeededEntropy('server')
  const sequences = SLOW ? 100_000 : 10_000
  const start = performance.now()
  for (let world = 0; world < sequences / 50; world++) {
    const routes = await TokenRoutes.start(world)
    for (let sequence = 0; sequence < 50; sequence++) await sequenceOn(routes, chance)
  }
  const seconds = Math.round((performance.now() - start) / 1000)
  t.diagnostic(`Z8: ${sequences} sequences of eight steps, ${seconds} s`)
})

/** A token, and what the contract says of its life, reckoned here (surface.md section 2.1). */
interface Followed {
  readonly token: string
  readonly isOfRole: boolean
  readonly issued: number
  /** Seconds; 0: none. What was asked for when it was made, tightened by what its role said then. */
  readonly explicit: number
  readonly period: number
  /** From this moment on it must not be known. */
  end: number
  readonly parent: Followed | null
}

interface RoleNow {
  readonly period: number
  readonly explicit: number
}

/** What stands at this moment. */
interface Scene {
  readonly routes: TokenRoutes
  readonly chance: SeededEntropy
  /** `null`: it was deleted. */
  role: RoleNow | null
}

const DAY_MS = 24 * 3600 * 1000

async function sequenceOn(routes: TokenRoutes, chance: SeededEntropy): Promise<void> {
  const { clock } = routes.world
  const followed: Followed[] = []
  const scene: Scene = { routes, chance, role: null }
  routes.mount = { defaultTtl: 100, maxTtl: 1 + someSeconds(chance) }
  await changeRole(scene)
  for (let step = 0; step < 8; step++) {
    const one = followed[chance.below(Math.max(1, followed.length))]
    switch (chance.below(9)) {
      case 0:
      case 1:
      case 2:
        followed.push(...(await make(scene, one ?? null)))
        break
      case 3:
        if (one !== undefined) await renew(scene, one, someSeconds(chance))
        break
      case 4:
        await changeRole(scene)
        break
      case 5:
        // The system's bound, or that of the mount, is set to another.
        routes.mount = { defaultTtl: 1 + someSeconds(chance), maxTtl: 1 + someSeconds(chance) }
        break
      case 6:
        clock.advance(one === undefined ? 500 : Math.max(0, one.end - clock.now() + chance.below(3) - 1))
        break
      case 7:
        clock.jump([-DAY_MS, DAY_MS, -1000, 1000][chance.below(4)] ?? 0)
        break
      default:
        await routes.world.store.sweep(clock.now(), 100)
    }
    for (const each of followed) await check(routes, each)
  }
}

async function changeRole(scene: Scene): Promise<void> {
  const { routes, chance } = scene
  if (chance.below(6) === 0) {
    scene.role = null
    assert.equal((await routes.ask('delete', 'roles/r')).status, 204)
    return
  }
  scene.role = { period: someSeconds(chance), explicit: someSeconds(chance) }
  const { period: token_period, explicit: token_explicit_max_ttl } = scene.role
  const told = await tell(routes, 'roles/r', { allowed_policies: 'x', token_period, token_explicit_max_ttl })
  assert.equal(told.status, 204)
}

async function check(routes: TokenRoutes, { token, end, parent }: Followed): Promise<void> {
  const isKnown = (await routes.world.store.lookup(token)) !== null
  const now: UnixMillis = routes.world.clock.now()
  assert.ok(!isKnown || now < end, `a token is known ${now - end} ms behind its end`)
  if (parent === null) return
  const isParentKnown = (await routes.world.store.lookup(parent.token)) !== null
  assert.ok(!isKnown || isParentKnown, 'a child is known without its parent')
}

/** The smaller of two bounds, of which 0 is none. */
function tighter(one: number, other: number): number {
  if (one === 0) return other
  return other === 0 ? one : Math.min(one, other)
}

/** When what is granted now must have ended, at the latest. */
function latestEnd(
  routes: TokenRoutes,
  bounds: Pick<Followed, 'issued' | 'explicit' | 'period'>,
  increment: number,
): number {
  const { issued, explicit, period } = bounds
  const { maxTtl } = routes.mount
  const now = routes.world.clock.now()
  const ends = [now + maxTtl * 1000]
  if (explicit > 0) ends.push(issued + explicit * 1000)
  if (period > 0) ends.push(now + period * 1000)
  else ends.push(issued + maxTtl * 1000)
  if (period === 0 && increment > 0) ends.push(now + increment * 1000)
  return Math.min(...ends)
}

/** By a role or without, below another token or below root, service or batch, periodic or not. */
async function make({ routes, chance, role }: Scene, parent: Followed | null): Promise<readonly Followed[]> {
  const type = ['service', 'batch'][chance.below(8) === 0 ? 1 : 0]
  const isOfRole = chance.below(2) === 0
  const explicit = type === 'batch' ? 0 : someSeconds(chance)
  // Only who has sudo may ask for it.
  const period = type === 'batch' || parent !== null || chance.below(3) > 0 ? 0 : someSeconds(chance)
  const ttl = someSeconds(chance)
  const body = {
    policies: ['x'],
    no_default_policy: true,
    type,
    ttl,
    ...(explicit === 0 ? {} : { explicit_max_ttl: explicit }),
    ...(period === 0 ? {} : { period }),
  }
  const told = await tell(routes, isOfRole ? 'create/r' : 'create', body, parent?.token)
  if (told.status !== 200) return []
  const ofRole = isOfRole ? role : null
  assert.ok(!isOfRole || ofRole !== null, 'a role that was deleted makes no token')
  const issued = routes.world.clock.now()
  const made = { issued, explicit: tighter(explicit, ofRole?.explicit ?? 0), period }
  const end = latestEnd(routes, { ...made, period: tighter(period, ofRole?.period ?? 0) }, ttl)
  return [{ ...made, token: told.body.auth.client_token, isOfRole, end, parent }]
}

async function renew({ routes, role }: Scene, one: Followed, increment: number): Promise<void> {
  const told = await tell(routes, 'renew-self', { increment }, one.token)
  if (told.status !== 200) return
  const ofRole = one.isOfRole ? role : null
  assert.ok(!one.isOfRole || ofRole !== null, 'a token whose role was deleted is not renewed')
  const explicit = tighter(one.explicit, ofRole?.explicit ?? 0)
  const period = tighter(one.period, ofRole?.period ?? 0)
  one.end = latestEnd(routes, { issued: one.issued, explicit, period }, increment)
}

async function tell(routes: TokenRoutes, path: string, body: object, token?: string): Promise<Told> {
  return await routes.ask('update', path, body, token === undefined ? {} : { token })
}
