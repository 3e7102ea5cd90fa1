import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/base/encoding.ts'
import { type FaultMode, SimStorage } from '../sim/sim-storage.ts'
import { opens, type ShareSet, World } from '../sim/world.ts'

const MINUTE = 60 * 1000
const DAY = 24 * 60 * MINUTE
const CHECK = 5 * MINUTE

async function open(shares = 3, threshold = 2): Promise<{ world: World; keys: ShareSet }> {
  const world = await World.start(new SimStorage(), 'rotation')
  const keys = await world.init(shares, threshold)
  await world.unseal(keys)
  return { world, keys }
}

let restarts = 0

/** Another process on what is stored, as after kill -9. */
async function restarted(world: World, keys: ShareSet): Promise<World> {
  const next = await World.start(world.storage.reopened(), `restart ${++restarts}`, world.clock)
  await next.unseal(keys)
  return next
}

/** Lets time pass, and waits for what woke up. */
async function pass(world: World, delay: number): Promise<void> {
  world.clock.advance(delay)
  await new Promise(setImmediate)
  await world.custodian.settled()
}

const term = (world: World): number => world.custodian.dataKeys.status().term
const operations = (world: World): number => world.custodian.dataKeys.status().operations

test('a rotation makes one term more, and everything written before and after is readable, also after a restart', async () => {
  const { world, keys } = await open()
  await world.put('data/before', 'the rotation')
  const { serial } = world.custodian.record!
  await world.custodian.dataKeys.rotate()
  assert.equal(term(world), 2)
  assert.equal(world.custodian.record!.serial, serial + 1)
  await world.put('data/after', 'the rotation')
  const next = await restarted(world, keys)
  assert.equal(await next.read('data/before'), 'the rotation')
  assert.equal(await next.read('data/after'), 'the rotation')
  assert.equal(term(next), 2)
})

test('an entry of before names the old term, one of after the new one', async () => {
  const { world } = await open()
  await world.put('data/before', 'x')
  await world.custodian.dataKeys.rotate()
  await world.put('data/after', 'x')
  const termOf = (key: string): number =>
    new DataView(world.storage.entries.get(key)!.slice().buffer).getUint32(1)
  assert.deepEqual([termOf('data/before'), termOf('data/after')], [1, 2])
})

test('while a set is retiring, a rotation leaves slot and link as they are, and both sets open', async () => {
  const { world, keys } = await open()
  const fresh = await world.rekey(keys, { shares: 4, threshold: 2 })
  const { live, retiring } = world.custodian.record!
  await world.custodian.dataKeys.rotate()
  const now = world.custodian.record!
  assert.deepEqual([now.live, now.retiring], [live, retiring])
  assert(await opens(world.storage, keys))
  assert(await opens(world.storage, fresh))
})

test('a rotation leaves a running rekey its progress', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 3, threshold: 2 })
  await world.give(keys[0]!)
  await world.custodian.dataKeys.rotate()
  assert.equal(world.custodian.rekey.status().progress, 1)
  const fresh = await world.giveAll([keys[1]!])
  assert(await opens(world.storage, fresh))
})

test('a sealed store has no data keys to speak of', async () => {
  const { world } = await open()
  await world.custodian.seal('127.0.0.1')
  const { dataKeys } = world.custodian
  assert.throws(() => dataKeys.status(), { code: 'sealed' })
  assert.throws(() => dataKeys.rotation(), { code: 'sealed' })
  await assert.rejects(dataKeys.rotate(), { code: 'sealed' })
  await assert.rejects(dataKeys.configureRotation({ enabled: false }), { code: 'sealed' })
})

test('the rules are kept across a restart, and each can be changed alone', async () => {
  const { world, keys } = await open()
  assert.deepEqual(world.custodian.dataKeys.rotation(), {
    enabled: true,
    maxOperations: 3_865_470_566,
    intervalMs: 0,
  })
  await world.custodian.dataKeys.configureRotation({ intervalMs: 2 * DAY })
  await world.custodian.dataKeys.configureRotation({ enabled: false })
  await world.custodian.dataKeys.configureRotation({ maxOperations: 1_000_000 })
  const next = await restarted(world, keys)
  assert.deepEqual(next.custodian.dataKeys.rotation(), {
    enabled: false,
    maxOperations: 1_000_000,
    intervalMs: 2 * DAY,
  })
})

test('rules out of range are refused with the words of the contract, the interval first, and nothing changes', async () => {
  const { world } = await open()
  const before = world.storage.entries.get('core/keyring')
  const refuses = (change: object, message: string): Promise<void> =>
    assert.rejects(world.custodian.dataKeys.configureRotation(change), {
      code: 'parameters_invalid',
      message,
    })
  const interval = 'interval must be greater or equal to 24h0m0s'
  const number = 'max_operations must be in the range [1000000,3865470566]'
  await refuses({ intervalMs: DAY - 1, maxOperations: 1 }, interval)
  await refuses({ intervalMs: -1 }, interval)
  await refuses({ maxOperations: 999_999 }, number)
  await refuses({ maxOperations: 3_865_470_567 }, number)
  assert.equal(world.storage.entries.get('core/keyring'), before)
  await world.custodian.dataKeys.configureRotation({ intervalMs: DAY, maxOperations: 3_865_470_566 })
  await world.custodian.dataKeys.configureRotation({ intervalMs: 0, maxOperations: 1_000_000 })
})

