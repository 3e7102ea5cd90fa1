import { count, isMembers, type Members } from '../../client/answers.ts'
import type { ConclaveClient } from '../../client/conclave-client.ts'
import { ApiError } from '../../client/errors.ts'
import type { LogicalAnswer } from '../../client/logical-client.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, EXIT_SERVER, UsageError } from '../failure.ts'
import { say } from '../io.ts'
import { dataOf, FIELD_FLAG } from '../logical-output.ts'
import { hintAtTyped, readPairs } from '../pairs.ts'
import { bothNames, type KvPath, MOUNT_FLAG, versionedKey } from './kv-path.ts'
import { putWritten } from './written.ts'

const METHODS = ['patch', 'rw'] as const

/** `conclave kv patch`: some of the values of a secret. */
export const command: CommandSpec = {
  name: 'kv patch',
  summary: 'Changes the values that are given, and leaves the others of the secret; a new version.',
  operands: 'PATH [KEY=VALUE …]',
  arity: [1, Infinity],
  examples: [
    {
      does: 'asks for the value at a terminal; else it comes by standard input',
      types: 'kv patch secret/app password=-',
    },
    { does: 'take a value away', types: 'kv patch -remove-data=old secret/app' },
  ],
  flags: [
    { name: 'remove-data', kind: 'list', value: 'KEY', help: 'take this value away' },
    { name: 'cas', kind: 'number', help: 'only if this is the newest version' },
    {
      name: 'method',
      kind: 'text',
      choices: METHODS,
      help: 'patch, or rw: read and write (either, as the token may)',
    },
    MOUNT_FLAG,
    FIELD_FLAG,
  ],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: true,
  run,
}

interface Change {
  readonly path: KvPath
  /** `null` takes a value away. */
  readonly data: Members
  readonly cas: number | null
}

async function run(call: CommandCall): Promise<number> {
  const method = call.flags.text('method')
  if (method !== null && !METHODS.some((known) => known === method)) {
    throw new UsageError(`invalid value for flag -method: give ${METHODS.join(' or ')}`)
  }
  hintAtTyped(call.operands.slice(1), call)
  const removed = call.flags.list('remove-data').map((name) => [name, null] as const)
  const data = { ...(await readPairs(call.operands.slice(1), call)), ...Object.fromEntries(removed) }
  if (Object.keys(data).length === 0) throw new UsageError('there is nothing to change: give KEY=VALUE')
  const client = await call.connect()
  const path = await versionedKey(call, client)
  const change = { path, data, cas: call.flags.number('cas') }
  const api = path.api('data')
  const answer = await during(`Error writing data to ${api}`, () => changed(client, change, method))
  if (answer === 'missing') {
    say(call.io, `No value found at ${bothNames(path, 'data')}`)
    return EXIT_SERVER
  }
  await putWritten(call, path, answer)
  return EXIT_OK
}

type Changed = LogicalAnswer | null | 'missing'

/** surface.md section 15.2: a token without `patch`, or an engine without it, reads and writes instead. */
async function changed(client: ConclaveClient, change: Change, method: string | null): Promise<Changed> {
  if (method === 'rw') return await rewritten(client, change)
  const { path, data, cas } = change
  try {
    return await client.logical.patch(path.api('data'), { data, options: cas === null ? {} : { cas } })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 404 && error.errors.length === 0) return 'missing'
    if (method === null && (error.status === 403 || error.status === 405))
      return await rewritten(client, change)
    throw error
  }
}

/** Nobody's write in between is lost: the version that was read has to be the newest still. */
async function rewritten(client: ConclaveClient, { path, data, cas }: Change): Promise<Changed> {
  const current = await client.looking.read(path.api('data'))
  const { data: values, metadata } = dataOf(current?.members ?? {})
  if (!isMembers(values) || !isMembers(metadata)) return 'missing'
  const merged = Object.entries({ ...values, ...data }).filter(([, value]) => value !== null)
  const options = { cas: cas ?? count(metadata, 'version') }
  return await client.logical.write(path.api('data'), { data: Object.fromEntries(merged), options })
}
