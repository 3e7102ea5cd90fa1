import { restoreSnapshot } from '../offline/snapshot.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { EXIT_OK } from './failure.ts'
import { DATA_FLAG, dataFolder } from './flags.ts'
import { say } from './io.ts'
import { snapshotRows, snapshotValue, whoOpens } from './snapshot-output.ts'

/** `conclave snapshot restore`: never over a store that is there. */
export const command: CommandSpec = {
  name: 'snapshot restore',
  summary: 'Makes a store of a snapshot, in a folder that holds none.',
  operands: 'FILE',
  arity: [1, 1],
  examples: [
    { does: 'into ./data', types: 'snapshot restore today.snapshot' },
    { does: 'elsewhere', types: 'snapshot restore -data=/srv/conclave today.snapshot' },
  ],
  flags: [DATA_FLAG],
  connects: false,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [file = ''] = call.operands
  const folder = dataFolder(call.flags)
  const facts = restoreSnapshot({ file, folder, sha256: await call.ports.loadSha256() })
  await call.output.data(snapshotRows(facts), snapshotValue(facts))
  if (call.output.format === 'table') {
    const next = `Next: conclave server -data=${folder}\n      conclave operator unseal`
    say(call.io, `\nSuccess! The store is in ${folder}. ${whoOpens(facts)}\n\n${next}`)
  }
  return EXIT_OK
}
