import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CEREMONY_EXPIRY_MS, DEALT_EXPIRY_MS } from '../../src/base/limits.ts'
import type { Transcript } from '../sim/auditor.ts'
import type { Holders } from '../sim/holders.ts'
import { type Flow, type Found, newestOpens, oldOpens, unlessRepeated, walkFaults } from './fault-points.ts'
import { agreeTo, dealTo, giveBackAll, phaseOf, wrapped } from './going-on.ts'

const SAME = { shares: 3, threshold: 2 }
const DIRECT = { ...SAME, verify: 'none' } as const

const FLOWS: Record<string, Flow> = {
  'a direct rekey for recipients, with a backup': {
    act: forRecipients,
    ways: 2,
    holds: backupIsWhole,
    end: newestOpens,
  },
  'a direct rekey whose last recipient fails at the deal': {
    act: recipientFails,
    ways: 2,
    holds: backupIsWhole,
    end: newestOpens,
  },
  'a second direct rekey by the old set, before the first is proven': {
    prepare: unproven,
    act: (holders) => directBy(holders, 0),
    ways: 2,
    holds: oldOpens,
    end: ({ opened }) => assert.deepEqual(opened, [true, false, true]),
  },
  'a second direct rekey by the new set, before the first is proven': {
    prepare: unproven,
    act: (holders) => directBy(holders, 1),
    ways: 2,
    end: ({ opened }) => assert.deepEqual(opened, [false, true, true]),
  },
  'a verified rekey by the old set, before a direct one is proven': {
    prepare: unproven,
    act: (holders) => verifiedBy(holders, 0),
    ways: 2,
    end: ({ opened }) => assert.deepEqual(opened, [false, false, true]),
  },
  'a verified rekey by the new set, before a direct one is proven': {
    prepare: unproven,
    act: (holders) => verifiedBy(holders, 1),
    ways: 2,
    end: ({ opened }) => assert.deepEqual(opened, [false, false, true]),
  },
  'evidence that ends a verified rekey of both sets': {
    prepare: unproven,
    act: provenWhileDealt,
    ways: 2,
    end: ({ holders, opened }) => {
      assert.deepEqual(opened, [false, true, false])
      assert.equal(phaseOf(holders), null, 'it named a set that opens no more')
    },
  },
  'evidence after the time of a verified rekey of both sets': {
    prepare: unproven,
    act: provenWhenExpired,
    ways: 2,
    end: ({ opened, transcripts }) => {
      assert.deepEqual(opened, [false, true, false])
      const ends = [...transcripts.values()].filter(({ kind }) => kind === 'rekey').map(lastEvent)
      assert(ends.includes('expired') && !ends.includes('dealt'), ends.join())
    },
  },
}

for (const [name, flow] of Object.entries(FLOWS)) {
  test(`${name}: after a fault at every storage operation a set opens, never three, and it goes on`, async (t) => {
    const points = await walkFaults(flow)
    t.diagnostic(`fault points: ${JSON.stringify(points)}; 0 without a way in, 0 with three`)
  })
}

async function forRecipients(holders: Holders): Promise<void> {
  if (holders.wereTold('completed')) return
  await agreeTo(holders, await wrapped(holders, DIRECT), { by: holders.sets[0] ?? [] })
}

/** The recipient of the last share: the ones before are wrapped already when it fails. */
async function recipientFails(holders: Holders): Promise<void> {
  const { broken } = holders.world.delivery
  const people = await holders.recipients(SAME.shares)
  const old = holders.sets[0] ?? []
  if (holders.wereTold('completed')) return
  if (phaseOf(holders) === null) await holders.propose(await wrapped(holders, DIRECT))
  await holders.agree(old, 1).catch(unlessRepeated)
  broken.add(people.at(-1)?.fingerprint ?? '')
  await assert.rejects(holders.agree(old, 2), { code: 'parameters_invalid' })
  assert.equal(holders.world.custodian.rekey.status().progress, 1, 'nothing is lost')
  broken.clear()
  await holders.agree(old, 2)
}

/** A direct rekey whose answer nobody has shown to have arrived. */
async function unproven(holders: Holders): Promise<void> {
  await agreeTo(holders, DIRECT, { by: holders.newest })
  holders.told.length = 0
}

async function directBy(holders: Holders, set: number): Promise<void> {
  if (holders.wereTold('completed')) return
  await agreeTo(holders, DIRECT, { by: holders.sets[set] ?? [] })
}

async function verifiedBy(holders: Holders, set: number): Promise<void> {
  if (holders.world.custodian.record?.live.number !== 2) return
  await dealTo(holders, SAME, { by: holders.sets[set] ?? [] })
  await giveBackAll(holders)
}

/** Two new shares, given to the open server, prove the direct rekey: the verified one named the old set. */
async function provenWhileDealt(holders: Holders): Promise<void> {
  const [old = [], unprovenSet = []] = holders.sets
  const { custodian } = holders.world
  if (custodian.record?.retiring === null) return
  await dealTo(holders, SAME, { by: old })
  // Evidence that cannot be stored is no error: the next share tries again.
  for (const number of [1, 2]) await holders.show(unprovenSet, number)
}

/** What was overdue and not yet closed names a set that opens no more, and is closed with it. */
async function provenWhenExpired(holders: Holders): Promise<void> {
  const [old = [], unprovenSet = []] = holders.sets
  if (holders.world.custodian.record?.retiring === null) return
  if (holders.sets.length === 2) {
    await dealTo(holders, SAME, { by: old })
    holders.world.clock.advance(CEREMONY_EXPIRY_MS + DEALT_EXPIRY_MS)
  }
  for (const number of [1, 2]) await holders.show(unprovenSet, number)
}

function lastEvent({ events }: Transcript): string | undefined {
  return events.at(-1)
}

/** Messages are kept in the commit that hands them out, all of them or none. */
async function backupIsWhole({ holders, inside, transcripts }: Found): Promise<void> {
  const backup = await inside.custodian.rekey.backup()
  const isDone = [...transcripts.values()].some(
    ({ kind, events }) => kind === 'rekey' && events.includes('completed'),
  )
  assert.equal(backup?.messages.length ?? 0, isDone ? SAME.shares : 0)
  assert(isDone || !holders.wereTold('completed'))
}
