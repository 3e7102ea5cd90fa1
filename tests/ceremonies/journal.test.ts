import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CEREMONY_UNJOINED_EXPIRY_MS, SEAL_COMMIT_MS } from '../../src/base/limits.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Asked } from '../../src/ceremony/access.ts'
import type { VerifyAnswer } from '../../src/ceremony/rekey-runner.ts'
import { SimSlots } from '../sim/sim-slots.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { plainTerms, type ShareSet, sharesOf, World } from '../sim/world.ts'

/** A token with `sudo`. */
const TOKEN: Asked = {
  credential: { by: 'token' },
  access: 'guarded',
  source: '192.0.2.7',
  path: 'sys/rekey/init',
}

async function open(): Promise<{ world: World; keys: ShareSet }> {
  const world = await World.start(new SimStorage(), 'journal')
  const keys = await world.init(5, 3)
  await world.unseal(keys)
  return { world, keys }
}

/** A new process on the same store and, unless another is given, the same journal; sealed. */
async function restart(world: World, journal?: SimSlots): Promise<World> {
  const { entries, journal: own } = world.storage.reopened()
  return await World.start(new SimStorage(entries, journal ?? own), 'restarted', world.clock)
}

/** What the journal says since `after`: kind, event, and the share where one is known. */
function said(world: World, after = 0): readonly string[] {
  return world.journal
    .entries()
    .filter((entry) => entry.sequence > after)
    .map(({ kind, event, share }) => `${kind} ${event}${share === null ? '' : ` ${share}`}`)
}

function newest(world: World): number {
  return world.journal.entries().at(-1)?.sequence ?? 0
}

const ceremonyId = (world: World): string =>
  world.custodian.rekey.status().running?.agreement.ceremonyId ?? ''

test('an unseal leaves who gave which share, and from where, in one ceremony', async () => {
  const world = await World.start(new SimStorage(), 'unseal')
  const keys = await world.init(5, 3)
  const give = (index: number, source: string): Promise<unknown> =>
    world.custodian.unseal(SecretBytes.copyOf(keys[index]!), source)
  await give(4, '192.0.2.5')
  await give(4, '192.0.2.5')
  const { nonce } = world.custodian.status()
  await give(0, '192.0.2.1')
  await give(2, '192.0.2.3')
  assert.deepEqual(
    world.journal
      .entries()
      .map(({ kind, event, share, source, ceremony }) => [kind, event, share, source, ceremony]),
    [
      ['init', 'completed', null, '127.0.0.1', null],
      ['unseal', 'share_counted', 5, '192.0.2.5', nonce],
      ['unseal', 'share_repeated', 5, '192.0.2.5', nonce],
      ['unseal', 'share_counted', 1, '192.0.2.1', nonce],
      ['unseal', 'share_counted', 3, '192.0.2.3', nonce],
      ['unseal', 'completed', null, '192.0.2.3', nonce],
    ],
  )
})

test('a share that does not count is no act: the custodian writes nothing of it', async () => {
  const world = await World.start(new SimStorage(), 'wrong')
  await world.init(5, 3)
  const before = newest(world)
  await assert.rejects(world.unseal([new Uint8Array(33).fill(9)]), { code: 'share_unknown' })
  assert.deepEqual(said(world, before), [])
})

test('a failure that met a share which was recognised says so, for the line that the door writes', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const ceremony = ceremonyId(world)
  world.storage.arm({ at: 1, mode: 'full' })
  await assert.rejects(world.give(keys[1]!), { code: 'storage_full', detail: { ceremony, shareNumber: 2 } })
})

test('a reset is recorded with the ceremony that it ends', async () => {
  const world = await World.start(new SimStorage(), 'reset')
  const keys = await world.init(5, 3)
  await world.unseal(keys.slice(0, 1))
  const { nonce } = world.custodian.status()
  await world.custodian.resetUnseal({ source: '192.0.2.8', direct: true, access: 'open', share: null })
  const { event, source, ceremony } = world.journal.entries().at(-1)!
  assert.deepEqual([event, source, ceremony], ['reset', '192.0.2.8', nonce])
})

test('a rekey leaves its whole life, and that its answer was given twice', async () => {
  const { world, keys } = await open()
  const before = newest(world)
  await world.startRekey({ shares: 4, threshold: 2 })
  const id = ceremonyId(world)
  await world.give(keys[0]!)
  await world.give(keys[0]!)
  await world.give(keys[1]!)
  await world.give(keys[2]!)
  await world.give(keys[2]!)
  await world.acknowledge(id)
  assert.deepEqual(said(world, before), [
    'rekey opened',
    'rekey share_counted 1',
    'rekey share_repeated 1',
    'rekey share_counted 2',
    'rekey share_counted 3',
    'rekey completed',
    'rekey answered_again 3',
    'rekey retired',
  ])
  const ceremonies = new Set(
    world.journal
      .entries()
      .slice(-8)
      .map((entry) => entry.ceremony),
  )
  assert.deepEqual([...ceremonies], [id])
})

