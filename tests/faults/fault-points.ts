import assert from 'node:assert/strict'
import { hasCode, OperatingError } from '../../src/base/errors.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { verifyExports } from '../../src/custody/transcript-export.ts'
import { audit, type Transcript } from '../sim/auditor.ts'
import { exported } from '../sim/history.ts'
import { Holders, restart } from '../sim/holders.ts'
import { Crashed, type FaultMode, SimStorage } from '../sim/sim-storage.ts'
import { type ShareSet, World } from '../sim/world.ts'

const MODES: readonly FaultMode[] = ['lost', 'kept', 'full', 'gone', 'crash']
const SLOW = process.env['CONCLAVE_SLOW'] === '1'

/** What people do, and what holds whenever it is interrupted. */
export interface Flow {
  /** On an open store of 2 of 3, before anything fails. */
  readonly prepare?: (holders: Holders) => Promise<void>
  /** From wherever it stands to its end: it is called again, by the same people, after it has failed. */
  readonly act: (holders: Holders) => Promise<void>
  /** After the interruption, where people do not do the same again. */
  readonly instead?: (holders: Holders) => Promise<void>
  /** At most so many of the sets that were handed out may open. 1: exactly one, at every point. */
  readonly ways: 1 | 2
  /**
   * A long flow is interrupted at every so many operations, in each way at others; at all of them in the slow
   * run.
   */
  readonly every?: number
  /** After each interruption, and again at the end. */
  readonly holds?: (found: Found) => void | Promise<void>
  /** Only at the end, after `act` has run to its end. */
  readonly end?: (found: Found) => void | Promise<void>
}

/** What stands in the store. */
export interface Found {
  readonly holders: Holders
  /** For each set that was handed out, oldest first, whether it opens. */
  readonly opened: readonly boolean[]
  readonly transcripts: ReadonlyMap<string, Transcript>
  /** A process of its own on a copy of the store, open. */
  readonly inside: World
}

/** How many points there were in each way to fail. */
export type Points = Record<string, number>

/**
 * Runs `flow` once for every storage operation and every way to fail at it, looks at what is left, and lets
 * the same people go on to the end: in the same process, or in a new one where it died.
 */
export async function walkFaults(flow: Flow): Promise<Points> {
  const origin = await World.start(new SimStorage(), 'origin')
  const before = await origin.init(3, 2)
  const points: Points = {}
  const every = SLOW ? 1 : (flow.every ?? 1)
  for (const [index, mode] of MODES.entries()) {
    points[mode] = 0
    for (let at = 1 + (index % every); ; at += every) {
      const what = `${mode} at operation ${at}`
      const holders = await started(origin, { before, seed: what })
      await flow.prepare?.(holders)
      const isReached = await interrupted(flow, holders, { at, mode })
      const found = await look(flow, holders, what)
      if (!isReached) {
        await flow.end?.(found)
        break
      }
      await goOn(flow, holders, `after ${what}`)
      points[mode]++
    }
  }
  return points
}

async function started(
  origin: World,
  run: { readonly before: ShareSet; readonly seed: string },
): Promise<Holders> {
  const world = await World.start(origin.storage.reopened(), run.seed)
  const holders = new Holders(world, [run.before])
  await holders.unseal()
  return holders
}

/** Whether the flow came to the fault. It runs against the storage that it finds, also after a restart. */
async function interrupted(
  flow: Flow,
  holders: Holders,
  fault: { readonly at: number; readonly mode: FaultMode },
): Promise<boolean> {
  const { storage } = holders.world
  storage.arm(fault)
  await flow.act(holders).catch(expectFailure)
  const isReached = storage.operations >= fault.at
  storage.arm(null)
  return isReached
}

async function goOn(flow: Flow, holders: Holders, what: string): Promise<void> {
  const { storage, fatal, custodian } = holders.world
  try {
    if (storage.isCrashed || fatal !== null) await restart(holders, storage.reopened())
    else if (!custodian.isOpen) await holders.unseal()
    await (flow.instead ?? flow.act)(holders)
  } catch (error) {
    throw new Error(`${what}: it does not go on`, { cause: error })
  }
  const found = await look(flow, holders, what)
  const verdict = verifyExports(nodePrimitives, [await exported(found.inside)])
  assert(verdict.ok, `${what}: the export of all transcripts verifies`)
  await flow.end?.(found)
}

/** Tries every set on a copy of the store, and reads its transcripts. */
async function look(flow: Flow, holders: Holders, what: string): Promise<Found> {
  try {
    const opened: boolean[] = []
    let inside: World | null = null
    for (const set of holders.sets) {
      const world = await openedBy(holders, set)
      opened.push(world !== null)
      inside ??= world
    }
    const ways = opened.filter((opens) => opens).length
    assert(inside !== null, 'a set that was handed out opens')
    assert(ways <= flow.ways, `${ways} sets open: ${opened}`)
    assert.equal(await inside.read('data/first'), 'written at init')
    const transcripts = await audit(inside)
    for (const { ceremonyId, event } of holders.told) {
      const events = transcripts.get(ceremonyId)?.events ?? []
      assert(events.includes(event), `"${event}" was acknowledged, and stands in no transcript: ${events}`)
    }
    await checkPending(inside)
    const found = { holders, opened, transcripts, inside }
    await flow.holds?.(found)
    return found
  } catch (error) {
    throw new Error(what, { cause: error })
  }
}

/** A set stands as pending exactly as long as a rekey is stored that waits for its shares. */
async function checkPending({ custodian, session }: World): Promise<void> {
  const sets = custodian.record?.retired.filter(({ end }) => end === 'pending') ?? []
  const stored = await session?.barrier.get('core/ceremonies/rekey')
  const { pending } = stored ? JSON.parse(Buffer.from(stored).toString()) : { pending: null }
  const ids = sets.map(({ id }) => Buffer.from(id).toString('base64'))
  assert.deepEqual(ids, pending === null ? [] : [pending.id])
}

async function openedBy({ world }: Holders, set: ShareSet): Promise<World | null> {
  const next = await World.start(world.storage.reopened(), 'look', world.clock)
  try {
    await next.unseal(set)
  } catch (error) {
    expectFailure(error)
    return null
  }
  return next.custodian.isOpen ? next : null
}

/** A failure must be one that people can be told about, or the death of the process. */
export function expectFailure(error: unknown): null {
  const expected =
    error instanceof OperatingError ||
    error instanceof Crashed ||
    (error as Error).name === 'OutcomeUnknownError'
  if (!expected) throw error
  return null
}

/** For a holder who cannot know whether the first attempt counted. */
export function unlessRepeated(error: unknown): void {
  if (!hasCode(error, 'share_duplicate')) throw error
}

/** The set that was handed out last opens, whatever else does. */
export function newestOpens({ opened }: Found): void {
  assert.equal(opened.at(-1), true, 'the newest set opens')
}

/** The set of before opens, whatever else does. */
export function oldOpens({ opened }: Found): void {
  assert.equal(opened[0], true, 'the old set opens')
}
