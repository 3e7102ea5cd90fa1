import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, UsageError } from '../failure.ts'
import { FIELD_FLAG } from '../logical-output.ts'
import { hintAtTyped, readPairs } from '../pairs.ts'
import { MOUNT_FLAG, namedKey } from './kv-path.ts'
import { putWritten } from './written.ts'

/** `conclave kv put`: a secret, in place of what it held. */
export const command: CommandSpec = {
  name: 'kv put',
  summary: 'Writes a secret, in place of all that it held; version 2 keeps what was before.',
  operands: 'PATH [KEY=VALUE …]',
  arity: [2, Infinity],
  examples: [
    {
      does: 'asks for the value at a terminal; else it comes by standard input',
      types: 'kv put secret/app password=-',
    },
    { does: 'a value from a file', types: 'kv put secret/app certificate=@cert.pem' },
    {
      does: 'everything from a JSON file, or with - from standard input',
      types: 'kv put secret/app @all.json',
    },
    { does: 'only if there is nothing yet', types: 'kv put -cas=0 secret/app user=web' },
  ],
  flags: [
    { name: 'cas', kind: 'number', help: 'only if this is the newest version; 0: only if there is none' },
    MOUNT_FLAG,
    FIELD_FLAG,
  ],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  hintAtTyped(call.operands.slice(1), call)
  const values = await readPairs(call.operands.slice(1), call)
  const client = await call.connect()
  const path = await namedKey(call, client)
  const cas = call.flags.number('cas')
  if (path.version === 1 && cas !== null) {
    throw new UsageError(`-cas needs versions, and "${path.mount}" is a KV mount of version 1`)
  }
  const body = path.version === 1 ? values : { data: values, options: cas === null ? {} : { cas } }
  const api = path.api('data')
  const answer = await during(`Error writing data to ${api}`, () => client.logical.write(api, body))
  await putWritten(call, path, answer)
  return EXIT_OK
}