test('a verified rekey leaves that new shares were dealt, and who gave which of them back', async () => {
  const { world, keys } = await open()
  const { rekey } = world.custodian
  const terms = { ...plainTerms({ shares: 3, threshold: 2 }), face: 'modern', verify: 'threshold' } as const
  const before = newest(world)
  const { running } = await rekey.start(terms, TOKEN)
  const nonce = running?.agreement.ceremonyId ?? ''
  const shareOf = (set: ShareSet, index: number): SecretBytes => SecretBytes.copyOf(set[index]!)
  const by = { face: 'modern', source: '192.0.2.4' } as const
  await rekey.submit({ ...by, share: shareOf(keys, 0), nonce })
  await rekey.submit({ ...by, share: shareOf(keys, 1), nonce })
  const answer = await rekey.submit({ ...by, share: shareOf(keys, 2), nonce })
  assert(answer.complete && answer.verificationNonce !== null)
  const fresh = sharesOf(answer)
  await rekey.verify({ ...by, share: shareOf(fresh, 2), nonce: answer.verificationNonce })
  const again = { ...by, share: shareOf(fresh, 2), nonce: answer.verificationNonce }
  await assert.rejects(rekey.verify(again), {
    code: 'share_duplicate',
    detail: { ceremony: nonce, shareNumber: 3 },
  })
  await rekey.restartVerification('modern', TOKEN)
  const next = rekey.status().running
  assert(next?.phase === 'dealt')
  await rekey.verify({ ...by, share: shareOf(fresh, 0), nonce: next.verificationNonce })
  await rekey.verify({ ...by, share: shareOf(fresh, 1), nonce: next.verificationNonce })
  assert.deepEqual(said(world, before), [
    'rekey opened',
    'rekey share_counted 1',
    'rekey share_counted 2',
    'rekey share_counted 3',
    'rekey dealt',
    'rekey share_returned 3',
    'rekey reset',
    'rekey share_returned 1',
    'rekey share_returned 2',
    'rekey completed',
  ])
})

test('the end of a verification that is told again completes nothing, also while another rekey runs', async () => {
  const { world, keys } = await open()
  const { rekey } = world.custodian
  const terms = { ...plainTerms({ shares: 2, threshold: 2 }), face: 'modern', verify: 'threshold' } as const
  const by = { face: 'modern', source: '192.0.2.4' } as const
  const verified = async (old: ShareSet): Promise<{ id: string; nonce: string; fresh: ShareSet }> => {
    await rekey.start(terms, TOKEN)
    const id = ceremonyId(world)
    let fresh: ShareSet = []
    for (const share of old) {
      const answer = await rekey.submit({ ...by, share: SecretBytes.copyOf(share), nonce: id })
      if (answer.complete) fresh = sharesOf(answer)
    }
    const { running } = rekey.status()
    assert(running?.phase === 'dealt')
    return { id, nonce: running.verificationNonce, fresh }
  }
  const giveBack = (share: Uint8Array, nonce: string): Promise<VerifyAnswer> =>
    rekey.verify({ ...by, share: SecretBytes.copyOf(share), nonce })
  const { id, nonce, fresh } = await verified(keys.slice(0, 3))
  for (const share of fresh) await giveBack(share, nonce)
  await rekey.start(terms, TOKEN)
  const before = newest(world)
  assert.equal((await giveBack(fresh[0]!, nonce)).complete, true)
  const { event, ceremony } = world.journal.entries().at(-1)!
  assert.deepEqual([said(world, before).length, event, ceremony], [1, 'answered_again', id])

  // The set that it made live is not any more: another one's share ends no verification of the past.
  await rekey.cancel(TOKEN)
  const next = await verified(fresh)
  for (const share of next.fresh) await giveBack(share, next.nonce)
  await assert.rejects(giveBack(next.fresh[0]!, nonce), { code: 'ceremony_not_running' })
})

test('a new share is no repetition of the one with its number in the set before', async () => {
  const { world, keys } = await open()
  const second = await world.rekey(keys, { shares: 3, threshold: 2 })
  await world.offer(second[1]!)
  const third = await world.rekey(second, { shares: 3, threshold: 2 })
  const before = newest(world)
  await world.offer(third[1]!)
  assert.deepEqual(said(world, before), ['rekey share_returned 2'])
})

test('new shares that are given to an open server while an old set is retiring are recorded', async () => {
  const { world, keys } = await open()
  const next = await world.rekey(keys, { shares: 3, threshold: 2 })
  const before = newest(world)
  const give = (share: Uint8Array): Promise<unknown> =>
    world.custodian.unseal(SecretBytes.copyOf(share), '192.0.2.4')
  await give(keys[0]!)
  await give(next[1]!)
  await give(next[1]!)
  await give(next[0]!)
  assert.deepEqual(said(world, before), [
    'rekey share_returned 2',
    'rekey share_repeated 2',
    'rekey share_returned 1',
    'rekey retired',
  ])
})

