import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'
import { say } from './io.ts'
import { putLogical } from './logical-output.ts'

/** `conclave delete`: takes away what a path holds. */
export const command: CommandSpec = {
  name: 'delete',
  summary: 'Deletes what a path holds; there may be nothing.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [{ does: 'there is no way back', types: 'delete secret/hello' }],
  flags: [],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [path = ''] = call.operands
  const client = await call.connect()
  const answer = await during(`Error deleting ${path}`, () => client.logical.delete(path))
  if (answer !== null) await putLogical(call, answer)
  else say(call.io, `Success! Data deleted (if it existed) at: ${path}`)
  return EXIT_OK
}
