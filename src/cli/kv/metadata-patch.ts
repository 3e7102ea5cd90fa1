import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { say } from '../io.ts'
import { putWarnings } from '../logical-output.ts'
import { bothNames, MOUNT_FLAG, versionedKey } from './kv-path.ts'
import { SETTING_FLAGS, someSettings } from './metadata-settings.ts'

/** `conclave kv metadata patch`: some of the settings of a secret. */
export const command: CommandSpec = {
  name: 'kv metadata patch',
  summary: 'Changes the settings that are given, and leaves the others of the secret.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [
    { does: 'one more entry', types: 'kv metadata patch -custom-metadata=owner=web secret/app' },
    { does: 'one less', types: 'kv metadata patch -remove-custom-metadata=owner secret/app' },
  ],
  flags: [
    ...SETTING_FLAGS,
    { name: 'remove-custom-metadata', kind: 'list', value: 'KEY', help: 'take this entry away' },
    MOUNT_FLAG,
  ],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const settings = someSettings(call, call.flags.list('remove-custom-metadata'))
  const client = await call.connect()
  const path = await versionedKey(call, client)
  const api = path.api('metadata')
  putWarnings(
    call,
    await during(`Error writing metadata to ${api}`, () => client.logical.patch(api, settings)),
  )
  say(call.io, `Success! Data written to: ${bothNames(path, 'metadata')}`)
  return EXIT_OK
}
