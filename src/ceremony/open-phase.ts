import { sameBytes } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { CustodyRecord } from '../custody/custody-record.ts'
import { verifyNode } from '../custody/node.ts'
import type { OpenPhase } from './desk.ts'
import { GenerateRootRunner } from './generate-root-runner.ts'
import { certify, type NodeKeys } from './identity.ts'
import type { CeremonyPorts } from './ports.ts'
import { RekeyRunner } from './rekey-runner.ts'
import { cancelEnded } from './sealing.ts'
import type { Session } from './session.ts'
import { type OpenedByShares, unsealTranscript } from './unseal-runner.ts'
import { type ServedVersion, versionWrites } from './versions.ts'

const MAX_NODES = 16

/** Who opens the store. */
export interface Opening {
  readonly nodeKeys: NodeKeys
  readonly serving: ServedVersion
}

/**
 * What follows when enough shares were given: records of the opening, the ceremonies that go on, those that a
 * seal has ended, and the old set that the new shares have just proven dispensable.
 *
 * Where the storage takes no writes the store opens all the same: reading goes on.
 */
export async function enterOpenPhase(
  ports: CeremonyPorts,
  session: Session,
  by: { readonly opened: OpenedByShares; readonly opening: Opening; readonly scrub: () => Promise<void> },
): Promise<OpenPhase> {
  await session.recall()
  const tolerant = async (task: () => Promise<void>, complaint: string): Promise<void> => {
    try {
      await task()
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error
      ports.log.warn(complaint, { code: error.code })
    }
  }
  await tolerant(() => recordOpening(ports, session, by), 'the unseal could not be recorded')
  const generateRoot = await GenerateRootRunner.resume(ports, session)
  const rekey = await RekeyRunner.resume(ports, session, generateRoot)
  const phase: OpenPhase = { name: 'open', session, rekey, generateRoot }
  await tolerant(
    () => cancelEnded(ports.journal, phase),
    'what a seal has ended could not be cancelled, and stays ended',
  )
  await tolerant(() => dropProven(phase, by), 'old key set not dropped')
  return phase
}

/**
 * Stores the transcript, certifies this node, reserves operations, and by rewriting all six records heals a
 * damaged one.
 */
async function recordOpening(
  ports: CeremonyPorts,
  session: Session,
  { opened, opening }: { readonly opened: OpenedByShares; readonly opening: Opening },
): Promise<void> {
  const entries = [
    ...unsealTranscript(ports, session, opened.proceedings),
    ...(await versionWrites(session.barrier, opening.serving, ports.clock.now())),
  ]
  const nodes = nodesOf(ports, session, opening.nodeKeys)
  await session.change({ record: { nodes }, term: 'same', entries })
}

function nodesOf(ports: CeremonyPorts, session: Session, nodeKeys: NodeKeys): CustodyRecord['nodes'] {
  const { record, identity } = session
  const others = record.nodes.filter((node) => !sameBytes(node.signingKey, nodeKeys.signingKey))
  const known = record.nodes.find((node) => sameBytes(node.signingKey, nodeKeys.signingKey))
  if (known !== undefined && verifyNode(ports.primitives, record, known)) return record.nodes
  const own = certify(ports.primitives, identity, { storeId: record.storeId, keys: nodeKeys })
  return [own, ...others].slice(0, MAX_NODES)
}

/** Evidence (b): threshold distinct shares of the new set were given as shares (custody.md section 4). */
async function dropProven(
  { session, rekey }: OpenPhase,
  { opened, scrub }: { readonly opened: OpenedByShares; readonly scrub: () => Promise<void> },
): Promise<void> {
  if (session.record.retiring === null || !sameBytes(session.record.live.id, opened.setId)) return
  await rekey.proven(opened.unsealKey)
  await scrub()
}