test('holders who open, object and end a rekey are recorded with their shares', async () => {
  const { world, keys } = await open()
  const { rekey } = world.custodian
  const holder = (index: number): Asked => {
    const share = SecretBytes.copyOf(keys[index]!)
    return {
      credential: { by: 'holder', share },
      access: 'guarded',
      source: '192.0.2.9',
      path: 'sys/rekey/init',
    }
  }
  const before = newest(world)
  await rekey.start(plainTerms({ shares: 3, threshold: 2 }), holder(0))
  await world.give(keys[4]!)
  for (const index of [1, 1, 2, 3]) await rekey.cancel(holder(index))
  assert.deepEqual(said(world, before), [
    'rekey opened 1',
    'rekey share_counted 5',
    'rekey cancel_counted 2',
    'rekey share_repeated 2',
    'rekey cancel_counted 3',
    'rekey cancelled 4',
  ])
})

test('a root token leaves who made it', async () => {
  const { world, keys } = await open()
  const { generateRoot } = world.custodian
  const before = newest(world)
  using otp = SecretBytes.take(new Uint8Array(28).fill(0x41))
  const { running } = await generateRoot.start({ by: 'otp', otp }, TOKEN)
  const nonce = running?.agreement.ceremonyId ?? ''
  for (const index of [0, 2, 4]) {
    const answer = await generateRoot.submit({
      share: SecretBytes.copyOf(keys[index]!),
      nonce,
      source: '192.0.2.4',
    })
    if (answer.complete) answer.encodedToken[Symbol.dispose]()
  }
  await generateRoot.start({ by: 'otp', otp }, TOKEN)
  await generateRoot.cancel(TOKEN)
  assert.deepEqual(said(world, before), [
    'generate_root opened',
    'generate_root share_counted 1',
    'generate_root share_counted 3',
    'generate_root share_counted 5',
    'generate_root completed',
    'generate_root opened',
    'generate_root cancelled',
  ])
  assert.equal(
    world.journal.entries().find((entry) => entry.event === 'completed' && entry.ceremony === nonce)?.source,
    '192.0.2.4',
  )
})

test('who cancelled a rekey is recorded; cancelling nothing is not', async () => {
  const { world } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const id = ceremonyId(world)
  const before = newest(world)
  await world.custodian.rekey.cancel(TOKEN)
  await world.custodian.rekey.cancel(TOKEN)
  assert.deepEqual(said(world, before), ['rekey cancelled'])
  const { ceremony, source, credential } = world.journal.entries().at(-1)!
  assert.deepEqual([ceremony, source, credential], [id, '192.0.2.7', 'token'])
})

test('a rekey that ran out of time ends in the journal when somebody notices', async () => {
  const { world } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const before = newest(world)
  world.clock.advance(CEREMONY_UNJOINED_EXPIRY_MS)
  await world.startRekey({ shares: 4, threshold: 2 })
  assert.deepEqual(said(world, before), ['rekey expired', 'rekey opened'])
})

test('a rekey whose set is dropped by other evidence ends as superseded', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const first = ceremonyId(world)
  await world.giveAll(keys)
  await world.startRekey({ shares: 3, threshold: 2 })
  const before = newest(world)
  await world.acknowledge(first)
  assert.deepEqual(said(world, before), ['rekey superseded', 'rekey retired'])
})

test('a seal says who asked for it and what it cancelled; a clean stop says that nobody did', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const before = newest(world)
  await world.custodian.seal('192.0.2.7')
  await world.unseal(keys)
  await world.custodian.stop()
  const all = world.journal.entries().filter((entry) => entry.sequence > before)
  assert.deepEqual(
    all.filter(({ kind }) => kind !== 'unseal').map(({ kind, event, source }) => [kind, event, source]),
    [
      ['rekey', 'cancelled', '192.0.2.7'],
      ['seal', 'completed', '192.0.2.7'],
      ['seal', 'stopped', null],
    ],
  )
})

test('a server that seals itself because the store was changed beneath it says why', async () => {
  const { world, keys } = await open()
  const older = world.storage.reopened()
  await world.session!.change({ term: 'new', entries: [] })
  for (const key of ['core/custody', 'core/keyring']) world.storage.entries.set(key, older.entries.get(key)!)
  await world.startRekey({ shares: 3, threshold: 2 })
  await assert.rejects(world.giveAll(keys), { code: 'condition_failed' })
  const { kind, event, reason } = world.journal.entries().at(-1)!
  assert.deepEqual([kind, event, reason], ['seal', 'stepped_down', 'condition_failed'])
})

