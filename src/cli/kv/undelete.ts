import type { CommandSpec } from '../command.ts'
import { MOUNT_FLAG } from './kv-path.ts'
import { runOnVersions, VERSIONS_FLAG } from './versions.ts'

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
  run: (call) => runOnVersions(call, 'undelete'),
}