test('operations are what was done, not what is reserved', async () => {
  const { world } = await open()
  const before = operations(world)
  assert(before < 100, `${before} after init and one unseal`)
  for (let index = 0; index < 20; index++) await world.put(`data/${index}`, 'x')
  assert.equal(operations(world), before + 20)
  await world.custodian.dataKeys.rotate()
  // The anchor, its copy, and the count itself.
  assert.equal(operations(world), 3)
})

test('a clean stop and a seal keep the count; a crash keeps what the last look had written down', async () => {
  const { world, keys } = await open()
  for (let index = 0; index < 20; index++) await world.put(`data/${index}`, 'x')
  const before = operations(world)
  await world.custodian.seal('127.0.0.1')
  await world.unseal(keys)
  const sealed = operations(world)
  assert(sealed > before && sealed < before + 20, `${before}, then ${sealed}`)
  await world.custodian.stop()
  const stopped = await restarted(world, keys)
  assert(operations(stopped) > sealed && operations(stopped) < sealed + 20)

  await stopped.put('data/more', 'x')
  const counted = operations(stopped)
  await pass(stopped, CHECK)
  assert.equal(operations(stopped), counted + 1, 'writing it down is an operation')
  for (let index = 0; index < 5; index++) await stopped.put(`data/${index}`, 'y')
  const crashed = await restarted(stopped, keys)
  const after = operations(crashed)
  assert(after > counted && after < counted + 20, `${counted}, then ${after}`)
})

test('a crash before the first look keeps what the last change of the keys had written down', async () => {
  const { world, keys } = await open()
  const before = operations(world)
  for (let index = 0; index < 5; index++) await world.put(`data/${index}`, 'x')
  const crashed = await restarted(world, keys)
  const unseal = operations(crashed) - before
  assert(unseal > 0 && unseal < 20, `${unseal} for the second unseal`)
  await crashed.custodian.dataKeys.rotate()
  const again = await restarted(crashed, keys)
  assert(operations(again) < 20, `${operations(again)} under the new term`)
})

test('a look on a server where nothing happens writes nothing', async () => {
  const { world } = await open()
  const before = world.storage.entries.get('core/operations')
  assert(before !== undefined)
  for (let look = 0; look < 5; look++) await pass(world, CHECK)
  assert.equal(world.storage.entries.get('core/operations'), before)
})

test('by age: not before, and at the first look at which the key is old enough', async () => {
  const { world } = await open()
  await world.custodian.dataKeys.configureRotation({ intervalMs: DAY })
  await pass(world, DAY - CHECK)
  assert.equal(term(world), 1)
  await pass(world, CHECK)
  assert.equal(term(world), 2)
  for (let look = 0; look < 3; look++) await pass(world, CHECK)
  assert.equal(term(world), 2, 'the new key is young')
  await pass(world, DAY)
  assert.equal(term(world), 3)
})

test('switched off, no key is old and none has done too much', async () => {
  const { world } = await open()
  await world.custodian.dataKeys.configureRotation({ enabled: false, intervalMs: DAY })
  await pass(world, 10 * DAY)
  assert.equal(term(world), 1)
  await world.custodian.dataKeys.configureRotation({ enabled: true })
  await pass(world, CHECK)
  assert.equal(term(world), 2)
})

test('sealed, nothing looks any more; open again, it goes on', async () => {
  const { world, keys } = await open()
  await world.custodian.dataKeys.configureRotation({ intervalMs: DAY })
  await world.custodian.seal('127.0.0.1')
  world.storage.arm(null)
  await pass(world, 2 * DAY)
  assert.equal(world.storage.operations, 0)
  await world.unseal(keys)
  assert.equal(term(world), 1)
  await pass(world, CHECK)
  assert.equal(term(world), 2)
})

test('a look that fails is logged and tried again at the next', async () => {
  for (const mode of ['lost', 'full'] as const) {
    const { world } = await open()
    await world.custodian.dataKeys.configureRotation({ intervalMs: DAY })
    world.storage.arm({ at: 1, mode })
    await pass(world, 2 * DAY)
    world.storage.arm(null)
    assert.equal(term(world), 1)
    assert.match(world.logged.join('\n'), /data key neither rotated nor counted/)
    assert.equal(world.fatal, null)
    await pass(world, CHECK)
    assert.equal(term(world), 2)
    await world.put('data/after', 'it goes on')
  }
})

