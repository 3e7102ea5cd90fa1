import { text } from '../client/answers.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'
import { renderValue } from './output.ts'

/** `conclave path-help`: what the server says of a path. */
export const command: CommandSpec = {
  name: 'path-help',
  summary: 'Tells what a path of the server does, and which fields it takes.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [{ does: 'of a mount, or of a path below it', types: 'path-help sys/mounts/kv' }],
  flags: [],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [path = ''] = call.operands
  const client = await call.connect()
  const members = await during('Error retrieving help', () => client.logical.help(path))
  const { format } = call.output
  const shown =
    format === 'table' ? `${text(members, 'help').trimEnd()}\n` : await renderValue(format, members)
  await call.output.text(shown)
  return EXIT_OK
}
