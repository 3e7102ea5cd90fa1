import type { CommandCall, CommandSpec } from './command.ts'
import { during } from './failure.ts'
import { putNames } from './names-output.ts'

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
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [path = ''] = call.operands
  const client = await call.connect()
  const answer = await during(`Error listing ${path}`, () => client.logical.list(path))
  return await putNames(call, answer, path)
}
