import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CEREMONY_EXPIRY_MS, DEALT_EXPIRY_MS } from '../../src/base/limits.ts'
import { type Holders, type Proposed, restart } from '../sim/holders.ts'
import { ANYBODY, type ShareSet } from '../sim/world.ts'
import { type Flow, type Found, newestOpens, oldOpens, unlessRepeated, walkFaults } from './fault-points.ts'
import { agreeTo, dealTo, giveBackAll, phaseOf, wrapped } from './going-on.ts'

const SAME = { shares: 3, threshold: 2 }

const FLOWS: Record<string, Flow> = {
  'to 2 of 3': verified(SAME),
  'to 3 of 5': verified({ shares: 5, threshold: 3 }),
  'to 1 of 1': verified({ shares: 1, threshold: 1 }),
  'that wants every new share back': verified({ ...SAME, verify: 'all' }),
  // Most of its operations are the unseals, which other flows walk through.
  'with a restart between each two steps': { ...verified(SAME, (holders) => restart(holders)), every: 11 },
  'whose verification is started over': verified(SAME, async (holders) => {
    if (phaseOf(holders) === 'dealt')
      await holders.world.custodian.rekey.restartVerification('modern', ANYBODY)
  }),
  'that is cancelled once new shares are out': { act: cancelled, ways: 1, holds: oldOpens },
  'for recipients, cancelled once their messages are out': {
    act: wrappedAndCancelled,
    ways: 1,
    holds: oldOpens,
  },
  'that its holders cancel': { act: cancelledByHolders, ways: 1, holds: oldOpens },
  'whose time runs out, and another after it': { act: expired, ways: 1, end: newestOpens },
}

for (const [name, flow] of Object.entries(FLOWS)) {
  test(`a verified rekey ${name}: after a fault at every storage operation exactly one set opens, and it goes on`, async (t) => {
    const points = await walkFaults(flow)
    t.diagnostic(`fault points: ${JSON.stringify(points)}; 0 without a way in, 0 with two`)
  })
}

function verified(proposed: Proposed, between?: (holders: Holders) => Promise<void>): Flow {
  const act = async (holders: Holders): Promise<void> => {
    if (isInstalled(holders)) return
    const after = between && (() => between(holders))
    await dealTo(holders, proposed, { by: first(holders), ...(after && { between: after }) })
    await giveBackAll(holders, after)
  }
  return { act, ways: 1, holds: oldUntilProven, end: newestOpens }
}

async function cancelled(holders: Holders): Promise<void> {
  if (phaseOf(holders) === null && holders.sets.length > 1) return
  await dealTo(holders, SAME, { by: first(holders) })
  await holders.giveBack(1).catch(unlessRepeated)
  await holders.cancel()
}

async function wrappedAndCancelled(holders: Holders): Promise<void> {
  if (phaseOf(holders) === null && holders.sets.length > 1) return
  await agreeTo(holders, await wrapped(holders, SAME), { by: first(holders) })
  await holders.cancel()
}

async function cancelledByHolders(holders: Holders): Promise<void> {
  if (phaseOf(holders) === null && holders.sets.length > 1) return
  await dealTo(holders, SAME, { by: first(holders) })
  // n - t + 1 of 3 and 2: as many as leave no quorum.
  for (const number of [3, 1]) await holders.object(number)
  assert.equal(phaseOf(holders), null, 'two holders of three are enough')
}

async function expired(holders: Holders): Promise<void> {
  if (isInstalled(holders)) return
  if (holders.sets.length === 1) {
    await dealTo(holders, SAME, { by: first(holders) })
    await holders.giveBack(1)
    holders.world.clock.advance(CEREMONY_EXPIRY_MS + DEALT_EXPIRY_MS)
    assert.equal(phaseOf(holders), null, 'its time is over')
  }
  await verified(SAME).act(holders)
}

function first({ sets }: Holders): ShareSet {
  return sets[0] ?? []
}

/** Also where its answer was lost. */
function isInstalled({ world }: Holders): boolean {
  return world.custodian.record?.live.number !== 1
}

/** Before new shares are out the old set opens; once enough came back and somebody was told so, the new. */
function oldUntilProven({ holders, opened }: Found): void {
  if (holders.wereTold('completed')) assert.equal(opened.at(-1), true)
  else if (opened.length === 1) assert.equal(opened[0], true)
}
