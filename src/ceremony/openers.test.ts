import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimStorage } from '../../tests/sim/sim-storage.ts'
import { ANYBODY, plainTerms, World } from '../../tests/sim/world.ts'
import type { Barrier } from '../barrier/barrier.ts'
import { OPENERS_PATH } from '../barrier/paths.ts'
import { unixMillis } from '../base/clock.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import type { Opener } from './agreement.ts'
import { noteOpening } from './openers.ts'

const DAY_MS = 86_400_000
const NOON = 1_764_000_000_000

const holder = (shareNumber: number, set = 1): Opener => ({
  by: 'holder',
  setId: new Uint8Array(16).fill(set),
  shareNumber,
})

async function openBarrier(): Promise<Barrier> {
  const world = await World.start(new SimStorage(), 'openers')
  await world.unseal(await world.init(3, 2))
  return world.session!.barrier
}

/** Opens at `at`, and stores what belongs to it. */
async function openAt(barrier: Barrier, opener: Opener, at: number): Promise<void> {
  const writes = await noteOpening(barrier, opener, unixMillis(at))
  if (writes.length > 0) await barrier.commit(writes)
}

test('a holder opens three within 24 hours, and the fourth is refused in words', async () => {
  const barrier = await openBarrier()
  for (const minute of [0, 1, 2]) await openAt(barrier, holder(2), NOON + minute * 60_000)
  await assert.rejects(openAt(barrier, holder(2), NOON + DAY_MS - 1), {
    code: 'ceremony_limit',
    message: /^share 2 has opened 3 ceremonies within 24 hours/,
  })
})

test('24 hours after the first of them there is room again, to the millisecond', async () => {
  const barrier = await openBarrier()
  for (const minute of [0, 1, 2]) await openAt(barrier, holder(2), NOON + minute * 60_000)
  await openAt(barrier, holder(2), NOON + DAY_MS)
  await assert.rejects(openAt(barrier, holder(2), NOON + DAY_MS), { code: 'ceremony_limit' })
})

test('another holder, and the same number of another set, have three of their own', async () => {
  const barrier = await openBarrier()
  for (const opener of [holder(2), holder(1), holder(2, 9)]) {
    for (const _ of [1, 2, 3]) await openAt(barrier, opener, NOON)
  }
  for (const opener of [holder(2), holder(1), holder(2, 9)]) {
    await assert.rejects(openAt(barrier, opener, NOON), { code: 'ceremony_limit' })
  }
})

test('a token and nobody are counted by nobody', async () => {
  const barrier = await openBarrier()
  for (let count = 0; count < 5; count++) {
    await openAt(barrier, { by: 'token' }, NOON)
    await openAt(barrier, { by: 'nobody' }, NOON)
  }
  assert.equal(await barrier.get(OPENERS_PATH), null)
})

test('a clock that went back keeps nobody out', async () => {
  const barrier = await openBarrier()
  for (const _ of [1, 2, 3]) await openAt(barrier, holder(2), NOON + 10 * 365 * DAY_MS)
  for (const _ of [1, 2, 3]) await openAt(barrier, holder(2), NOON)
  await assert.rejects(openAt(barrier, holder(2), NOON), { code: 'ceremony_limit' })
})

test('the list forgets what no longer counts: it does not grow with the years', async () => {
  const barrier = await openBarrier()
  await openAt(barrier, holder(1), NOON)
  const { length } = (await barrier.get(OPENERS_PATH))!
  for (let day = 1; day < 50; day++) await openAt(barrier, holder(1), NOON + day * DAY_MS)
  assert.equal((await barrier.get(OPENERS_PATH))!.length, length)
})

test('a list that cannot be read counts nobody: it is a bound on noise, and closes no door', async () => {
  const barrier = await openBarrier()
  for (const _ of [1, 2, 3]) await openAt(barrier, holder(2), NOON)
  for (const value of ['', '{}', '{"format":2,"openings":[]}', '{"format":1,"openings":[{"at":1}]}']) {
    await barrier.commit([{ op: 'put', key: OPENERS_PATH, value: Buffer.from(value) }])
    assert.equal((await noteOpening(barrier, holder(2), unixMillis(NOON))).length, 1, value)
  }
})

test('what became of a ceremony gives no opening back', async () => {
  const world = await World.start(new SimStorage(), 'openers')
  const keys = await world.init(3, 2)
  await world.unseal(keys)
  using share = SecretBytes.copyOf(keys[0]!)
  const asked = { ...ANYBODY, credential: { by: 'holder', share }, access: 'guarded' } as const
  const terms = plainTerms({ shares: 3, threshold: 2 })
  for (const _ of [1, 2, 3]) {
    await world.custodian.rekey.start(terms, asked)
    assert(await world.custodian.rekey.cancel(asked), 'the opener alone ends it')
  }
  await assert.rejects(world.custodian.rekey.start(terms, asked), { code: 'ceremony_limit' })
})
