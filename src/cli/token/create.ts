import type { Members } from '../../client/answers.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, UsageError } from '../failure.ts'
import { keyValues, truth, truthFlag } from '../flag-values.ts'
import type { FlagSpec } from '../flags.ts'
import { say } from '../io.ts'
import { FIELD_FLAG, putAsked } from '../logical-output.ts'

const FLAGS: readonly FlagSpec[] = [
  { name: 'policy', kind: 'list', value: 'NAME', help: 'what it may do; as often as there are policies' },
  { name: 'ttl', kind: 'text', value: 'TIME', help: 'how long it lives, renewed or not: 1h' },
  { name: 'explicit-max-ttl', kind: 'text', value: 'TIME', help: 'how long it lives at most' },
  { name: 'period', kind: 'text', value: 'TIME', help: 'renewed within that, it lives for ever' },
  { name: 'use-limit', kind: 'number', help: 'how many requests it is good for (0: any)' },
  truth('renewable', 'whether it can live on (true)'),
  {
    name: 'type',
    kind: 'text',
    choices: ['service', 'batch'],
    help: 'service, or batch, which is not stored',
  },
  { name: 'orphan', kind: 'switch', help: 'lives on when the token that made it ends' },
  { name: 'no-default-policy', kind: 'switch', help: 'without the policy "default"' },
  { name: 'display-name', kind: 'text', value: 'NAME', help: 'name for logs' },
  { name: 'metadata', kind: 'list', value: 'KEY=VALUE', help: 'what the log says of it; no secret' },
  { name: 'role', kind: 'text', value: 'NAME', help: 'by the terms of a role' },
  { name: 'entity-alias', kind: 'text', value: 'NAME', help: 'whose it is; needs a role' },
  { name: 'id', kind: 'text', value: 'TOKEN', help: 'the token itself, chosen by you' },
  FIELD_FLAG,
]

/** `conclave token create`: a token for somebody, or something, else. */
export const command: CommandSpec = {
  name: 'token create',
  summary: 'Makes a token. It is shown this once.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'for an application, for an hour', types: 'token create -policy=app -ttl=1h' },
    { does: 'the token alone, for a script', types: 'token create -policy=app -field=token' },
    { does: 'fetched once, within a minute', types: 'token create -policy=app -wrap-ttl=60s' },
  ],
  flags: FLAGS,
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const path = pathOf(call)
  if (call.flags.text('id') !== null) say(call.io, ID_WARNING)
  const body = bodyOf(call)
  const client = await call.connect()
  const answer = await during('Error creating token', () => client.logical.write(path, body))
  if (answer !== null) await putAsked(call, answer)
  return EXIT_OK
}

const ID_WARNING =
  'Warning: a token that somebody chose, and that stands on a command line, can be known to others.'

function pathOf({ flags }: CommandCall): string {
  const role = flags.text('role')
  if (role === null) return flags.on('orphan') ? 'auth/token/create-orphan' : 'auth/token/create'
  if (flags.on('orphan'))
    throw new UsageError('the role says whether the token is an orphan: leave out -orphan')
  return `auth/token/create/${role}`
}

/** Surface.md section 2.3. What was not given is left out. */
function bodyOf(call: CommandCall): Members {
  const { flags } = call
  const policies = flags.list('policy')
  const metadata = keyValues('metadata', flags.list('metadata'))
  return {
    id: flags.text('id') ?? undefined,
    policies: policies.length === 0 ? undefined : policies,
    ttl: flags.text('ttl') ?? undefined,
    explicit_max_ttl: flags.text('explicit-max-ttl') ?? undefined,
    period: flags.text('period') ?? undefined,
    num_uses: flags.number('use-limit') ?? undefined,
    renewable: truthFlag(call, 'renewable'),
    type: flags.text('type') ?? undefined,
    no_default_policy: flags.on('no-default-policy') ? true : undefined,
    display_name: flags.text('display-name') ?? undefined,
    entity_alias: flags.text('entity-alias') ?? undefined,
    meta: Object.keys(metadata).length === 0 ? undefined : metadata,
  }
}
