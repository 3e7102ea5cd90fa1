import { isMembers } from '../client/answers.ts'
import type { LogicalAnswer } from '../client/conclave-client.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, EXIT_SERVER } from './failure.ts'
import { say } from './io.ts'
import { renderValue } from './output.ts'

/** `conclave list`: the names below a path. */
export const command: CommandSpec = {
  name: 'list',
  summary: 'Lists the names below a path; a name that ends in / is a folder.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [
    { does: 'one name a line', types: 'list secret/' },
    { does: 'as an array', types: 'list -format=json secret/' },
  ],
  flags: [],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [path = ''] = call.operands
  const client = await call.connect()
  const answer = await during(`Error listing ${path}`, () => client.list(path))
  const names = answer === null ? null : namesOf(answer)
  if (names === null) {
    say(call.io, `No value found at ${path}`)
    return EXIT_SERVER
  }
  const { format } = call.output
  const table = `Keys\n----\n${names.map((name) => `${name}\n`).join('')}`
  await call.output.text(format === 'table' ? table : await renderValue(format, names))
  return EXIT_OK
}

function namesOf(answer: LogicalAnswer): readonly string[] | null {
  const data = answer.members['data']
  const keys = isMembers(data) ? data['keys'] : null
  return Array.isArray(keys) ? keys.filter((name) => typeof name === 'string') : null
}
