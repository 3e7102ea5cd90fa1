import type { CommandSpec } from '../command.ts'
import { MOUNT_FLAG } from './kv-path.ts'
import { putKvNames } from './names.ts'

/** `conclave kv list`: the names of secrets. */
export const command: CommandSpec = {
  name: 'kv list',
  summary: 'Lists the secrets below a path; a name that ends in / is a folder.',
  operands: '[PATH]',
  arity: [0, 1],
  examples: [
    { does: 'of a mount', types: 'kv list secret' },
    { does: 'of a folder, as an array', types: 'kv list -format=json secret/team' },
  ],
  flags: [MOUNT_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: true,
  run: (call) => putKvNames(call, 'list'),
}