test('a seal that cannot store its cancellation leaves a mark: the next process cancels, not this one alone', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const id = ceremonyId(world)
  await world.give(keys[0]!)
  world.storage.arm({ at: 1, mode: 'full' })
  await world.custodian.seal('192.0.2.7')
  assert.notEqual(world.journal.sealMark, null)

  const next = await restart(world)
  await next.unseal(keys)
  assert.equal(next.custodian.rekey.status().running, null)
  assert.equal(next.journal.sealMark, null, 'done, and not done again')
  const later = await restart(next)
  await later.unseal(keys)
  assert.equal(later.custodian.rekey.status().running, null, 'the store knows it now')

  const without = await restart(world, new SimSlots())
  await without.unseal(keys)
  assert.equal(ceremonyId(without), id, 'it was the mark: without it the rekey goes on')
})

test('the mark ends the making of a root token as well', async () => {
  const { world, keys } = await open()
  using otp = SecretBytes.take(new Uint8Array(28).fill(0x41))
  await world.custodian.generateRoot.start({ by: 'otp', otp }, TOKEN)
  world.storage.arm({ at: 1, mode: 'full' })
  await world.custodian.seal('192.0.2.7')
  const next = await restart(world)
  await next.unseal(keys)
  assert.equal(next.custodian.generateRoot.status().running, null)
  assert.equal(next.journal.sealMark, null)
  const later = await restart(next, new SimSlots())
  await later.unseal(keys)
  assert.equal(later.custodian.generateRoot.status().running, null, 'the store knows it now')
})

test('a seal that does not wait for a change which hangs leaves the mark as well', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  world.storage.commit = () => new Promise(() => undefined)
  void world.give(keys[0]!)
  await new Promise(setImmediate)
  const sealed = world.custodian.seal('192.0.2.7')
  await new Promise(setImmediate)
  world.clock.advance(SEAL_COMMIT_MS)
  await sealed
  assert.equal(world.custodian.isOpen, false)
  assert.deepEqual(said(world).slice(-2), ['rekey cancelled', 'seal completed'])
  const next = await restart(world)
  await next.unseal(keys)
  assert.equal(next.custodian.rekey.status().running, null)
})

test('a process that dies while its seal is being stored leaves the mark too', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  world.storage.commit = () => new Promise(() => undefined)
  void world.custodian.seal('192.0.2.7')
  await new Promise(setImmediate)
  const next = await restart(world)
  await next.unseal(keys)
  assert.equal(next.custodian.rekey.status().running, null)
})

test('where the disk stays full the store opens, shows no rekey, moves none, and cancels it once there is room', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  const id = ceremonyId(world)
  await world.give(keys[0]!)
  world.storage.arm({ at: 1, mode: 'full' })
  await world.custodian.seal('192.0.2.7')

  const full = await restart(world)
  const commit = full.storage.commit.bind(full.storage)
  full.storage.commit = async () => {
    const { OperatingError } = await import('../../src/base/errors.ts')
    throw new OperatingError('storage_full', 'no room')
  }
  await full.unseal(keys)
  assert(full.custodian.isOpen, 'the mark is never in the way of an unseal')
  assert.equal(full.custodian.rekey.status().running, null)
  assert.equal(full.custodian.rekey.status().progress, 0)
  await assert.rejects(full.give(keys[1]!), { code: 'storage_full' })
  await assert.rejects(full.startRekey({ shares: 2, threshold: 2 }), { code: 'storage_full' })
  assert.notEqual(full.journal.sealMark, null)

  full.storage.commit = commit
  await full.startRekey({ shares: 2, threshold: 2 })
  assert.notEqual(ceremonyId(full), id)
  assert.equal(full.journal.sealMark, null)
  assert.equal(full.custodian.rekey.status().progress, 0)
})

test('a seal that was stored leaves no mark, and a clean stop sets none', async () => {
  const { world, keys } = await open()
  await world.startRekey({ shares: 4, threshold: 2 })
  await world.custodian.stop()
  assert.equal(world.journal.sealMark, null)
  const next = await restart(world)
  await next.unseal(keys)
  await next.custodian.seal('192.0.2.7')
  assert.equal(next.journal.sealMark, null)
})

test('with the disk of the journal gone, everything else works', async () => {
  const world = await World.start(new SimStorage(), 'broken')
  world.storage.journal.isBroken = true
  const keys = await world.init(5, 3)
  await world.unseal(keys)
  const next = await world.rekey(keys, { shares: 4, threshold: 2 })
  await world.custodian.seal('192.0.2.7')
  await world.unseal(next)
  assert(world.custodian.isOpen)
  assert.equal(await world.read('data/first'), 'written at init')
  assert.equal(world.logged.filter((line) => line.includes('journal')).length, 1)
})
