import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANSWER_KEPT_MS, CEREMONY_EXPIRY_MS, CEREMONY_UNJOINED_EXPIRY_MS } from '../../src/base/limits.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { opens, type ShareSet, sharesOf, World } from '../sim/world.ts'

async function open(shares = 5, threshold = 3): Promise<{ world: World; keys: ShareSet }> {
  const world = await World.start(new SimStorage(), 'rekey')
  const keys = await world.init(shares, threshold)
  await world.unseal(keys)
  return { world, keys }
}

/** A new process on the same store, open again. */
async function restart(world: World, keys: ShareSet): Promise<World> {
  const next = await World.start(world.storage.reopened(), 'restarted', world.clock)
  await next.unseal(keys)
  return next
}

const ceremonyId = (world: World): string =>
  world.custodian.rekey.status().running?.agreement.ceremonyId ?? ''

test('progress survives the death of the process, as signatures: no share is in the store', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const id = ceremonyId(world)
  await world.give(keys[0]!)
  await world.give(keys[1]!)
  const next = await restart(world, keys.slice(2))
  assert.equal(next.custodian.rekey.status().progress, 2)
  assert.equal(ceremonyId(next), id, 'the same ceremony goes on')
  const answer = await next.give(keys[2]!)
  assert(answer.complete)
})

test('a consent that a thief of the store altered does not count after a restart', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  await world.give(keys[0]!)
  const stored = world.storage.entries.get('core/ceremonies/rekey')!
  stored[stored.length - 20]! ^= 1
  const next = await restart(world, keys)
  assert.equal(
    next.custodian.rekey.status().running,
    null,
    'the damaged ceremony is dropped, the store opens',
  )
})

test('the set that agreed stays beside the new one until there is evidence, and then it is gone', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const id = ceremonyId(world)
  const next = await world.giveAll(keys)
  assert(await opens(world.storage, keys), 'nobody knows yet that the answer arrived')
  assert(await opens(world.storage, next))
  await world.acknowledge(id)
  assert(!(await opens(world.storage, keys)), 'the old set is dead')
  assert(await opens(world.storage, next))
})

test('an unseal by the new set is evidence too; an unseal by the old one is none', async () => {
  const { world, keys } = await open()
  const next = await world.rekey(keys, { shares: 4, threshold: 2 })
  const byOld = await restart(world, keys)
  assert(await opens(byOld.storage, next))
  assert(await opens(byOld.storage, keys), 'opened by the old set, both stay')
  const byNew = await restart(byOld, next)
  assert(!(await opens(byNew.storage, keys)), 'proven by the new set, the old one is dead')
})

test('evidence for another ceremony, or twice, changes nothing', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const id = ceremonyId(world)
  const next = await world.giveAll(keys)
  await world.acknowledge('11111111-1111-4111-8111-111111111111')
  assert(await opens(world.storage, keys))
  await world.acknowledge(id)
  const { serial } = world.custodian.record!
  await world.acknowledge(id)
  assert.equal(world.custodian.record!.serial, serial)
  assert(await opens(world.storage, next))
})

test('until then the answer is given again to the same share from the same address, and to nobody else', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  await world.give(keys[0]!)
  await world.give(keys[1]!)
  const answer = await world.give(keys[2]!, '10.0.0.9')
  assert(answer.complete)
  const again = await world.give(keys[2]!, '10.0.0.9')
  assert(again.complete)
  assert.deepEqual(sharesOf(again), sharesOf(answer))
  await assert.rejects(world.give(keys[1]!, '10.0.0.9'), { code: 'ceremony_not_running' })
  await assert.rejects(world.give(keys[2]!, '10.0.0.8'), { code: 'ceremony_not_running' })
})

test('after five minutes the answer is gone, and both sets still open', async () => {
  const { world, keys } = await open()
  const next = await world.rekey(keys, { shares: 4, threshold: 2 })
  world.clock.advance(ANSWER_KEPT_MS + 1)
  await new Promise(setImmediate)
  await assert.rejects(world.give(keys[2]!), { code: 'ceremony_not_running' })
  assert(await opens(world.storage, keys))
  assert(await opens(world.storage, next))
})

test('after a second rekey never more than two sets open: the agreeing one and the newest', async () => {
  const { world, keys } = await open()
  const second = await world.rekey(keys, { shares: 4, threshold: 2 })
  const third = await world.rekey(keys, { shares: 3, threshold: 2 })
  assert(await opens(world.storage, keys), 'the set that agreed')
  assert(!(await opens(world.storage, second)), 'retired as never proven')
  assert(await opens(world.storage, third))
  const next = await restart(world, keys)
  await assert.rejects(next.give(second[0]!), { code: 'ceremony_not_running' })
  await next.startRekey({ shares: 2, threshold: 2 })
  await assert.rejects(next.give(second[0]!), /never proven/)
})

test('shares of two sets never mix: each counts by itself', async () => {
  const { world, keys } = await open()
  const second = await world.rekey(keys, { shares: 4, threshold: 2 })
  await world.startRekey({ shares: 3, threshold: 2 })
  await world.give(keys[0]!)
  await world.give(keys[1]!)
  assert.deepEqual(world.custodian.rekey.status().progress, 2)
  await world.give(second[0]!)
  const done = await world.give(second[1]!)
  assert(done.complete, 'two shares of a 2 of 4 complete it, beside two of a 3 of 5')
})

