import type { Recipient } from '../../src/ceremony/delivery.ts'
import type { Holders, Proposed } from '../sim/holders.ts'
import type { ShareSet } from '../sim/world.ts'
import { unlessRepeated } from './fault-points.ts'

/** How people go on with a rekey from wherever it stands, also after they were interrupted in it. */
export interface Agreeing {
  /** Whose shares agree. */
  readonly by: ShareSet
  /** After each step. */
  readonly between?: () => Promise<void>
}

export function phaseOf({ world }: Holders): 'collecting' | 'dealt' | null {
  return world.custodian.rekey.status().running?.phase ?? null
}

/** Proposes where nothing runs, and agrees until it collects no more. */
export async function agreeTo(
  holders: Holders,
  proposed: Proposed,
  { by, between }: Agreeing,
): Promise<void> {
  if (phaseOf(holders) === null) {
    await holders.propose(proposed)
    await between?.()
  }
  for (let number = 1; phaseOf(holders) === 'collecting'; number++) {
    await holders.agree(by, number).catch(unlessRepeated)
    await between?.()
  }
}

/**
 * The same, until somebody has the new shares of a verified rekey: where their answer was lost with its
 * process nobody has them, and they are dealt again.
 */
export async function dealTo(holders: Holders, proposed: Proposed, agreeing: Agreeing): Promise<void> {
  await agreeTo(holders, proposed, agreeing)
  if (holders.wereTold('dealt', holders.runningId() ?? '')) return
  await holders.cancel()
  await dealTo(holders, proposed, agreeing)
}

/** Gives the newest shares back until it is enough. `between` is called after the first. */
export async function giveBackAll(holders: Holders, between?: () => Promise<void>): Promise<void> {
  for (let number = 1; phaseOf(holders) === 'dealt'; number++) {
    await holders.giveBack(number).catch(unlessRepeated)
    if (number > 1 || between === undefined || phaseOf(holders) === null) continue
    await between()
    // What was given back is in the memory of one process: after a restart it counts from 0.
    await holders.giveBack(number).catch(unlessRepeated)
  }
}

/** `proposed` for as many people as it has shares, with a backup. */
export async function wrapped(holders: Holders, proposed: Proposed): Promise<Proposed> {
  const recipients: readonly Recipient[] = await holders.recipients(proposed.shares)
  return { ...proposed, recipients, backup: true }
}
