import type { ConclaveClient } from '../../client/conclave-client.ts'
import type { LogicalAnswer } from '../../client/logical-client.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { FIELD_FLAG, putAsked } from '../logical-output.ts'
import { ACCESSOR_FLAG, readTarget, type Target } from './target.ts'

/** `conclave token lookup`: what a token is. */
export const command: CommandSpec = {
  name: 'token lookup',
  summary: 'Tells of a token what it may do and how long it lives; without one, of the token in use.',
  operands: '[TOKEN|-]',
  arity: [0, 1],
  examples: [
    { does: 'the one that commands use', types: 'token lookup' },
    {
      does: 'another, without having it',
      types: 'token lookup -accessor 8609694a-cdbc-db9b-d345-e782dbb562ed',
    },
    { does: 'one value', types: 'token lookup -field=expire_time' },
  ],
  flags: [ACCESSOR_FLAG, FIELD_FLAG],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const target = await readTarget(call, call.operands[0])
  const client = await call.connect()
  const answer = await during('Error looking up token', () => lookup(client, target))
  if (answer !== null) await putAsked(call, answer)
  return EXIT_OK
}

function lookup({ logical }: ConclaveClient, target: Target): Promise<LogicalAnswer | null> {
  switch (target.kind) {
    case 'self':
      return logical.read('auth/token/lookup-self')
    case 'token':
      return logical.write('auth/token/lookup', target.body)
    case 'accessor':
      return logical.write('auth/token/lookup-accessor', target.body)
  }
}
