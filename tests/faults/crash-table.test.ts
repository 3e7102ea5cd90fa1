import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ANSWER_KEPT_MS, CEREMONY_EXPIRY_MS } from '../../src/base/limits.ts'
import { Holders, restart } from '../sim/holders.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { opens, type ShareSet, World } from '../sim/world.ts'

const SAME = { shares: 3, threshold: 2 }
const DIRECT = { ...SAME, verify: 'none' } as const

async function open(): Promise<Holders> {
  const world = await World.start(new SimStorage(), 'crash table')
  const holders = new Holders(world, [await world.init(3, 2)])
  await holders.unseal()
  return holders
}

/** The process dies right here: which of the sets that were handed out open what it leaves. */
async function openAfterDeath({ world, sets }: Holders): Promise<readonly boolean[]> {
  const left = world.storage.reopened()
  const opened: boolean[] = []
  for (const set of sets) opened.push(await opens(left, set))
  return opened
}

/** A direct rekey by the newest set; its id. */
async function installed(holders: Holders, by: ShareSet = holders.newest): Promise<string> {
  await holders.propose(DIRECT)
  const id = holders.runningId() ?? ''
  for (const number of [1, 2]) await holders.agree(by, number)
  return id
}

async function dealt(holders: Holders): Promise<void> {
  const [old = []] = holders.sets
  await holders.propose(SAME)
  for (const number of [1, 2]) await holders.agree(old, number)
}

