import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { dataOf, putIfWrapped } from '../logical-output.ts'
import { renderValue } from '../output.ts'
import { ACCESSOR_FLAG, readTarget } from './target.ts'

const PATHS = {
  self: 'sys/capabilities-self',
  token: 'sys/capabilities',
  accessor: 'sys/capabilities-accessor',
} as const

/** `conclave token capabilities`: what a token may do at a path. */
export const command: CommandSpec = {
  name: 'token capabilities',
  summary: 'Tells what a token may do at a path, as policies write it; without one, the token in use.',
  operands: '[TOKEN|-] PATH',
  arity: [1, 2],
  examples: [
    { does: 'of the one that commands use', types: 'token capabilities secret/data/app' },
    { does: 'of another, by standard input', types: 'token capabilities - secret/data/app' },
    { does: 'why, and what is missing', types: 'policy explain GET secret/data/app' },
  ],
  flags: [ACCESSOR_FLAG],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const path = call.operands.at(-1) ?? ''
  const target = await readTarget(call, call.operands.length === 2 ? call.operands[0] : undefined)
  const body = { ...(target.kind === 'self' ? {} : target.body), paths: [path] }
  const client = await call.connect()
  const answer = await during('Error listing capabilities', () =>
    client.logical.write(PATHS[target.kind], body),
  )
  if (await putIfWrapped(call, answer)) return EXIT_OK
  const capabilities = dataOf(answer?.members ?? {})['capabilities']
  const names = Array.isArray(capabilities) ? capabilities.map(String).sort() : []
  const { format } = call.output
  await call.output.text(format === 'table' ? `${names.join(', ')}\n` : await renderValue(format, names))
  return EXIT_OK
}
