import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'
import { say } from './io.ts'

/** `conclave operator seal`: closes the server. */
export const command: CommandSpec = {
  name: 'operator seal',
  summary: 'Closes the server: its keys leave its memory, and it opens only with shares again.',
  operands: '',
  arity: [0, 0],
  examples: [{ does: 'needs a token that may, unless it is sealed already', types: 'operator seal' }],
  flags: [],
  connects: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  await during('Error sealing', () => client.seal())
  say(call.io, 'Success! The server is sealed.\nNext: conclave operator unseal')
  return EXIT_OK
}
