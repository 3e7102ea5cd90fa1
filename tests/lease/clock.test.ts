import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { LeaseWorld, settled } from './lease-world.ts'

const HOUR = 3600_000
const YEAR = 365 * 24 * HOUR
/** `EXPIRIES_PER_SECOND`. */
const CAP = 200

/** The most that was asked of the engine within any second of the clock that never jumps. */
function busiest(asked: readonly number[]): number {
  let most = 0
  let from = 0
  for (let at = 0; at < asked.length; at++) {
    while ((asked[at] ?? 0) - (asked[from] ?? 0) >= 1000) from++
    most = Math.max(most, at - from + 1)
  }
  return most
}

for (const [what, jump] of [
  ['an hour', HOUR],
  ['ten years', 10 * YEAR],
] as const) {
  test(`a clock that jumps ahead by ${what} ends what is due, and no more of it a second than at most`, async (t) => {
    const world = new LeaseWorld()
    world.start()
    for (let count = 0; count < 1500; count++) await world.make({ secret: { ttl: 1800 } })
    world.clock.jump(jump)
    await world.pass(70_000, 100)
    assert.equal(world.accounts.alive.size, 0)
    t.diagnostic(`the busiest second: ${busiest(world.accounts.asked)} of 1,500`)
    assert.ok(busiest(world.accounts.asked) <= CAP)
  })
}

test('a clock that jumps back ends nothing early, and nothing is lost when it is set right', async () => {
  const world = new LeaseWorld()
  world.start()
  await world.make({ secret: { ttl: 1800 } })
  world.clock.jump(-10 * YEAR)
  await world.pass(HOUR / 4)
  assert.equal(world.accounts.alive.size, 1)
  world.clock.jump(10 * YEAR)
  await world.pass(HOUR / 2)
  assert.equal(world.accounts.alive.size, 0)
})

test('a server that was down while 1,500 secrets ended makes no storm', async () => {
  const before = new LeaseWorld()
  for (let count = 0; count < 1500; count++) await before.make({ secret: { ttl: 60 } })
  before.clock.advance(HOUR)
  const world = before.restarted()
  world.start()
  await settled()
  assert.ok(world.accounts.asked.length <= CAP)
  await world.pass(15_000, 100)
  assert.equal(world.accounts.alive.size, 0)
  assert.ok(busiest(world.accounts.asked) <= CAP)
})

test('whatever is asked for, no secret lives beyond its bound (T-TOK-1)', async () => {
  const seed = process.env['CONCLAVE_SEED'] ?? 'leases'
  const random = new SeededEntropy(seed)
  const world = new LeaseWorld({}, { defaultTtl: 600, maxTtl: 3600 })
  world.start()
  const made: { id: string; account: string; bound: number }[] = []
  for (let step = 0; step < 3000; step++) {
    const ttl = 1 + random.below(5000)
    const one = made[random.below(made.length + 1)]
    if (one === undefined) {
      const maxTtl = random.below(3) === 0 ? 1 + random.below(5000) : 0
      const { leaseId, account, leaseDuration } = await world.make({ secret: { ttl, maxTtl } })
      assert.ok(leaseDuration > 0)
      const most = Math.min(3600, maxTtl || 3600)
      made.push({ id: leaseId, account, bound: world.clock.now() + most * 1000 })
    } else {
      const renewed = await world.leases.renew(one.id, ttl).catch(() => null)
      const facts = renewed === null ? null : await world.facts(one.id)
      assert.ok((facts?.expireTime ?? 0) <= one.bound, `seed ${seed}, step ${step}`)
    }
    world.clock.advance(random.below(60_000))
    // A second, to wake and to ask the engine.
    await settled()
    for (const { account, bound } of made) {
      const isLate = world.clock.now() >= bound && world.accounts.alive.has(account)
      if (!isLate) continue
      await world.pass(1000)
      assert.ok(!world.accounts.alive.has(account), `seed ${seed}, step ${step}`)
    }
    if (step % 100 === 99)
      made.splice(0, made.length, ...made.filter((each) => world.accounts.alive.has(each.account)))
  }
})
