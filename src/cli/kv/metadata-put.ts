import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { say } from '../io.ts'
import { putWarnings } from '../logical-output.ts'
import { bothNames, MOUNT_FLAG, versionedKey } from './kv-path.ts'
import { readSettings, SETTING_FLAGS } from './metadata-settings.ts'

/** `conclave kv metadata put`: the settings of a secret. */
export const command: CommandSpec = {
  name: 'kv metadata put',
  summary: 'Sets how a secret is kept, and makes it without a version where there is none.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [
    { does: 'keep five versions', types: 'kv metadata put -max-versions=5 secret/app' },
    {
      does: 'in place of all custom metadata',
      types: 'kv metadata put -custom-metadata=owner=web secret/app',
    },
  ],
  flags: [...SETTING_FLAGS, MOUNT_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const settings = readSettings(call)
  const client = await call.connect()
  const path = await versionedKey(call, client)
  const api = path.api('metadata')
  putWarnings(
    call,
    await during(`Error writing metadata to ${api}`, () => client.logical.write(api, settings)),
  )
  say(call.io, `Success! Data written to: ${bothNames(path, 'metadata')}`)
  return EXIT_OK
}
