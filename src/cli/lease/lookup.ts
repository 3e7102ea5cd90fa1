import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { FIELD_FLAG, putAsked } from '../logical-output.ts'

/** `conclave lease lookup`: how long a lease lives. */
export const command: CommandSpec = {
  name: 'lease lookup',
  summary: 'Tells of a lease how long it lives, and whether it can be renewed.',
  operands: 'LEASE',
  arity: [1, 1],
  examples: [{ does: 'by its id', types: 'lease lookup database/creds/readonly/2f6a614c4aa2…' }],
  flags: [FIELD_FLAG],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [id = ''] = call.operands
  const client = await call.connect()
  const answer = await during('Error looking up lease', () =>
    client.logical.write('sys/leases/lookup', { lease_id: id }),
  )
  if (answer !== null) await putAsked(call, answer)
  return EXIT_OK
}
