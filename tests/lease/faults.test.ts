import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import { Crashed, type FaultMode } from '../sim/sim-storage.ts'
import { LeaseWorld, settled } from './lease-world.ts'

const MODES: readonly FaultMode[] = ['lost', 'kept', 'full', 'gone', 'crash']
const HOUR = 3600_000
const ONE = { sync: true, force: false }

interface Flow {
  readonly act: (world: LeaseWorld, lease: Lease) => Promise<unknown>
  /** What holds in a process that comes later, where `act` was told to have been done. */
  readonly done: (world: LeaseWorld, lease: Lease) => void | Promise<void>
}

interface Lease {
  readonly leaseId: string
  readonly account: string
}

/** Z9: what was revoked is useless, whenever the process dies after the answer. */
const isUseless = (world: LeaseWorld, { account }: Lease): void =>
  assert.ok(!world.accounts.alive.has(account), 'a revoked secret lives')

const FLOWS: Record<string, Flow> = {
  registered: {
    act: async (world) => await world.make({ holder: { tokenKey: 'id/t2' } }),
    done: (world) => assert.equal(world.accounts.alive.size, 2),
  },
  renewed: {
    act: async (world, { leaseId }) => await world.leases.renew(leaseId, 7200),
    done: async (world, { leaseId }) => {
      const facts = await world.facts(leaseId)
      assert.equal((facts?.expireTime ?? 0) - (facts?.lastRenewal ?? 0), 7200_000)
    },
  },
  revoked: { act: async (world, { leaseId }) => await world.leases.revoke(leaseId, ONE), done: isUseless },
  'revoked by its prefix': {
    act: async (world) => await world.leases.revokeBelow('db', ONE),
    done: isUseless,
  },
  'revoked behind the answer': {
    act: async (world, { leaseId }) => await world.leases.revoke(leaseId, { sync: false, force: false }),
    done: isUseless,
  },
  'ended with its token': { act: async (world) => await world.revokeToken('id/t1'), done: isUseless },
  'ended by time': {
    act: async (world) => {
      world.start()
      await world.pass(HOUR + 1000)
    },
    done: isUseless,
  },
}

for (const [name, flow] of Object.entries(FLOWS)) {
  test(`a secret that is ${name}: after a fault at every storage operation nothing is lost or lives on`, async (t) => {
    const points: Record<string, number> = {}
    for (const mode of MODES) {
      points[mode] = 0
      for (let at = 1; await interrupted(flow, { at, mode }); at++) points[mode]++
    }
    t.diagnostic(`fault points: ${JSON.stringify(points)}`)
  })
}

/** Whether the flow came to the fault. */
async function interrupted(flow: Flow, fault: { at: number; mode: FaultMode }): Promise<boolean> {
  const what = `${fault.mode} at operation ${fault.at}`
  const first = new LeaseWorld()
  const lease = await first.make({ holder: { tokenKey: 'id/t1' } })
  first.storage.arm(fault)
  const isDone = await flow.act(first, lease).then(() => true, expectFailure)
  const isReached = first.storage.operations >= fault.at
  const isTold = isDone && !first.storage.isCrashed
  first.storage.arm(null)
  assert.ok(first.fault === null || first.fault instanceof Crashed, what)
  try {
    await goOn(first, { flow, lease, isTold })
  } catch (error) {
    throw new Error(what, { cause: error })
  }
  return isReached
}

/** A new process on what is stored: first what was promised holds, and in the end nothing lives. */
async function goOn(
  first: LeaseWorld,
  { flow, lease, isTold }: { flow: Flow; lease: Lease; isTold: boolean },
): Promise<void> {
  const next = first.restarted()
  next.start()
  await settled()
  await next.pass(2000)
  if (isTold) await flow.done(next, lease)
  await next.pass(30 * 24 * HOUR, 6 * HOUR)
  assert.equal(next.fault, null)
  assert.deepEqual([...next.accounts.alive], [], 'a secret lives that nobody knows of')
  assert.deepEqual(next.keys(), [], 'something is left')
}

function expectFailure(error: unknown): false {
  if (!(error instanceof OperatingError) && !(error instanceof Crashed)) throw error
  return false
}
