import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, UsageError } from '../failure.ts'
import { numberList } from '../flag-values.ts'
import { say } from '../io.ts'
import { bothNames, MOUNT_FLAG, namedKey } from './kv-path.ts'
import { VERSIONS_FLAG } from './versions.ts'

/** `conclave kv delete`: the newest version of a secret, or those that are named. */
export const command: CommandSpec = {
  name: 'kv delete',
  summary: 'Deletes the newest version of a secret, which can be undone; with KV version 1 for good.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [
    { does: 'the newest version', types: 'kv delete secret/app' },
    { does: 'others', types: 'kv delete -versions=1,2 secret/app' },
    { does: 'all of it for good', types: 'kv metadata delete secret/app' },
  ],
  flags: [VERSIONS_FLAG, MOUNT_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const versions = numberList(call, 'versions')
  const client = await call.connect()
  const path = await namedKey(call, client)
  if (path.version === 1 && versions.length > 0) {
    throw new UsageError(`-versions needs versions, and "${path.mount}" is a KV mount of version 1`)
  }
  await during(`Error deleting ${path.api('data')}`, () =>
    versions.length === 0
      ? client.logical.delete(path.api('data'))
      : client.logical.write(path.api('delete'), { versions }),
  )
  say(call.io, `Success! Data deleted (if it existed) at: ${bothNames(path, 'data')}`)
  if (path.version === 2)
    say(call.io, `Next: conclave kv undelete -versions=N ${path.logical}   takes it back`)
  return EXIT_OK
}
