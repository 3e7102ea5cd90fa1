import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Recipient } from '../../src/ceremony/delivery.ts'
import { unwrap } from '../sim/sim-delivery.ts'
import { type FaultMode, SimStorage } from '../sim/sim-storage.ts'
import { ANYBODY, opens, type ShareSet, World } from '../sim/world.ts'
import { expectFailure } from './fault-points.ts'

const MODES: readonly FaultMode[] = ['lost', 'kept', 'full', 'crash']

/** Three people, and one more who is to read the root token. */
async function people({ delivery }: World): Promise<readonly Recipient[]> {
  const keys = [1, 2, 3, 4].map((number) => Buffer.from(`key ${number}`).toString('base64'))
  return await Promise.all(keys.map((key) => delivery.recipient(key)))
}

/** Shares as their recipients read them. */
async function initFor(
  world: World,
  [tokenRecipient, ...recipients]: readonly Recipient[],
): Promise<ShareSet> {
  const terms = { shares: 3, threshold: 2, recipients, tokenRecipient: tokenRecipient ?? null }
  using answer = await world.custodian.init(terms, ANYBODY.source)
  assert(answer.parcel.kind === 'wrapped')
  return answer.parcel.messages.map(({ message }) => unwrap(message))
}

test('init for recipients: after a fault at every storage operation nothing is stored, or what was handed out opens it', async (t) => {
  const points: Record<string, number> = {}
  for (const mode of MODES) {
    points[mode] = 0
    for (let at = 1; ; at++) {
      const world = await World.start(new SimStorage(), `${mode} ${at}`)
      const recipients = await people(world)
      world.storage.arm({ at, mode })
      const shares = await initFor(world, recipients).catch(expectFailure)
      const isReached = world.storage.operations >= at
      world.storage.arm(null)
      const next = await World.start(world.storage.reopened(), 'next')
      if (shares !== null) assert(await opens(world.storage, shares), `${mode} at operation ${at}`)
      else if (next.custodian.record === null) await initFor(next, recipients)
      else assert.equal(next.custodian.record.serial, 1, 'maybe undelivered, and it holds nothing')
      if (!isReached) break
      points[mode]++
    }
  }
  t.diagnostic(`fault points: ${JSON.stringify(points)}`)
})

for (const [who, index] of [
  ['the root token', 0],
  ['the first share', 1],
  ['the last share', 3],
] as const) {
  test(`init whose recipient of ${who} fails: nothing was written, and it is repeated`, async () => {
    const world = await World.start(new SimStorage(), who)
    const recipients = await people(world)
    world.delivery.broken.add(recipients[index]?.fingerprint ?? '')
    await assert.rejects(initFor(world, recipients), { code: 'parameters_invalid' })
    assert.equal(world.storage.entries.size, 0)
    assert.equal(world.custodian.record, null)
    world.delivery.broken.clear()
    const shares = await initFor(world, recipients)
    for (const share of shares.slice(1)) await world.custodian.unseal(SecretBytes.copyOf(share), 'test')
    assert(world.custodian.isOpen)
  })
}
