import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, UsageError } from './failure.ts'
import { say } from './io.ts'
import { FIELD_FLAG, putAsked } from './logical-output.ts'
import { readPairs } from './pairs.ts'

/** `conclave patch`: changes some of the values at a path. */
export const command: CommandSpec = {
  name: 'patch',
  summary: 'Changes the values that are given, and leaves the others at the path.',
  operands: 'PATH [KEY=VALUE …]',
  arity: [1, Infinity],
  examples: [
    { does: 'one value of several', types: 'patch sys/policies/acl/app ttl=24h' },
    { does: 'a JSON merge patch, in which null takes away', types: 'patch secret/metadata/app @patch.json' },
  ],
  flags: [FIELD_FLAG],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [path = '', ...pairs] = call.operands
  if (pairs.length === 0) throw new UsageError('there is nothing to change: give KEY=VALUE')
  const body = await readPairs(pairs, call)
  const client = await call.connect()
  const answer = await during(`Error writing data to ${path}`, () => client.logical.patch(path, body))
  if (answer === null) say(call.io, `Success! Data written to: ${path}`)
  else await putAsked(call, answer)
  return EXIT_OK
}