test('a retired share is named with its set, at once, and nobody else starts over', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 5, threshold: 3 })
  const id = ceremonyId(world)
  const next = await world.giveAll(keys)
  await world.acknowledge(id)
  await world.startRekey({ shares: 5, threshold: 3 })
  await world.give(next[0]!)
  await assert.rejects(world.give(keys[1]!), {
    code: 'share_retired',
    message: /key set 1, which a newer set has replaced/,
  })
  assert.equal(world.custodian.rekey.status().progress, 1)
})

test('look-ups of retired sets are at most 50 a second; a live share is never held up', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 5, threshold: 3 })
  const id = ceremonyId(world)
  const next = await world.giveAll(keys)
  await world.acknowledge(id)
  await world.startRekey({ shares: 5, threshold: 3 })
  for (let call = 0; call < 50; call++) await assert.rejects(world.give(keys[1]!), { code: 'share_retired' })
  await assert.rejects(world.give(keys[1]!), { code: 'share_unknown' })
  assert.equal((await world.give(next[0]!)).complete, false)
  world.clock.advance(1001)
  await assert.rejects(world.give(keys[1]!), { code: 'share_retired' })
})

test('a rekey opened without a credential that nobody joins ends after an hour; joined, after a day', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  world.clock.advance(CEREMONY_UNJOINED_EXPIRY_MS)
  assert.equal(world.custodian.rekey.status().running, null)
  await world.startRekey({ shares: 4, threshold: 2 })
  await world.give(keys[0]!)
  world.clock.advance(CEREMONY_UNJOINED_EXPIRY_MS)
  assert.equal(world.custodian.rekey.status().progress, 1)
  world.clock.advance(CEREMONY_EXPIRY_MS)
  await assert.rejects(world.give(keys[1]!), { code: 'ceremony_not_running' })
})

test('an explicit seal cancels a running rekey; a clean stop does not', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  await world.give(keys[0]!)
  await world.custodian.stop()
  const next = await restart(world, keys)
  assert.equal(next.custodian.rekey.status().progress, 1)
  await next.custodian.seal('127.0.0.1')
  await next.unseal(keys)
  assert.equal(next.custodian.rekey.status().running, null)
})

test('a seal that cannot store its cancellation wipes the keys all the same, and cancels at the next unseal', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  await world.give(keys[0]!)
  world.storage.arm({ at: 1, mode: 'full' })
  await world.custodian.seal('127.0.0.1')
  assert.equal(world.custodian.isOpen, false)
  world.storage.arm(null)
  await world.unseal(keys)
  assert.equal(world.custodian.rekey.status().running, null)
})

test('old shares with a copy of the store from before open what was written before, and nothing after', async () => {
  const { world, keys } = await open()
  const before = world.storage.reopened()
  await world.startRekey({ shares: 4, threshold: 2 })
  const id = ceremonyId(world)
  await world.giveAll(keys)
  await world.acknowledge(id)
  await world.put('data/after', 'the rekey')
  before.entries.set('data/after', world.storage.entries.get('data/after')!)
  const thief = await World.start(before, 'thief')
  await thief.unseal(keys)
  assert.equal(await thief.read('data/first'), 'written at init')
  await assert.rejects(thief.read('data/after'), { code: 'corrupt_entry' })
})

test('the store was put back beneath a running server: it seals itself and writes nothing', async () => {
  const { world, keys } = await open()
  const older = world.storage.reopened()
  await world.session!.change({ term: 'new', entries: [] })
  for (const key of ['core/custody', 'core/keyring']) world.storage.entries.set(key, older.entries.get(key)!)
  await world.startRekey({ shares: 3, threshold: 2 })
  await assert.rejects(world.giveAll(keys), { code: 'condition_failed' })
  assert.equal(world.custodian.isOpen, false)
})

test('new shares that are given to the open server prove that they arrived; the old set is dead', async () => {
  const { world, keys } = await open()
  const next = await world.rekey(keys, { shares: 4, threshold: 2 })
  assert(await opens(world.storage, keys), 'retiring')
  await world.offer(next[0]!)
  await world.offer(keys[0]!)
  assert(await opens(world.storage, keys), 'one new share is no proof, an old one says nothing')
  await world.offer(next[0]!)
  assert(await opens(world.storage, keys), 'twice counts once')
  await world.offer(next[3]!)
  assert(!(await opens(world.storage, keys)))
  assert(await opens(world.storage, next))
})

test('shares of two sets never prove anything together', async () => {
  const { world, keys } = await open()
  const second = await world.rekey(keys, { shares: 3, threshold: 2 })
  await world.offer(second[0]!)
  const third = await world.rekey(keys, { shares: 3, threshold: 2 })
  await world.offer(third[1]!)
  assert(await opens(world.storage, keys), 'a share of the second set and one of the third are no proof')
  assert(await opens(world.storage, third))
  await world.offer(third[2]!)
  assert(!(await opens(world.storage, keys)))
  assert(await opens(world.storage, third))
})
