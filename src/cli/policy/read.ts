import { text } from '../../client/answers.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, EXIT_SERVER } from '../failure.ts'
import { say } from '../io.ts'
import { dataOf, putIfWrapped } from '../logical-output.ts'
import { renderValue } from '../output.ts'

/** `conclave policy read`: what a policy says. */
export const command: CommandSpec = {
  name: 'policy read',
  summary: 'Prints a policy as it was written.',
  operands: 'NAME',
  arity: [1, 1],
  examples: [{ does: 'to change it in a file', types: 'policy read app > app.hcl' }],
  flags: [],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [name = ''] = call.operands
  const client = await call.connect()
  const answer = await during(`Error reading policy named ${name}`, () =>
    client.logical.read(`sys/policies/acl/${name}`),
  )
  if (await putIfWrapped(call, answer)) return EXIT_OK
  if (answer === null) {
    say(call.io, `No policy named: ${name}`)
    return EXIT_SERVER
  }
  const policy = text(dataOf(answer.members), 'policy')
  const { format } = call.output
  await call.output.exact(format === 'table' ? `${policy.trim()}\n` : await renderValue(format, { policy }))
  return EXIT_OK
}
