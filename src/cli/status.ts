import type { LeaderStatus, SealStatus } from '../client/answers.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { EXIT_OK, EXIT_SERVER, EXIT_USAGE } from './failure.ts'
import { reportFailure } from './failure-report.ts'
import { say } from './io.ts'
import type { Row } from './output.ts'

/**
 * `conclave status`: exit code 0 open, 2 sealed, 1 when it cannot be told (key-lifecycle.md section 10.1).
 */
export const command: CommandSpec = {
  name: 'status',
  summary: 'Tells whether the server is open, and how many shares are in.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'exit code 0: open; 2: sealed; 1: no answer', types: 'status' },
    { does: 'for a script', types: 'status -format=json' },
  ],
  flags: [],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  try {
    const client = await call.connect()
    const status = await client.sealStatus()
    await putSealStatus(call, status, await client.leader())
    if (status.sealed && call.output.format === 'table') say(call.io, nextStep(status))
    return status.sealed ? EXIT_SERVER : EXIT_OK
  } catch (error) {
    // For `status` alone the server's faults are 1, as 2 means sealed.
    reportFailure(call.io, [`-format=${call.output.format}`], error)
    return EXIT_USAGE
  }
}

/** The table or the object of a seal status, as the peers print it. */
export async function putSealStatus(
  call: CommandCall,
  status: SealStatus,
  leader: LeaderStatus,
): Promise<void> {
  await call.output.data(sealStatusRows(status, leader), sealStatusValue(status, leader))
}

/** key-lifecycle.md section 10.3: progress only while sealed, the cluster only while open. */
export function sealStatusRows(status: SealStatus, leader: LeaderStatus): readonly Row[] {
  const progress: readonly Row[] = [
    ['Unseal Progress', `${status.progress}/${status.threshold}`],
    ['Unseal Nonce', status.nonce],
  ]
  const cluster: readonly Row[] = [
    ['Cluster Name', status.clusterName],
    ['Cluster ID', status.clusterId],
  ]
  return [
    ['Seal Type', status.type],
    ['Initialized', String(status.initialized)],
    ['Sealed', String(status.sealed)],
    ['Total Shares', String(status.shares)],
    ['Threshold', String(status.threshold)],
    ...(status.sealed ? progress : []),
    ['Version', status.version],
    ['Commit Date', status.commitDate],
    ['Storage Type', status.storageType],
    ...(status.sealed ? [] : cluster),
    ['HA Enabled', String(leader.haEnabled)],
  ]
}

function sealStatusValue(status: SealStatus, leader: LeaderStatus): unknown {
  return {
    type: status.type,
    initialized: status.initialized,
    sealed: status.sealed,
    t: status.threshold,
    n: status.shares,
    progress: status.progress,
    nonce: status.nonce,
    version: status.version,
    commit_date: status.commitDate,
    migration: status.migration,
    ...(status.clusterName === '' ? {} : { cluster_name: status.clusterName }),
    ...(status.clusterId === '' ? {} : { cluster_id: status.clusterId }),
    recovery_seal: status.recoverySeal,
    storage_type: status.storageType,
    build_date: '',
    ha_enabled: leader.haEnabled,
  }
}

function nextStep(status: SealStatus): string {
  if (!status.initialized) return '\nNext: conclave operator init'
  return `\n${progressLine(status.progress, status.threshold)}\nNext: conclave operator unseal`
}

/** `2 of 3 shares are in; 1 more needed.` */
export function progressLine(given: number, needed: number): string {
  return `${given} of ${needed} shares ${given === 1 ? 'is' : 'are'} in; ${needed - given} more needed.`
}
