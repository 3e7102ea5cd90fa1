import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { putIfWrapped } from '../logical-output.ts'
import { namesOf } from '../names-output.ts'
import { renderValue } from '../output.ts'

/** `conclave policy list`: the names of policies. */
export const command: CommandSpec = {
  name: 'policy list',
  summary: 'Lists the policies, one name a line.',
  operands: '',
  arity: [0, 0],
  examples: [{ does: 'all of them', types: 'policy list' }],
  flags: [],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  const answer = await during('Error listing policies', () => client.logical.list('sys/policies/acl'))
  if (await putIfWrapped(call, answer)) return EXIT_OK
  const names = answer === null ? [] : namesOf(answer)
  const { format } = call.output
  const table = names.map((name) => `${name}\n`).join('')
  await call.output.text(format === 'table' ? table : await renderValue(format, names))
  return EXIT_OK
}
