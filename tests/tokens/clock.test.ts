import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenWorld } from '../sim/token-world.ts'

/** What docs/operating.md says of the clock, for tokens; tests/lease/clock.test.ts says it of secrets. */

const YEAR = 365 * 24 * 3600 * 1000

test('a clock that jumps ahead makes tokens unknown at once, and those that never end stay', async () => {
  const world = await TokenWorld.start()
  const { token } = await world.create({ ttlSeconds: 3600 })
  world.clock.jump(10 * YEAR)
  assert.equal(await world.store.lookup(token), null)
  assert.notEqual(await world.store.lookup(world.root), null)
})

test('a token that was taken out of the store does not come back with a clock that is set back', async () => {
  const world = await TokenWorld.start()
  const { token } = await world.create({ ttlSeconds: 3600 })
  world.clock.jump(10 * YEAR)
  assert.equal(await world.store.sweep(world.clock.now(), 10), 1)
  world.clock.jump(-10 * YEAR)
  assert.equal(await world.store.lookup(token), null)
})

test('a clock that jumps back ends no token early, and its end comes when the clock is right again', async () => {
  const world = await TokenWorld.start()
  const { token } = await world.create({ ttlSeconds: 3600 })
  world.clock.jump(-10 * YEAR)
  assert.equal(await world.store.sweep(world.clock.now(), 10), 0)
  assert.notEqual(await world.store.lookup(token), null)
  world.clock.jump(10 * YEAR)
  assert.notEqual(await world.store.lookup(token), null)
  world.clock.advance(3_600_000)
  assert.equal(await world.store.lookup(token), null)
})

test('a revoked token stays revoked, whatever the clock comes to say', async () => {
  const world = await TokenWorld.start()
  const { token, key } = await world.create({ ttlSeconds: 3600 })
  await world.store.revoke(key)
  for (const jump of [-10 * YEAR, 20 * YEAR, -10 * YEAR]) {
    world.clock.jump(jump)
    assert.equal(await world.store.lookup(token), null)
  }
})
