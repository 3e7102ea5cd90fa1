import { unixMillis } from '../base/clock.ts'
import { saveSnapshot } from '../offline/snapshot.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { EXIT_OK } from './failure.ts'
import { DATA_FLAG, dataFolder } from './flags.ts'
import { say } from './io.ts'
import { snapshotRows, snapshotValue, whoOpens } from './snapshot-output.ts'

/** `conclave snapshot save`: works on the files of a store, whether a server runs on them or not. */
export const command: CommandSpec = {
  name: 'snapshot save',
  summary: 'Copies a whole store, as it is at one moment, into one file; the server may go on running.',
  operands: 'FILE',
  arity: [1, 1],
  examples: [
    { does: 'of the store in ./data', types: 'snapshot save today.snapshot' },
    { does: 'of another store', types: 'snapshot save -data=/srv/conclave today.snapshot' },
  ],
  flags: [DATA_FLAG, { name: 'force', kind: 'switch', alias: 'f', help: 'replace the file if it is there' }],
  connects: false,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [target = ''] = call.operands
  const facts = saveSnapshot({
    folder: dataFolder(call.flags),
    target,
    overwrite: call.flags.on('force'),
    clock: { now: () => unixMillis(Date.now()) },
    sha256: await call.ports.loadSha256(),
  })
  await call.output.data(snapshotRows(facts), snapshotValue(facts))
  if (call.output.format === 'table') {
    say(call.io, `\nSuccess! Saved to ${target}. ${whoOpens(facts)}\nKeep it apart from the shares.`)
  }
  return EXIT_OK
}
