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

test('a server through which tokens are made, renewed and swept: none is usable behind its end, nor its children', async () => {
  const chance = new SeededEntropy('server')
  const sequences = SLOW ? 100_000 : 1500
  for (let world = 0; world < sequences / 50; world++) {
    const routes = await TokenRoutes.start(world)
    for (let sequence = 0; sequence < 50; sequence++) await sequenceOn(routes, chance)
  }
})

interface Followed {
  readonly token: string
  /** From this moment on it must not be known, as far as the answers that were given say. */
  end: number
  /** The same for good: no renewal may pass it. */
  readonly ceiling: number
  readonly parent: Followed | null
}

async function sequenceOn(routes: TokenRoutes, chance: SeededEntropy): Promise<void> {
  const { clock } = routes.world
  const followed: Followed[] = []
  routes.mount = { defaultTtl: 100, maxTtl: 1 + someSeconds(chance) }
  const role = { token_period: someSeconds(chance), token_explicit_max_ttl: someSeconds(chance) }
  await tell(routes, 'roles/r', { allowed_policies: 'x', ...role })
  for (let step = 0; step < 8; step++) {
    const one = followed[chance.below(Math.max(1, followed.length))]
    switch (chance.below(6)) {
      case 0:
      case 1:
        followed.push(...(await make(routes, chance, one ?? null)))
        break
      case 2:
        if (one !== undefined) await renew(routes, one, someSeconds(chance))
        break
      case 3:
        await tell(routes, 'roles/r', { token_period: someSeconds(chance), token_explicit_max_ttl: 5 })
        break
      case 4:
        clock.advance(one === undefined ? 500 : Math.max(0, one.end - clock.now() + chance.below(3) - 1))
        break
      default:
        await routes.world.store.sweep(clock.now(), 100)
    }
    for (const each of followed) await check(routes, each)
  }
}

async function check(routes: TokenRoutes, { token, end, ceiling, parent }: Followed): Promise<void> {
  const isKnown = (await routes.world.store.lookup(token)) !== null
  const now: UnixMillis = routes.world.clock.now()
  assert.ok(!isKnown || now < end, 'a token is known behind its end')
  assert.ok(!isKnown || now < ceiling, 'a token is known behind its ceiling')
  if (parent === null) return
  const isParentKnown = (await routes.world.store.lookup(parent.token)) !== null
  assert.ok(!isKnown || isParentKnown, 'a child is known without its parent')
}

/** By a role or without, below another token or below root, service or batch. */
async function make(
  routes: TokenRoutes,
  chance: SeededEntropy,
  parent: Followed | null,
): Promise<readonly Followed[]> {
  const type = ['service', 'batch'][chance.below(8) === 0 ? 1 : 0]
  const explicit = type === 'batch' ? 0 : someSeconds(chance)
  const body = {
    policies: ['x'],
    no_default_policy: true,
    type,
    ttl: someSeconds(chance),
    ...(explicit === 0 ? {} : { explicit_max_ttl: explicit }),
  }
  const path = chance.below(2) === 0 ? 'create' : 'create/r'
  const told = await tell(routes, path, body, parent?.token)
  if (told.status !== 200) return []
  const { client_token: token, lease_duration } = told.body.auth
  const now = routes.world.clock.now()
  const ceiling = explicit === 0 ? Number.POSITIVE_INFINITY : now + explicit * 1000
  return [{ token, end: now + lease_duration * 1000 + 999, ceiling, parent }]
}

async function renew(routes: TokenRoutes, one: Followed, increment: number): Promise<void> {
  const told = await tell(routes, 'renew-self', { increment }, one.token)
  if (told.status !== 200) return
  one.end = routes.world.clock.now() + told.body.auth.lease_duration * 1000 + 999
}

async function tell(routes: TokenRoutes, path: string, body: object, token?: string): Promise<Told> {
  return await routes.ask('update', path, body, token === undefined ? {} : { token })
}
