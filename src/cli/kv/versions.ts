import type { CommandCall } from '../command.ts'
import { during, EXIT_OK, UsageError } from '../failure.ts'
import { numberList } from '../flag-values.ts'
import type { FlagSpec } from '../flags.ts'
import { say } from '../io.ts'
import { bothNames, type Section, versionedKey } from './kv-path.ts'

export const VERSIONS_FLAG: FlagSpec = {
  name: 'versions',
  kind: 'list',
  value: 'NUMBERS',
  help: 'which versions: 1,2',
}

/** Tells the server what is to become of versions of a key, which have to be named, and says that it did. */
export async function runOnVersions(call: CommandCall, section: Section): Promise<number> {
  const versions = numberList(call, 'versions')
  if (versions.length === 0) throw new UsageError('say which versions, as in -versions=1,2')
  const client = await call.connect()
  const path = await versionedKey(call, client)
  const api = path.api(section)
  await during(`Error writing data to ${api}`, () => client.logical.write(api, { versions }))
  say(call.io, `Success! Data written to: ${bothNames(path, section)}`)
  return EXIT_OK
}
