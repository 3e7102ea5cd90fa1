import type { CommandCall, CommandSpec } from './command.ts'
import { EXIT_OK, EXIT_USAGE } from './failure.ts'
import { put, say } from './io.ts'
import { findToken } from './own-token.ts'

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
  const own = await findToken(call.io.env)
  if (own === null) {
    say(call.io, 'There is no token.\n\nNext: conclave login')
    return EXIT_USAGE
  }
  if (own.warning !== null) say(call.io, own.warning)
  await put(call.io, `${own.token}\n`)
  return EXIT_OK
}
