import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { FIELD_FLAG, putAsked } from '../logical-output.ts'
import { ACCESSOR_FLAG, readTarget } from './target.ts'

const PATHS = { self: 'renew-self', token: 'renew', accessor: 'renew-accessor' } as const

/** `conclave token renew`: lets a token live on. */
export const command: CommandSpec = {
  name: 'token renew',
  summary: 'Lets a token live on, within its limits; without one, the token in use.',
  operands: '[TOKEN|-]',
  arity: [0, 1],
  examples: [
    { does: 'the one that commands use', types: 'token renew' },
    { does: 'for 30 minutes from now', types: 'token renew -increment=30m' },
  ],
  flags: [
    { name: 'increment', alias: 'i', kind: 'text', value: 'TIME', help: 'for how long from now: 30m' },
    ACCESSOR_FLAG,
    FIELD_FLAG,
  ],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const target = await readTarget(call, call.operands[0])
  const increment = call.flags.text('increment')
  const about = target.kind === 'self' ? {} : target.body
  const body = { ...about, ...(increment === null ? {} : { increment }) }
  const client = await call.connect()
  const path = `auth/token/${PATHS[target.kind]}`
  const answer = await during('Error renewing token', () => client.logical.write(path, body))
  if (answer !== null) await putAsked(call, answer)
  return EXIT_OK
}