// custody.md section 5: a row is what was written last, and what opens if the process dies right after it.
describe('the process dies right after', () => {
  test('init, nothing yet: nothing is stored, and init can be repeated', async () => {
    const world = await World.start(new SimStorage(), 'init')
    world.storage.arm({ at: 1, mode: 'full' })
    await assert.rejects(world.init(3, 2), { code: 'storage_full' })
    assert.equal(world.storage.entries.size, 0)
    const next = await World.start(world.storage.reopened(), 'again')
    assert(await opens(next.storage, await next.init(3, 2)))
  })

  test('init, the commit: the new set opens, and where its answer was lost, a store of serial 1 holds nothing', async () => {
    const world = await World.start(new SimStorage(), 'init')
    world.storage.arm({ at: 1, mode: 'crash' })
    await assert.rejects(world.init(3, 2), { name: 'Crashed' })
    const next = await World.start(world.storage.reopened(), 'next')
    assert.equal(next.custodian.record?.serial, 1)
    await assert.rejects(next.init(3, 2), { code: 'already_initialized' })
    const told = await World.start(new SimStorage(), 'init')
    assert(await opens(told.storage, await told.init(3, 2)))
  })

  test('the statement of a rekey: the old set opens', async () => {
    const holders = await open()
    await holders.propose(DIRECT)
    assert.deepEqual(await openAfterDeath(holders), [true])
  })

  test('a consent below the threshold: the old set opens, and the consent counts', async () => {
    const holders = await open()
    await holders.propose(DIRECT)
    await holders.agree(holders.newest, 1)
    assert.deepEqual(await openAfterDeath(holders), [true])
    await restart(holders, holders.world.storage.reopened())
    assert.equal(holders.world.custodian.rekey.status().progress, 1)
  })

  test('the public keys of a pending set: the old set opens, and the new one does not', async () => {
    const holders = await open()
    await dealt(holders)
    assert.deepEqual(await openAfterDeath(holders), [true, false])
  })

  test('new shares given back, in memory: the old set opens, and they are given back from 0', async () => {
    const holders = await open()
    await dealt(holders)
    const { running } = holders.world.custodian.rekey.status()
    assert(running?.phase === 'dealt')
    await holders.giveBack(1)
    assert.deepEqual(await openAfterDeath(holders), [true, false])
    await restart(holders, holders.world.storage.reopened())
    const after = holders.world.custodian.rekey.status()
    assert.equal(after.verification.progress, 0)
    assert(after.running?.phase === 'dealt')
    assert.equal(after.running.verificationNonce, running.verificationNonce, 'the same nonce')
    assert.deepEqual(after.running.pending, running.pending, 'the same set')
    assert.equal(await holders.giveBack(2), false)
    assert.equal(await holders.giveBack(3), true)
  })

  test('a verified install: the new set opens, proven', async () => {
    const holders = await open()
    await dealt(holders)
    await holders.giveBack(1)
    holders.world.storage.arm({ at: 1, mode: 'crash' })
    await assert.rejects(holders.giveBack(2), { name: 'Crashed' })
    assert.deepEqual(await openAfterDeath(holders), [false, true])
    await restart(holders, holders.world.storage.reopened())
    assert.equal(holders.world.custodian.record?.retiring, null)
  })

  test('a direct install, before its answer: the old set opens, beside one that nobody was given', async () => {
    const holders = await open()
    await holders.propose(DIRECT)
    await holders.agree(holders.newest, 1)
    holders.world.storage.arm({ at: 1, mode: 'crash' })
    await assert.rejects(holders.agree(holders.newest, 2), { name: 'Crashed' })
    assert.deepEqual(await openAfterDeath(holders), [true])
    await restart(holders, holders.world.storage.reopened())
    assert.equal(holders.world.custodian.record?.live.number, 2)
  })

  test('the answer of a direct rekey, unacknowledged: the old and the new set open', async () => {
    const holders = await open()
    await installed(holders)
    assert.deepEqual(await openAfterDeath(holders), [true, true])
  })

  test('the five minutes of a direct rekey: the old and the new set open', async () => {
    const holders = await open()
    const id = await installed(holders)
    holders.world.clock.advance(ANSWER_KEPT_MS)
    await new Promise(setImmediate)
    await holders.world.acknowledge(id)
    assert.deepEqual(await openAfterDeath(holders), [true, true], 'too late for this evidence')
  })

  test('the second install, on evidence (a): the new set opens', async () => {
    const holders = await open()
    await holders.world.acknowledge(await installed(holders))
    assert.deepEqual(await openAfterDeath(holders), [false, true])
  })

  test('the second install, on evidence (b): the new set opens', async () => {
    const holders = await open()
    await installed(holders)
    await holders.show(holders.newest, 3)
    assert.deepEqual(await openAfterDeath(holders), [true, true], 'one of two shares is no proof')
    await holders.show(holders.newest, 1)
    assert.deepEqual(await openAfterDeath(holders), [false, true])
  })

  test('a second direct install before the first is proven: the agreeing set and the newest open', async () => {
    const byOld = await open()
    await installed(byOld)
    await installed(byOld, byOld.sets[0])
    assert.deepEqual(await openAfterDeath(byOld), [true, false, true])
    const byNew = await open()
    await installed(byNew)
    await installed(byNew)
    assert.deepEqual(await openAfterDeath(byNew), [false, true, true])
  })

  test('a keyring rotation while a set is retiring: both open, slot and link untouched', async () => {
    const holders = await open()
    await installed(holders)
    const before = holders.world.custodian.record
    await holders.world.custodian.dataKeys.rotate()
    const after = holders.world.custodian.record
    assert.deepEqual(after?.live.slot, before?.live.slot)
    assert.deepEqual(after?.retiring, before?.retiring)
    assert.deepEqual(await openAfterDeath(holders), [true, true])
  })

  for (const [how, end] of Object.entries({
    'a cancellation': (holders: Holders) => holders.cancel(),
    'an expiry': async (holders: Holders) => {
      holders.world.clock.advance(CEREMONY_EXPIRY_MS)
      await holders.propose(SAME)
    },
    'an explicit seal': (holders: Holders) => holders.world.custodian.seal('127.0.0.1'),
  })) {
    test(`${how} of a rekey that collects: the old set opens, as before, and nothing of it goes on`, async () => {
      const holders = await open()
      await holders.propose(DIRECT)
      const id = holders.runningId()
      await holders.agree(holders.newest, 1)
      await end(holders)
      assert.deepEqual(await openAfterDeath(holders), [true])
      await restart(holders, holders.world.storage.reopened())
      assert.notEqual(holders.runningId(), id)
    })

    test(`${how} of a rekey with new shares out: the old set opens, as before, and the new one never will`, async () => {
      const holders = await open()
      await dealt(holders)
      const id = holders.runningId()
      await holders.giveBack(1)
      holders.world.clock.advance(how === 'an expiry' ? 7 * CEREMONY_EXPIRY_MS : 0)
      await end(holders)
      assert.deepEqual(await openAfterDeath(holders), [true, false])
      await restart(holders, holders.world.storage.reopened())
      assert.notEqual(holders.runningId(), id)
      assert.equal(holders.world.custodian.record?.retired[0]?.end, 'cancelled')
    })
  }

  test('a seal whose commit never came to the store: the mark in the journal cancels at the next unseal', async () => {
    const holders = await open()
    await holders.propose(DIRECT)
    await holders.agree(holders.newest, 1)
    holders.world.storage.arm({ at: 1, mode: 'lost' })
    await holders.world.custodian.seal('127.0.0.1')
    holders.world.storage.arm(null)
    assert.deepEqual(await openAfterDeath(holders), [true])
    await restart(holders, holders.world.storage.reopened())
    assert.equal(holders.runningId(), null)
  })

  for (const [what, mode] of Object.entries({ stored: 'kept', 'not stored': 'lost' } as const)) {
    test(`a commit of unknown outcome that was ${what}: it is read back before anybody is answered, and holds as read`, async () => {
      const holders = await open()
      await dealt(holders)
      await holders.giveBack(1)
      holders.world.storage.arm({ at: 1, mode })
      const answer = holders.giveBack(2)
      if (mode === 'kept') assert.equal(await answer, true)
      else await assert.rejects(answer, { code: 'storage_unavailable', message: /nothing was changed/ })
      holders.world.storage.arm(null)
      assert.deepEqual(await openAfterDeath(holders), [mode === 'lost', mode === 'kept'])
      if (mode === 'lost') assert.equal(await holders.giveBack(2), true, 'the same holder gives it again')
      assert.deepEqual(await openAfterDeath(holders), [false, true])
    })
  }

  test('a commit whose outcome cannot be read back: the keys are wiped and the process ends, and a new one reads', async () => {
    const holders = await open()
    await dealt(holders)
    await holders.giveBack(1)
    const { world } = holders
    const { barrier } = world.session!
    world.storage.arm({ at: 1, mode: 'kept' })
    world.storage.settle = () => Promise.reject(new Error('EIO'))
    await assert.rejects(holders.giveBack(2), { name: 'OutcomeUnknownError' })
    assert.notEqual(world.fatal, null)
    assert.throws(() => barrier.keyring, { code: 'sealed' })
    assert.deepEqual(await openAfterDeath(holders), [false, true])
  })
})
