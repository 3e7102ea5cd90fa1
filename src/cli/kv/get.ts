import { isMembers } from '../../client/answers.ts'
import type { LogicalAnswer } from '../../client/logical-client.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, EXIT_SERVER, UsageError } from '../failure.ts'
import { say } from '../io.ts'
import {
  dataOf,
  FIELD_FLAG,
  isMissing,
  putAsked,
  putField,
  putIfWrapped,
  putWarnings,
} from '../logical-output.ts'
import { pathPart, putParts, tablePart } from './kv-output.ts'
import { bothNames, type KvPath, MOUNT_FLAG, namedKey } from './kv-path.ts'

/** `conclave kv get`: what a secret holds. */
export const command: CommandSpec = {
  name: 'kv get',
  summary: 'Reads a secret, of either version of KV. The path is as you say it, or as the API has it.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [
    { does: 'these three are the same', types: 'kv get secret/app' },
    { does: 'as in policies and HTTP', types: 'kv get secret/data/app' },
    { does: 'as the peers write it', types: 'kv get -mount=secret app' },
    { does: 'one value and nothing else, for a script', types: 'kv get -field=password secret/app' },
  ],
  flags: [{ name: 'version', kind: 'number', help: 'which version (the newest)' }, MOUNT_FLAG, FIELD_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  const path = await namedKey(call, client)
  const version = call.flags.number('version')
  if (path.version === 1 && version !== null) {
    throw new UsageError(`-version needs versions, and "${path.mount}" is a KV mount of version 1`)
  }
  const query = version === null ? {} : { version: String(version) }
  const api = path.api('data')
  const answer = await during(`Error reading ${api}`, () => client.logical.read(api, query))
  if (answer === null || isMissing(answer)) {
    putWarnings(call, answer)
    say(call.io, `No value found at ${bothNames(path, 'data')}`)
    return EXIT_SERVER
  }
  if (path.version === 1) return await putFirstVersion(call, path, answer)
  return await putVersion(call, path, answer)
}

/** KV version 1 has the values and nothing beside them. */
async function putFirstVersion(call: CommandCall, path: KvPath, answer: LogicalAnswer): Promise<number> {
  if (call.flags.text('field') !== null || call.output.format !== 'table') await putAsked(call, answer)
  else if (!(await putIfWrapped(call, answer))) {
    await putParts(call, [pathPart(path, 'data'), tablePart('Data', dataOf(answer.members))])
  }
  return EXIT_OK
}

async function putVersion(call: CommandCall, path: KvPath, answer: LogicalAnswer): Promise<number> {
  const { data: values, metadata } = dataOf(answer.members)
  const field = call.flags.text('field')
  const isWrapped = isMembers(answer.members['wrap_info'])
  if (field !== null && !isWrapped) return await putOne(call, path, { values, field })
  if (isWrapped || call.output.format !== 'table') await putAsked(call, answer)
  else {
    putWarnings(call, answer)
    const parts = [tablePart('Metadata', isMembers(metadata) ? metadata : {})]
    // A version that was deleted or destroyed has metadata alone.
    if (isMembers(values)) parts.push(tablePart('Data', values))
    await putParts(call, [pathPart(path, 'data'), ...parts])
  }
  return EXIT_OK
}

async function putOne(
  call: CommandCall,
  path: KvPath,
  { values, field }: { readonly values: unknown; readonly field: string },
): Promise<number> {
  if (isMembers(values)) {
    await putField(call, values, field)
    return EXIT_OK
  }
  say(call.io, `No data found at ${bothNames(path, 'data')}`)
  return EXIT_SERVER
}
