import type { CommandCall, CommandSpec } from '../command.ts'
import { EXIT_OK } from '../failure.ts'
import { say } from '../io.ts'
import { bothNames, MOUNT_FLAG } from './kv-path.ts'
import { toVersions, VERSIONS_FLAG } from './versions.ts'

/** `conclave kv undelete`: takes back deletions. */
export const command: CommandSpec = {
  name: 'kv undelete',
  summary: 'Takes back the deletion of versions of a secret.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [{ does: 'take back what was deleted', types: 'kv undelete -versions=1,2 secret/app' }],
  flags: [VERSIONS_FLAG, MOUNT_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const path = await toVersions(call, 'undelete')
  say(call.io, `Success! Data written to: ${bothNames(path, 'undelete')}`)
  return EXIT_OK
}
