import type { LogicalAnswer } from '../client/conclave-client.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, EXIT_SERVER, UsageError } from './failure.ts'
import { put, say } from './io.ts'
import { FIELD_FLAG, putField, putLogical } from './logical-output.ts'

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
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [path = '', ...pairs] = call.operands
  const client = await call.connect()
  const answer = await during(`Error reading ${path}`, () => client.read(path, query(pairs)))
  if (answer === null) {
    say(call.io, `No value found at ${path}`)
    return EXIT_SERVER
  }
  return tell(call, answer)
}

async function tell(call: CommandCall, answer: LogicalAnswer): Promise<number> {
  const field = call.flags.text('field')
  if (field !== null) await putField(call, answer, field)
  else if (call.output.format === 'raw') await put(call.io, answer.body)
  else await putLogical(call, answer)
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
