import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, EXIT_SERVER, UsageError } from './failure.ts'
import { say } from './io.ts'
import { FIELD_FLAG, isMissing, putAsked, putWarnings } from './logical-output.ts'

/** `conclave read`: what a path holds. */
export const command: CommandSpec = {
  name: 'read',
  summary: 'Reads what a path holds.',
  operands: 'PATH [KEY=VALUE …]',
  arity: [1, Infinity],
  examples: [
    { does: 'as a table', types: 'read secret/hello' },
    { does: 'one value and nothing else, for a script', types: 'read -field=name secret/hello' },
    { does: 'the answer as it came', types: 'read -format=raw secret/hello' },
  ],
  flags: [FIELD_FLAG],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [path = '', ...pairs] = call.operands
  const client = await call.connect()
  const answer = await during(`Error reading ${path}`, () => client.logical.read(path, query(pairs)))
  if (answer === null || isMissing(answer)) {
    putWarnings(call, answer)
    say(call.io, `No value found at ${path}`)
    return EXIT_SERVER
  }
  await putAsked(call, answer)
  return EXIT_OK
}

function query(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=')
      if (equals <= 0) throw new UsageError('what follows the path must be KEY=VALUE')
      return [pair.slice(0, equals), pair.slice(equals + 1)]
    }),
  )
}
