import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CEREMONY_EXPIRY_MS } from '../../src/base/limits.ts'
import type { Recipient } from '../../src/ceremony/delivery.ts'
import { decodeToken, type Holders, restart } from '../sim/holders.ts'
import { type Flow, type Found, newestOpens, unlessRepeated, walkFaults } from './fault-points.ts'

const TOKEN = 'hvs.simulated-generated-root'

const FLOWS: Record<string, Flow> = {
  'under a one-time password': {
    act: (holders) => make(holders, null),
    ways: 1,
    holds: wholeOrNot,
    end: ({ holders }) => assert.equal(decodeToken(holders.tokens.at(-1) ?? new Uint8Array()), TOKEN),
  },
  'for a recipient': {
    act: async (holders) => make(holders, await recipient(holders)),
    ways: 1,
    holds: wholeOrNot,
    end: ({ holders }) => assert.equal(holders.tokens.length, 1),
  },
  'with a restart between each two shares': {
    act: (holders) => make(holders, null, () => restart(holders)),
    ways: 1,
    holds: wholeOrNot,
    every: 5,
  },
  'whose recipient fails at the end': { act: recipientFails, ways: 1, holds: wholeOrNot },
  'that is cancelled': { act: cancelled, ways: 1, holds: notMade },
  'that its holders cancel': { act: cancelledByHolders, ways: 1, holds: notMade },
  'whose time runs out, and another after it': { act: expired, ways: 1, holds: wholeOrNot },
  'that an explicit seal cancels': { act: sealed, ways: 1, holds: notMade, every: 3 },
  'that a rekey supersedes': { act: superseded, ways: 2, holds: notMade, end: newestOpens },
}

for (const [name, flow] of Object.entries(FLOWS)) {
  test(`a root token ${name}: after a fault at every storage operation it is made and closed, or neither`, async (t) => {
    const points = await walkFaults(flow)
    t.diagnostic(`fault points: ${JSON.stringify(points)}; 0 half-made tokens`)
  })
}

/** From wherever it stands until somebody has the token. */
async function make(
  holders: Holders,
  recipient: Recipient | null,
  between: () => Promise<void> = async () => {},
): Promise<void> {
  if (holders.wereTold('completed')) return
  if (holders.runningId('generateRoot') === null) await holders.proposeToken(recipient)
  for (let number = 1; holders.runningId('generateRoot') !== null; number++) {
    await between()
    await holders.agreeToken(holders.newest, number).catch(unlessRepeated)
  }
}

async function recipient(holders: Holders): Promise<Recipient> {
  const [first] = await holders.recipients(1)
  assert(first !== undefined)
  return first
}

/** The same holder gives again once the recipient can be encrypted to. */
async function recipientFails(holders: Holders): Promise<void> {
  const person = await recipient(holders)
  if (holders.wereTold('completed')) return
  if (holders.runningId('generateRoot') === null) await holders.proposeToken(person)
  await holders.agreeToken(holders.newest, 1).catch(unlessRepeated)
  holders.world.delivery.broken.add(person.fingerprint)
  await assert.rejects(holders.agreeToken(holders.newest, 2), { code: 'parameters_invalid' })
  assert.equal(holders.world.custodian.generateRoot.status().progress, 1)
  holders.world.delivery.broken.clear()
  await holders.agreeToken(holders.newest, 2)
}

async function begin(holders: Holders): Promise<void> {
  if (holders.runningId('generateRoot') === null) await holders.proposeToken()
  await holders.agreeToken(holders.newest, 1).catch(unlessRepeated)
}

async function cancelled(holders: Holders): Promise<void> {
  await begin(holders)
  await holders.cancel('generateRoot')
  assert.equal(holders.runningId('generateRoot'), null)
}

async function cancelledByHolders(holders: Holders): Promise<void> {
  await begin(holders)
  for (const number of [2, 3]) await holders.object(number, 'generateRoot')
  assert.equal(holders.runningId('generateRoot'), null)
}

async function expired(holders: Holders): Promise<void> {
  if (holders.wereTold('completed')) return
  if (!holders.wereTold('agree 1')) {
    await begin(holders)
    holders.world.clock.advance(CEREMONY_EXPIRY_MS)
    assert.equal(holders.runningId('generateRoot'), null)
  }
  await make(holders, null)
}

async function sealed(holders: Holders): Promise<void> {
  await begin(holders)
  await holders.seal()
  assert.equal(holders.runningId('generateRoot'), null)
}

/** Its holders lose their say in the commit that replaces their set. */
async function superseded(holders: Holders): Promise<void> {
  if (holders.world.custodian.record?.live.number === 1) {
    await begin(holders)
    if (holders.runningId() === null) await holders.propose({ shares: 3, threshold: 2, verify: 'none' })
    for (let number = 1; holders.runningId() !== null; number++) {
      await holders.agree(holders.newest, number).catch(unlessRepeated)
    }
  }
  assert.equal(holders.runningId('generateRoot'), null)
}

/** Half of a token would be one that the store knows while its ceremony goes on, or the other way round. */
async function wholeOrNot({ holders, inside, transcripts }: Found): Promise<void> {
  const isKnown = (await inside.read('data/token')) !== null
  const isClosed = [...transcripts.values()].some(
    ({ kind, events }) => kind === 'generate-root' && events.includes('completed'),
  )
  assert.equal(isKnown, isClosed, 'a token is known exactly where its ceremony has ended')
  assert(isKnown || holders.tokens.length === 0, 'a token that was handed out is known')
}

async function notMade(found: Found): Promise<void> {
  await wholeOrNot(found)
  assert.equal(await found.inside.read('data/token'), null)
}
