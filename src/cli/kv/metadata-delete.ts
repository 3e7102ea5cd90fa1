import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { say } from '../io.ts'
import { bothNames, MOUNT_FLAG, versionedKey } from './kv-path.ts'

/** `conclave kv metadata delete`: a secret with all of its versions. */
export const command: CommandSpec = {
  name: 'kv metadata delete',
  summary: 'Deletes a secret with all of its versions, for good.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [{ does: 'there is no way back', types: 'kv metadata delete secret/app' }],
  flags: [MOUNT_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  const path = await versionedKey(call, client)
  const api = path.api('metadata')
  await during(`Error deleting ${api}`, () => client.logical.delete(api))
  say(call.io, `Success! Data deleted (if it existed) at: ${bothNames(path, 'metadata')}`)
  return EXIT_OK
}
