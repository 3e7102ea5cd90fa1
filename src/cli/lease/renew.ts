import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { FIELD_FLAG, putAsked } from '../logical-output.ts'

/** `conclave lease renew`: lets a lease live on. */
export const command: CommandSpec = {
  name: 'lease renew',
  summary: 'Lets a lease live on, within its limits.',
  operands: 'LEASE',
  arity: [1, 1],
  examples: [
    { does: 'for an hour from now', types: 'lease renew -increment=1h database/creds/readonly/2f6a614c…' },
  ],
  flags: [
    { name: 'increment', alias: 'i', kind: 'text', value: 'TIME', help: 'for how long from now: 1h' },
    FIELD_FLAG,
  ],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [id = ''] = call.operands
  const increment = call.flags.text('increment')
  const body = { lease_id: id, ...(increment === null ? {} : { increment }) }
  const client = await call.connect()
  const answer = await during(`Error renewing ${id}`, () => client.logical.write('sys/leases/renew', body))
  if (answer !== null) await putAsked(call, answer)
  return EXIT_OK
}