test('a look whose outcome cannot be read back ends the process: the keys are wiped', async () => {
  const { world } = await open()
  await world.custodian.dataKeys.configureRotation({ intervalMs: DAY })
  const { storage } = world
  storage.arm({ at: 1, mode: 'kept' })
  storage.settle = () => Promise.reject(Object.assign(new Error('gone'), { code: 'storage_unavailable' }))
  await pass(world, 2 * DAY)
  assert.notEqual(world.fatal, null)
})

/** A store with the least `max_operations`, whose second term has `blocks` blocks of 15,625 behind it. */
async function worn(blocks: number): Promise<{ world: World; keys: ShareSet }> {
  const { world, keys } = await open()
  await world.custodian.dataKeys.configureRotation({ maxOperations: 1_000_000 })
  await world.custodian.dataKeys.rotate()
  let current = world
  // What a process that died had reserved counts as used; each restart reserves a block of its own.
  for (let block = 1; block < blocks; block++) current = await restarted(current, keys)
  return { world: current, keys }
}

test('exactly max_operations are sealed under one term, and the next seal is under a new one', async () => {
  const { world } = await worn(64)
  const { barrier } = world.session!
  assert.equal(term(world), 2)
  assert.equal(barrier.keyring.active.operations, 1_000_000)
  const left = barrier.room
  assert(left > 15_000 && left < 15_625, `${left} left`)
  const batch = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      op: 'put' as const,
      key: `data/${from + index}`,
      value: utf8('x'),
    }))
  await barrier.commit(batch(0, left))
  assert.deepEqual([term(world), barrier.room], [2, 0])
  await barrier.commit(batch(left, 1))
  assert.equal(term(world), 3)
  assert.equal(await world.read('data/0'), 'x')
  assert.equal(await world.read(`data/${left}`), 'x')
})

test('writers at once, right at the limit: all are stored, and the term changes once', async () => {
  const { world } = await worn(64)
  const { barrier } = world.session!
  const left = barrier.room
  await barrier.commit(
    Array.from({ length: left - 5 }, (_, index) => ({
      op: 'put' as const,
      key: `fill/${index}`,
      value: utf8('x'),
    })),
  )
  await Promise.all(Array.from({ length: 20 }, (_, index) => world.put(`data/${index}`, `number ${index}`)))
  assert.equal(term(world), 3)
  for (let index = 0; index < 20; index++) assert.equal(await world.read(`data/${index}`), `number ${index}`)
})

test('a seal within the last block of a term is stored, and opens', async () => {
  const { world, keys } = await worn(64)
  await world.put('data/last', 'before the seal')
  await world.custodian.seal('127.0.0.1')
  await world.unseal(keys)
  assert.equal(await world.read('data/last'), 'before the seal')
})

test('a limit lowered below what is reserved does not rotate; done beyond it, the next look does', async () => {
  const { world, keys } = await open()
  await world.custodian.dataKeys.configureRotation({ maxOperations: 1_000_000 })
  assert.equal(term(world), 1, 'few operations were done')
  await pass(world, CHECK)
  assert.equal(term(world), 1)
  // After a crash the whole first block of 2^24 counts as used.
  const crashed = await restarted(world, keys)
  assert.equal(term(crashed), 2, 'reserving for the unseal found the term spent')
})

test('switched off, a key that has sealed all it may refuses to seal more, until somebody rotates', async () => {
  const { world, keys } = await open()
  await world.custodian.dataKeys.configureRotation({ enabled: false })
  const session = world.session!
  await session.reserve(4_200_000_000)
  const crashed = await restarted(world, keys)
  await assert.rejects(crashed.session!.reserve(200_000_000), { code: 'key_exhausted' })
  await crashed.custodian.dataKeys.rotate()
  await crashed.put('data/after', 'x')
  assert.equal(term(crashed), 2)
})

for (const mode of ['lost', 'kept', 'full'] as const satisfies readonly FaultMode[]) {
  test(`a rotation that fails (${mode}) at any storage operation leaves a server that works`, async () => {
    for (let at = 1; ; at++) {
      const { world, keys } = await open()
      world.storage.arm({ at, mode })
      await world.custodian.dataKeys.rotate().catch(() => undefined)
      const reached = world.storage.operations >= at
      world.storage.arm(null)
      if (world.custodian.isOpen && world.fatal === null) {
        await world.put('data/after', 'x')
        const next = await restarted(world, keys)
        assert.equal(await next.read('data/after'), 'x')
        assert.equal(term(next), term(world))
      } else assert(await opens(world.storage, keys))
      if (!reached) break
    }
  })
}

test('versions that serve a store are remembered, each once, with the time of its first unseal', async () => {
  const { world, keys } = await open()
  const versions = async (one: World) =>
    (await one.custodian.archive.versions()).map(({ version, since }) => [version, since])
  const first = world.clock.now()
  assert.deepEqual(await versions(world), [['0.1.0', first]])
  world.clock.advance(DAY)
  const again = await restarted(world, keys)
  assert.deepEqual(await versions(again), [['0.1.0', first]])
  const stored = world.storage.entries.get('core/versions')
  assert.deepEqual(again.storage.entries.get('core/versions'), stored, 'not even written anew')
})
