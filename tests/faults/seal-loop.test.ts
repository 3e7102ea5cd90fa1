import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Holders, restart } from '../sim/holders.ts'
import { type Flow, type Found, oldOpens, unlessRepeated, walkFaults } from './fault-points.ts'
import { agreeTo, dealTo, phaseOf, wrapped } from './going-on.ts'

const SAME = { shares: 3, threshold: 2 }
const DIRECT = { ...SAME, verify: 'none' } as const

/** Brings a rekey to where it is sealed. */
const STAGES: Record<string, (holders: Holders) => Promise<void>> = {
  'was proposed': async (holders) => {
    if (phaseOf(holders) === null) await holders.propose(SAME)
  },
  'has a first share': async (holders) => {
    if (phaseOf(holders) === null) await holders.propose(DIRECT)
    await holders.agree(holders.newest, 1).catch(unlessRepeated)
  },
  'has handed out new shares': async (holders) => {
    await dealTo(holders, SAME, { by: holders.sets[0] ?? [] })
  },
  'has handed out messages': async (holders) => {
    await agreeTo(holders, await wrapped(holders, SAME), { by: holders.sets[0] ?? [] })
  },
  'was given a new share back': async (holders) => {
    await dealTo(holders, SAME, { by: holders.sets[0] ?? [] })
    await holders.giveBack(1).catch(unlessRepeated)
  },
  'was asked to end by a holder': async (holders) => {
    if (phaseOf(holders) === null) await holders.propose(SAME)
    await holders.object(3)
  },
}

for (const [stage, reach] of Object.entries(STAGES)) {
  const act = async (holders: Holders): Promise<void> => {
    await reach(holders)
    await holders.seal()
    assert.equal(phaseOf(holders), null, 'an explicit seal cancels')
  }
  const flow: Flow = { act, ways: 1, holds: oldOpens, end: isCancelled, every: 3 }
  test(`a seal when a rekey ${stage}: after a fault at every storage operation the old set alone opens, and it is cancelled`, async (t) => {
    const points = await walkFaults(flow)
    t.diagnostic(`fault points: ${JSON.stringify(points)}; 0 without a way in, 0 with two`)
  })
}

test('a seal while a set is retiring keeps both: after a fault at every storage operation either opens', async (t) => {
  const points = await walkFaults({
    prepare: async (holders) => agreeTo(holders, DIRECT, { by: holders.newest }),
    act: async (holders) => {
      await holders.world.custodian.seal('127.0.0.1')
      await holders.world.unseal(holders.sets[0] ?? [])
    },
    ways: 2,
    every: 3,
    holds: ({ opened }) => assert.deepEqual(opened, [true, true]),
  })
  t.diagnostic(`fault points: ${JSON.stringify(points)}`)
})

for (const [kind, proposed] of Object.entries({ direct: DIRECT, verified: SAME })) {
  test(`a ${kind} rekey that failed anywhere does not poison a later rotation: nothing is lost by both`, async (t) => {
    const points = await walkFaults({
      act: async (holders) => agreeTo(holders, await wrapped(holders, proposed), { by: holders.newest }),
      instead: async (holders) => {
        await holders.world.custodian.dataKeys.rotate()
        await holders.world.put('data/after', 'the rotation')
        await restart(holders)
      },
      ways: kind === 'direct' ? 2 : 1,
      holds: oldOpens,
      end: async ({ inside, holders }) => {
        const isRotated = holders.world.storage.entries.has('data/after')
        assert.equal(await inside.read('data/after'), isRotated ? 'the rotation' : null)
      },
    })
    t.diagnostic(`fault points: ${JSON.stringify(points)}; 0 without a way in`)
  })
}

/** Nothing runs, and the last word of every rekey is that it was cancelled. */
function isCancelled({ transcripts }: Found): void {
  const ends = [...transcripts.values()]
    .filter(({ kind }) => kind === 'rekey')
    .map(({ events }) => events.at(-1))
  assert(ends.length > 0 && ends.every((end) => end === 'cancelled'), ends.join())
}
