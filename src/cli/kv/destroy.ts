import type { CommandSpec } from '../command.ts'
import { MOUNT_FLAG } from './kv-path.ts'
import { runOnVersions, VERSIONS_FLAG } from './versions.ts'

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
  run: (call) => runOnVersions(call, 'destroy'),
}
