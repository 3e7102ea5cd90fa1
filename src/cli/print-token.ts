import type { CommandCall, CommandSpec } from './command.ts'
import { findToken } from './environment.ts'
import { EXIT_OK, EXIT_USAGE } from './failure.ts'
import { put, say } from './io.ts'

/** `conclave print token`: the token that commands would use. */
export const command: CommandSpec = {
  name: 'print token',
  summary: 'Prints the token that commands use: that of the environment, else of ~/.vault-token.',
  operands: '',
  arity: [0, 0],
  examples: [
    {
      does: 'for a program that asks the server itself',
      types: 'print token | program --token-from-stdin',
    },
  ],
  flags: [],
  connects: false,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const token = await findToken(call.io.env)
  if (token === null) {
    say(call.io, 'There is no token.\n\nNext: conclave login')
    return EXIT_USAGE
  }
  await put(call.io, `${token}\n`)
  return EXIT_OK
}
