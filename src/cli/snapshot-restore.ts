import { OperatingError } from '../base/errors.ts'
import { restoreSnapshot } from '../offline/snapshot.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { EXIT_OK, UsageError } from './failure.ts'
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
  const facts = restored({ file, folder, sha256: await call.ports.loadSha256() })
  await call.output.data(snapshotRows(facts), snapshotValue(facts))
  if (call.output.format === 'table') {
    const next = `Next: conclave server -data=${folder}\n      conclave operator unseal`
    say(call.io, `\nSuccess! The store is in ${folder}. ${whoOpens(facts)}\n\n${next}`)
  }
  return EXIT_OK
}

/** Where a store is there already it is another one that is wanted, and not to open that one. */
function restored(what: Parameters<typeof restoreSnapshot>[0]): ReturnType<typeof restoreSnapshot> {
  try {
    return restoreSnapshot(what)
  } catch (error) {
    if (!(error instanceof OperatingError) || error.code !== 'already_initialized') throw error
    const { code, message } = error
    throw new UsageError(message, {
      code,
      hint: 'For example: conclave snapshot restore -data=./restored FILE',
    })
  }
}
