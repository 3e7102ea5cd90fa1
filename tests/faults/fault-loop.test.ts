import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import { Crashed, type FaultMode, SimStorage } from '../sim/sim-storage.ts'
import { opens, type ShareSet, World } from '../sim/world.ts'

const MODES: readonly FaultMode[] = ['lost', 'kept', 'full', 'crash']
const DAY_MS = 24 * 60 * 60 * 1000

/** Everything that was ever handed out in a run, and the store that it left. */
interface Run {
  readonly handedOut: ShareSet[]
  readonly storage: SimStorage
}

type Flow = (world: World, run: Run, before: ShareSet) => Promise<void>

const FLOWS: Record<string, { readonly flow: Flow; readonly prepared: (world: World) => Promise<ShareSet> }> =
  {
    'a rekey of 3 of 5 to 3 of 5': { prepared: open53, flow: rekeyTo(5, 3) },
    'a rekey of 3 of 5 to 4 of 7': { prepared: open53, flow: rekeyTo(7, 4) },
    'a rekey of 3 of 5 to 1 of 1': { prepared: open53, flow: rekeyTo(1, 1) },
    'a rekey, its evidence of arrival, and a restart that proves': {
      prepared: open53,
      flow: rekeyWithEvidence,
    },
    'two rekeys, the second by the set that was retiring': { prepared: open53, flow: secondByRetiring },
    'two rekeys, the second by the set that was never proven': { prepared: open53, flow: secondByLive },
    'an unseal after a restart': {
      prepared: sealed53,
      flow: async (world, _run, before) => world.unseal(before),
    },
    'an explicit seal in a running rekey': { prepared: open53, flow: sealInRekey },
    'a rotation of the data key': { prepared: open53, flow: rotate },
    'a rotation of the data key by age': { prepared: open53, flow: rotateByAge },
    'new rules for the rotation': { prepared: open53, flow: configureRotation },
    'a rotation in a running rekey, and its end': { prepared: open53, flow: rotateInRekey },
  }

for (const [name, { flow, prepared }] of Object.entries(FLOWS)) {
  test(`${name}: after a fault at every storage operation, a set that was handed out opens the store`, async (t) => {
    const start = await prepare(prepared)
    const histogram: Record<string, number> = {}
    for (const mode of MODES) {
      let points = 0
      for (let at = 1; ; at++) {
        const run = await runWithFault(start, flow, { at, mode })
        if (!run.reached) break
        points++
        const opened = []
        for (const set of run.handedOut) opened.push(await opens(run.storage, set))
        assert(opened.includes(true), `${mode} at operation ${at}: nothing opens`)
      }
      assert(points > 0, 'the flow touches the storage')
      histogram[mode] = points
    }
    t.diagnostic(`fault points: ${JSON.stringify(histogram)}, 0 stores unopenable`)
  })
}

test('init: after a fault at every storage operation, the store is empty, or what was handed out opens it', async () => {
  for (const mode of MODES) {
    for (let at = 1; ; at++) {
      const storage = new SimStorage()
      const world = await World.start(storage, 'init')
      storage.arm({ at, mode })
      const shares = await world.init(5, 3).catch(expectFailure)
      const reached = storage.operations >= at
      storage.arm(null)
      if (shares !== null) assert(await opens(storage, shares), `${mode} at operation ${at}`)
      // Not handed out: nothing is there, or a store of serial 1 that holds nothing yet (custody.md section
      // 4).
      else if (storage.entries.size > 0) {
        const next = await World.start(storage.reopened(), 'next')
        assert.equal(next.custodian.record?.serial, 1)
      }
      if (!reached) break
    }
  }
})

test('a rekey that failed for want of room is finished by giving the last share again', async () => {
  const start = await prepare(open53)
  const world = await start.world()
  await world.startRekey({ shares: 4, threshold: 2 })
  await world.give(start.before[0]!)
  await world.give(start.before[1]!)
  world.storage.arm({ at: 1, mode: 'full' })
  await assert.rejects(world.give(start.before[2]!), { code: 'storage_full' })
  assert.equal(world.custodian.rekey.status().progress, 2)
  world.storage.arm(null)
  const after = await world.giveAll([start.before[2]!])
  assert(await opens(world.storage, after))
})

for (const how of ['asked for', 'by age'] as const) {
  test(`a rekey that failed anywhere does not poison a later rotation, ${how}: the old shares open after both`, async () => {
    const start = await prepare(open53)
    for (const mode of MODES.filter((one) => one !== 'crash')) {
      for (let at = 1; ; at++) {
        const world = await start.world()
        await world.startRekey({ shares: 5, threshold: 3 })
        await world.give(start.before[0]!)
        await world.give(start.before[1]!)
        world.storage.arm({ at, mode })
        await world.give(start.before[2]!).catch(expectFailure)
        const reached = world.storage.operations >= at
        world.storage.arm(null)
        const { term } = world.custodian.dataKeys.status()
        if (how === 'asked for') await world.custodian.dataKeys.rotate()
        else await rotateByAge(world)
        assert(world.custodian.dataKeys.status().term > term)
        await world.put('data/after', 'the rotation')
        const next = await World.start(world.storage.reopened(), 'next')
        await next.unseal(start.before)
        assert.equal(await next.read('data/after'), 'the rotation', `${mode} at operation ${at}`)
        if (!reached) break
      }
    }
  })
}

