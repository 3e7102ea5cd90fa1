import type { CommandCall, CommandSpec } from '../command.ts'
import { EXIT_OK } from '../failure.ts'
import { say } from '../io.ts'
import { bothNames, MOUNT_FLAG } from './kv-path.ts'
import { toVersions, VERSIONS_FLAG } from './versions.ts'

/** `conclave kv destroy`: versions for good. */
export const command: CommandSpec = {
  name: 'kv destroy',
  summary: 'Destroys versions of a secret for good; nothing brings them back.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [{ does: 'there is no way back', types: 'kv destroy -versions=1,2 secret/app' }],
  flags: [VERSIONS_FLAG, MOUNT_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const path = await toVersions(call, 'destroy')
  say(call.io, `Success! Data written to: ${bothNames(path, 'destroy')}`)
  return EXIT_OK
}
