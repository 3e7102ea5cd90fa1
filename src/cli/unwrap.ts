import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, UsageError } from './failure.ts'
import { say } from './io.ts'
import { FIELD_FLAG, putAsked } from './logical-output.ts'
import { findToken } from './own-token.ts'
import { readToken } from './token-source.ts'

/** `conclave unwrap`: fetches an answer that was kept under a token of its own. */
export const command: CommandSpec = {
  name: 'unwrap',
  summary: 'Fetches a wrapped answer, once; without a token, the one that the token in use was made for.',
  operands: '[TOKEN|-]',
  arity: [0, 1],
  examples: [
    { does: 'the wrapping token by standard input', types: 'unwrap - < wrapping-token' },
    { does: 'one value of what was wrapped', types: 'unwrap -field=password - < wrapping-token' },
  ],
  flags: [FIELD_FLAG],
  connects: true,
  requests: true,
  answers: true,
  run,
}

const PATH = 'sys/wrapping/unwrap'

async function run(call: CommandCall): Promise<number> {
  const [operand] = call.operands
  const own = await findToken(call.io.env)
  if (operand === undefined && own === null)
    throw new UsageError('give a wrapping token, or - for standard input')
  const token = operand === undefined ? null : await readToken(call, operand)
  // surface.md section 6.2: beside a token of one's own in the body, else in its place.
  const client = token !== null && own === null ? await call.connect(token) : await call.connect()
  const body = token === null || own === null ? {} : { token }
  const answer = await during('Error unwrapping', () => client.logical.write(PATH, body))
  if (answer === null) say(call.io, 'Success! What was wrapped had no content.')
  else await putAsked(call, answer)
  return EXIT_OK
}
