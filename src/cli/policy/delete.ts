import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { say } from '../io.ts'

/** `conclave policy delete`: takes a policy away. */
export const command: CommandSpec = {
  name: 'policy delete',
  summary: 'Takes a policy away, and with it what it gave to tokens that have it.',
  operands: 'NAME',
  arity: [1, 1],
  examples: [{ does: 'there is no way back', types: 'policy delete app' }],
  flags: [],
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [name = ''] = call.operands
  const client = await call.connect()
  await during(`Error deleting ${name}`, () => client.logical.delete(`sys/policies/acl/${name}`))
  say(call.io, `Success! Deleted policy: ${name}`)
  return EXIT_OK
}
