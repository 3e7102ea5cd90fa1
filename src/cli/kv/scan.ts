import type { CommandSpec } from '../command.ts'
import { MOUNT_FLAG } from './kv-path.ts'
import { putKvNames } from './names.ts'

/** `conclave kv scan`: the names of secrets at every depth. */
export const command: CommandSpec = {
  name: 'kv scan',
  summary: 'Lists the secrets below a path, at every depth.',
  operands: '[PATH]',
  arity: [0, 1],
  examples: [
    { does: 'of a mount', types: 'kv scan secret' },
    { does: 'of a folder, as an array', types: 'kv scan -format=json secret/team' },
  ],
  flags: [MOUNT_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: true,
  run: (call) => putKvNames(call, 'scan'),
}
