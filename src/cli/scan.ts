import type { CommandCall, CommandSpec } from './command.ts'
import { during } from './failure.ts'
import { putNames } from './names-output.ts'

/** `conclave scan`: the names below a path, at every depth. */
export const command: CommandSpec = {
  name: 'scan',
  summary: 'Lists the names below a path, at every depth.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [
    { does: 'one name a line', types: 'scan secret/' },
    { does: 'as an array', types: 'scan -format=json secret/' },
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
  const answer = await during(`Error scanning ${path}`, () => client.logical.scan(path))
  return await putNames(call, answer, path)
}