test('a rotation while a set is retiring: after a fault at every storage operation both sets open the store', async () => {
  const start = await prepare(open53)
  for (const mode of MODES) {
    for (let at = 1; ; at++) {
      const world = await start.world()
      const fresh = await world.rekey(start.before, { shares: 4, threshold: 2 })
      world.storage.arm({ at, mode })
      await world.custodian.dataKeys.rotate().catch(expectFailure)
      const reached = world.storage.operations >= at
      world.storage.arm(null)
      for (const set of [start.before, fresh]) {
        assert(await opens(world.storage, set), `${mode} at operation ${at}`)
      }
      if (!reached) break
    }
  }
})

async function open53(world: World): Promise<ShareSet> {
  const shares = await world.init(5, 3)
  await world.unseal(shares)
  return shares
}

async function sealed53(world: World): Promise<ShareSet> {
  return await world.init(5, 3)
}

function rekeyTo(shares: number, threshold: number): Flow {
  return async (world, run, before) => {
    run.handedOut.push(await world.rekey(before.slice(1), { shares, threshold }))
  }
}

async function rekeyWithEvidence(world: World, run: Run, before: ShareSet): Promise<void> {
  await world.startRekey({ shares: 4, threshold: 2 })
  const id = world.custodian.rekey.status().running?.agreement.ceremonyId ?? ''
  run.handedOut.push(await world.giveAll(before))
  await world.acknowledge(id)
  await world.custodian.seal('127.0.0.1')
  await world.unseal(run.handedOut[1] ?? before)
}

async function secondByRetiring(world: World, run: Run, before: ShareSet): Promise<void> {
  run.handedOut.push(await world.rekey(before, { shares: 4, threshold: 2 }))
  run.handedOut.push(await world.rekey(before, { shares: 3, threshold: 2 }))
  assert(!(await opens(world.storage, run.handedOut[1]!)), 'the set that was never proven is gone')
}

async function secondByLive(world: World, run: Run, before: ShareSet): Promise<void> {
  const second = await world.rekey(before, { shares: 4, threshold: 2 })
  run.handedOut.push(second)
  run.handedOut.push(await world.rekey(second, { shares: 3, threshold: 2 }))
}

async function rotate(world: World): Promise<void> {
  await world.custodian.dataKeys.rotate()
  await world.put('data/after', 'the rotation')
}

async function rotateByAge(world: World): Promise<void> {
  await world.custodian.dataKeys.configureRotation({ intervalMs: DAY_MS })
  world.clock.advance(2 * DAY_MS)
  await new Promise(setImmediate)
  await world.custodian.settled()
}

async function configureRotation(world: World): Promise<void> {
  await world.custodian.dataKeys.configureRotation({ enabled: false, maxOperations: 1_000_000 })
}

async function rotateInRekey(world: World, run: Run, before: ShareSet): Promise<void> {
  await world.startRekey({ shares: 4, threshold: 2 })
  await world.give(before[0]!)
  await world.custodian.dataKeys.rotate()
  run.handedOut.push(await world.giveAll(before.slice(1)))
}

async function sealInRekey(world: World, _run: Run, before: ShareSet): Promise<void> {
  await world.startRekey({ shares: 4, threshold: 2 })
  await world.give(before[0]!)
  await world.custodian.seal('127.0.0.1')
}

/** A store made once, from which every run starts anew. */
async function prepare(prepared: (world: World) => Promise<ShareSet>): Promise<{
  readonly before: ShareSet
  readonly world: () => Promise<World>
}> {
  const origin = await World.start(new SimStorage(), 'origin')
  const before = await prepared(origin)
  const wasOpen = origin.custodian.isOpen
  return {
    before,
    world: async () => {
      const world = await World.start(origin.storage.reopened(), 'run')
      if (wasOpen) await world.unseal(before)
      return world
    },
  }
}

async function runWithFault(
  start: { readonly before: ShareSet; readonly world: () => Promise<World> },
  flow: Flow,
  fault: { readonly at: number; readonly mode: FaultMode },
): Promise<Run & { readonly reached: boolean }> {
  const world = await start.world()
  const run: Run = { handedOut: [start.before], storage: world.storage }
  world.storage.arm(fault)
  await flow(world, run, start.before).catch(expectFailure)
  const reached = world.storage.operations >= fault.at
  world.storage.arm(null)
  return { ...run, reached }
}

/** A failure must be one that people can be told about, or the simulated death of the process. */
function expectFailure(error: unknown): null {
  const expected =
    error instanceof OperatingError ||
    error instanceof Crashed ||
    (error as Error).name === 'OutcomeUnknownError'
  if (!expected) throw error
  return null
}
