import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, UsageError } from './failure.ts'
import { say } from './io.ts'
import { FIELD_FLAG, putAsked } from './logical-output.ts'
import { readPairs } from './pairs.ts'

/** `conclave write`: puts values at a path. */
export const command: CommandSpec = {
  name: 'write',
  summary: 'Writes values to a path, in place of what it held.',
  operands: 'PATH [KEY=VALUE …]',
  arity: [1, Infinity],
  examples: [
    { does: 'values as they are', types: 'write secret/hello name=world' },
    { does: 'a value from a file, or with - from standard input', types: 'write secret/db password=@pw.txt' },
    {
      does: 'everything from a JSON file, or with - from standard input',
      types: 'write secret/db @all.json',
    },
  ],
  flags: [{ name: 'force', alias: 'f', kind: 'switch', help: 'write with no values' }, FIELD_FLAG],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [path = '', ...pairs] = call.operands
  if (pairs.length === 0 && !call.flags.on('force')) {
    throw new UsageError('there is nothing to write: give KEY=VALUE, or -force')
  }
  const body = await readPairs(pairs, call)
  const client = await call.connect()
  const answer = await during(`Error writing data to ${path}`, () => client.logical.write(path, body))
  if (answer === null) say(call.io, `Success! Data written to: ${path}`)
  else await putAsked(call, answer)
  return EXIT_OK
}
