import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../src/base/errors.ts'
import { ANSWER_KEPT_MS, SEAL_COMMIT_MS } from '../../src/base/limits.ts'
import type { Recipient } from '../../src/ceremony/delivery.ts'
import { Holders } from '../sim/holders.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { opens, World } from '../sim/world.ts'

const SAME = { shares: 3, threshold: 2 }
const DIRECT = { ...SAME, verify: 'none' } as const

/** Lets everything happen that waits for nothing but its turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function open(): Promise<Holders> {
  const world = await World.start(new SimStorage(), 'hanging')
  const holders = new Holders(world, [await world.init(3, 2)])
  await holders.unseal()
  return holders
}

/** Seals while something is under way that does not end; resolves when the seal has given up waiting. */
async function sealOver({ world }: Holders): Promise<void> {
  const { barrier, rootKey, identity } = world.session!
  await turn()
  const sealed = world.custodian.seal('127.0.0.1')
  await turn()
  world.clock.advance(SEAL_COMMIT_MS - 1)
  await turn()
  assert(world.custodian.isOpen, 'until then it waits')
  world.clock.advance(1)
  await sealed
  assert(!world.custodian.isOpen)
  assert.throws(() => barrier.keyring, { code: 'sealed' }, 'the keys are wiped')
  assert(rootKey.isWiped && identity.seed.isWiped)
}

/** A failure that people can be told about, or `null`. */
async function codeOf(task: Promise<unknown>): Promise<string | null> {
  try {
    await task
    return null
  } catch (error) {
    if (hasCode(error, 'sealed') || hasCode(error, 'storage_unavailable')) return error.code
    throw error
  }
}

test('a seal wipes the keys after 2 s while a share is stored that hangs, and cancels at the next unseal', async () => {
  const holders = await open()
  await holders.propose(SAME)
  const release = holders.world.storage.hold()
  const given = codeOf(holders.agree(holders.newest, 1))
  await sealOver(holders)
  release()
  await given
  await holders.unseal()
  assert.equal(holders.runningId(), null)
})

test('a seal wipes the keys after 2 s while its own commit hangs', async () => {
  const holders = await open()
  await holders.propose(SAME)
  const release = holders.world.storage.hold()
  await sealOver(holders)
  release()
  await turn()
  await holders.unseal()
  assert.equal(holders.runningId(), null)
})

for (const [name, outcome] of Object.entries({ stored: 'kept', 'not stored': 'lost' } as const)) {
  test(`a verified install that outlives a seal and is ${name}: whichever set is live opens, without a new start`, async () => {
    const holders = await open()
    const [old = []] = holders.sets
    await holders.propose(SAME)
    for (const number of [1, 2]) await holders.agree(old, number)
    await holders.giveBack(1)
    const { world } = holders
    world.storage.arm(outcome === 'lost' ? { at: 1, mode: 'lost' } : null)
    const release = world.storage.hold()
    const given = codeOf(holders.giveBack(2))
    await sealOver(holders)
    release()
    assert.notEqual(await given, null, 'nobody is told that it is done')
    world.storage.arm(null)
    const [live, dead] = outcome === 'kept' ? [holders.newest, old] : [old, holders.newest]
    const code = outcome === 'kept' ? 'share_retired' : 'share_pending'
    await assert.rejects(world.unseal(dead), { code })
    await world.unseal(live)
    assert(world.custodian.isOpen)
    assert.equal(holders.runningId(), null, 'the seal has cancelled what it interrupted')
    assert(await opens(world.storage, live))
    assert(!(await opens(world.storage, dead)))
  })
}

test('a direct install that outlives a seal leaves the old set beside what nobody was given', async () => {
  const holders = await open()
  await holders.propose(DIRECT)
  await holders.agree(holders.newest, 1)
  const release = holders.world.storage.hold()
  const given = codeOf(holders.agree(holders.newest, 2))
  await sealOver(holders)
  release()
  assert.equal(await given, 'sealed')
  await holders.unseal()
  assert.notEqual(holders.world.custodian.record?.retiring, null)
})

test('a root token whose encryption outlives a seal is not made', async () => {
  const holders = await open()
  const release = hangingEncryption(holders)
  await holders.proposeToken((await holders.recipients(1))[0])
  await holders.agreeToken(holders.newest, 1)
  const given = codeOf(holders.agreeToken(holders.newest, 2))
  await sealOver(holders)
  release()
  assert.equal(await given, 'sealed')
  await holders.unseal()
  assert.equal(await holders.world.read('data/token'), null)
  assert.equal(holders.runningId('generateRoot'), null)
})

test('a rekey whose encryption outlives a seal deals nothing', async () => {
  const holders = await open()
  const release = hangingEncryption(holders)
  await holders.propose({ ...DIRECT, recipients: await holders.recipients(3) })
  await holders.agree(holders.newest, 1)
  const given = codeOf(holders.agree(holders.newest, 2))
  await sealOver(holders)
  release()
  assert.equal(await given, 'sealed')
  await holders.unseal()
  const { live, retiring } = holders.world.custodian.record!
  assert.deepEqual([live.number, retiring], [1, null])
})

test('evidence in the last of the five minutes still drops the old set', async () => {
  const holders = await open()
  const [old = []] = holders.sets
  await holders.propose(DIRECT)
  const id = holders.runningId() ?? ''
  for (const number of [1, 2]) await holders.agree(old, number)
  const { world } = holders
  const release = world.storage.hold()
  const shown = world.acknowledge(id)
  await turn()
  world.clock.advance(ANSWER_KEPT_MS)
  await turn()
  release()
  await shown
  assert.equal(world.custodian.record?.retiring, null)
  assert(await opens(world.storage, holders.newest))
})

test('a seal in the middle of that evidence leaves one way in or two, and the newest is among them', async () => {
  const holders = await open()
  const [old = []] = holders.sets
  await holders.propose(DIRECT)
  const id = holders.runningId() ?? ''
  for (const number of [1, 2]) await holders.agree(old, number)
  const release = holders.world.storage.hold()
  const shown = holders.world.acknowledge(id)
  await sealOver(holders)
  release()
  await shown
  assert(await opens(holders.world.storage, holders.newest))
  await holders.unseal()
})

/** Messages that are never ready, until what this returns is called. */
function hangingEncryption({ world }: Holders): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  const encrypt = world.delivery.encrypt.bind(world.delivery)
  world.delivery.encrypt = async (recipient: Recipient, plaintext): Promise<Uint8Array> => {
    const message = await encrypt(recipient, plaintext)
    await promise
    return message
  }
  return resolve
}
