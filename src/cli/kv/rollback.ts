import { count, isMembers, type Members } from '../../client/answers.ts'
import type { ConclaveClient } from '../../client/conclave-client.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, EXIT_SERVER, UsageError } from '../failure.ts'
import { say } from '../io.ts'
import { dataOf, FIELD_FLAG } from '../logical-output.ts'
import { bothNames, type KvPath, MOUNT_FLAG, versionedKey } from './kv-path.ts'
import { putWritten } from './written.ts'

/** `conclave kv rollback`: an older version as the newest. */
export const command: CommandSpec = {
  name: 'kv rollback',
  summary: 'Writes what an older version of a secret holds as a new one.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [{ does: 'what version 2 holds becomes the newest', types: 'kv rollback -version=2 secret/app' }],
  flags: [{ name: 'version', kind: 'number', help: 'which version is to come back' }, MOUNT_FLAG, FIELD_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const version = call.flags.number('version') ?? 0
  if (version === 0) throw new UsageError('say which version is to come back, as in -version=2')
  const client = await call.connect()
  const path = await versionedKey(call, client)
  const api = path.api('data')
  const old = await during(`Error reading ${api}`, () => valuesOf(client, path, version))
  if (old === null) {
    say(call.io, `No value found in version ${version} of ${bothNames(path, 'data')}`)
    return EXIT_SERVER
  }
  const body = { data: old.values, options: { cas: old.newest } }
  const answer = await during(`Error writing data to ${api}`, () => client.logical.write(api, body))
  await putWritten(call, path, answer)
  return EXIT_OK
}

/** What a version holds, and which version is the newest: nobody's write in between is to be lost. */
async function valuesOf(
  { looking }: ConclaveClient,
  path: KvPath,
  version: number,
): Promise<{ readonly values: Members; readonly newest: number } | null> {
  const metadata = await looking.read(path.api('metadata'))
  const answer = await looking.read(path.api('data'), { version: String(version) })
  const { data: values } = dataOf(answer?.members ?? {})
  if (metadata === null || !isMembers(values)) return null
  return { values, newest: count(dataOf(metadata.members), 'current_version') }
}
