import { isMembers, type Members, text } from '../../client/answers.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, UsageError } from '../failure.ts'
import { dataOf, FIELD_FLAG, putAsked, putWarnings } from '../logical-output.ts'
import { type Row, renderFacts } from '../output.ts'

const METHODS = ['GET', 'LIST', 'SCAN', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** `conclave policy explain`: why a request is allowed or refused. */
export const command: CommandSpec = {
  name: 'policy explain',
  summary:
    'Tells which rule decides about a request, what is missing, and the smallest change that allows it.',
  operands: 'METHOD PATH',
  arity: [2, 2],
  examples: [
    { does: 'for the token in use', types: 'policy explain GET secret/data/app' },
    {
      does: 'for whoever has these policies',
      types: 'policy explain -policy=app -policy=web PUT secret/data/app',
    },
    {
      does: 'for another token, by its accessor',
      types: 'policy explain -accessor=8609694a LIST secret/metadata/',
    },
  ],
  flags: [
    { name: 'policy', kind: 'list', value: 'NAME', help: 'by these policies, not those of the token in use' },
    { name: 'accessor', kind: 'text', value: 'ACCESSOR', help: 'for the token with this accessor' },
    { name: 'wrap', kind: 'text', value: 'TIME', help: 'if the answer is to be wrapped for so long' },
    FIELD_FLAG,
  ],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [given = '', path = ''] = call.operands
  const method = METHODS.find((known) => known === given.toUpperCase())
  if (method === undefined) throw new UsageError(`there is no such method: give one of ${METHODS.join(', ')}`)
  const policies = call.flags.list('policy')
  const body = {
    method,
    path,
    policies: policies.length === 0 ? undefined : policies,
    accessor: call.flags.text('accessor') ?? undefined,
    wrap_ttl: call.flags.text('wrap') ?? undefined,
  }
  const client = await call.connect()
  const ask = (): ReturnType<typeof client.logical.write> =>
    client.logical.write('sys/policies/explain', body)
  const answer = await during('Error explaining', ask, { permission_denied: NOT_GIVEN })
  if (answer === null) return EXIT_OK
  const isTable = call.flags.text('field') === null && call.output.format === 'table'
  if (!isTable || isMembers(answer.members['wrap_info'])) await putAsked(call, answer)
  else {
    putWarnings(call, answer)
    await call.output.text(explanation(method, dataOf(answer.members)))
  }
  return EXIT_OK
}

const NOT_GIVEN =
  'The token in use may not ask: that takes update on "sys/policies/explain", which "default" gives unless ' +
  'it was changed; for -policy read on each of them besides, for -accessor read on each policy of that ' +
  'token, and update on "sys/capabilities-accessor". Somebody who may can ask for you, with -accessor.'

/** Sentences first, then the rules to copy. */
function explanation(method: string, data: Members): string {
  const rows: readonly Row[] = [
    ['Request', `${method} ${text(data, 'path')}`],
    ['Allowed', data['allowed'] === true ? 'yes' : 'no'],
    ['Reason', text(data, 'reason')],
    ['Rule', text(data, 'rule')],
    ['Policies', words(data['policies'])],
    ['Missing', words(data['missing'])],
  ]
  const hints = texts(data['hints']).map((hint) => `\nHint: ${hint}\n`)
  const patch = text(data, 'patch')
  const change =
    patch === '' ? '' : `\nThe smallest change of a policy that allows it:\n\n${patch.trimEnd()}\n`
  return renderFacts(rows) + hints.join('') + change
}

function words(value: unknown): string {
  return texts(value).join(', ')
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
