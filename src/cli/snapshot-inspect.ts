import { inspectSnapshot } from '../offline/snapshot.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { EXIT_OK } from './failure.ts'
import { say } from './io.ts'
import { snapshotRows, snapshotValue, whoOpens } from './snapshot-output.ts'

/** `conclave snapshot inspect`: checks a snapshot; needs neither a server nor a share. */
export const command: CommandSpec = {
  name: 'snapshot inspect',
  summary: 'Checks a snapshot to the last byte, and says what it holds and whose shares open it.',
  operands: 'FILE',
  arity: [1, 1],
  examples: [
    { does: 'needs neither a server nor a share', types: 'snapshot inspect today.snapshot' },
    { does: 'for a script', types: 'snapshot inspect -format=json today.snapshot' },
  ],
  flags: [],
  connects: false,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [file = ''] = call.operands
  const facts = inspectSnapshot(file, { sha256: await call.ports.loadSha256() })
  await call.output.data(snapshotRows(facts), snapshotValue(facts))
  if (call.output.format === 'table') say(call.io, `\nThe snapshot is whole. ${whoOpens(facts)}`)
  return EXIT_OK
}
