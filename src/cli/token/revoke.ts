import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, UsageError } from '../failure.ts'
import { say } from '../io.ts'
import { putWarnings } from '../logical-output.ts'
import { ACCESSOR_FLAG, readTarget, type Target } from './target.ts'

/** `conclave token revoke`: ends a token. */
export const command: CommandSpec = {
  name: 'token revoke',
  summary: 'Ends a token, those that it made, and all their leases.',
  operands: '[TOKEN|-]',
  arity: [0, 1],
  examples: [
    { does: 'the one that commands use', types: 'token revoke -self' },
    {
      does: 'another, without having it',
      types: 'token revoke -accessor 8609694a-cdbc-db9b-d345-e782dbb562ed',
    },
    { does: 'by standard input; those that it made live on', types: 'token revoke -mode=orphan -' },
  ],
  flags: [
    { name: 'self', kind: 'switch', help: 'the token in use' },
    {
      name: 'mode',
      kind: 'text',
      choices: ['orphan', 'path'],
      help: 'orphan: leave alone those that it made',
    },
    ACCESSOR_FLAG,
  ],
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const target = await chosenTarget(call)
  const path = pathOf(call, target)
  const body = target.kind === 'self' ? {} : target.body
  const client = await call.connect()
  const answer = await during('Error revoking token', () => client.logical.write(path, body))
  putWarnings(call, answer)
  // What the server warns of is that there was none.
  if (answer === null) say(call.io, 'Success! Revoked token (if it existed)')
  return EXIT_OK
}

/** Nothing is ended because an operand was left out: the token in use only by its flag. */
async function chosenTarget(call: CommandCall): Promise<Target> {
  const [operand] = call.operands
  const isSelf = call.flags.on('self')
  if (isSelf && (operand !== undefined || call.flags.on('accessor'))) {
    throw new UsageError('give -self, or a token or an accessor')
  }
  if (!isSelf && operand === undefined) {
    throw new UsageError('give a token, - for standard input, -accessor with an accessor, or -self')
  }
  return await readTarget(call, operand)
}

function pathOf(call: CommandCall, { kind }: Target): string {
  const mode = call.flags.text('mode')
  if (mode === null)
    return `auth/token/${{ self: 'revoke-self', token: 'revoke', accessor: 'revoke-accessor' }[kind]}`
  if (mode === 'path') throw new UsageError('-mode=path is "conclave lease revoke -prefix PATH"')
  if (mode !== 'orphan') throw new UsageError('invalid value for flag -mode: give orphan')
  if (kind !== 'token') throw new UsageError('-mode=orphan needs the token itself')
  return 'auth/token/revoke-orphan'
}
