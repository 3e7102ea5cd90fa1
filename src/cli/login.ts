import { utf8 } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { isMembers, type Members } from '../client/answers.ts'
import { findSetting, tokenFile } from '../config/environment.ts'
import { writeTokenFile } from '../config/token-file.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, UsageError } from './failure.ts'
import { put, say } from './io.ts'
import { authFields, authRows, FIELD_FLAG, putField } from './logical-output.ts'
import { readToken } from './token-source.ts'

/** `conclave login`: keeps a token for the commands that follow. */
export const command: CommandSpec = {
  name: 'login',
  summary: 'Checks a token and keeps it in ~/.vault-token, for this user alone.',
  operands: '[TOKEN|-]',
  arity: [0, 2],
  examples: [
    { does: 'asks for the token, and shows nothing of what is typed', types: 'login' },
    { does: 'from standard input', types: 'login - < token' },
    { does: 'only check it', types: 'login -no-store -' },
  ],
  flags: [
    { name: 'method', kind: 'text', choices: ['token'], help: 'how to log in: token' },
    { name: 'no-store', kind: 'switch', help: 'keep it nowhere' },
    { name: 'no-print', kind: 'switch', help: 'tell nothing of it' },
    { name: 'token-only', kind: 'switch', help: 'print the token alone, and keep it nowhere' },
    FIELD_FLAG,
  ],
  later: ['path'],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const method = call.flags.text('method') ?? 'token'
  if (method !== 'token') {
    throw new UsageError('another method than token comes with a later version of conclave', {
      code: 'not_yet',
    })
  }
  const token = await readToken(call, tokenOperand(call.operands))
  const client = await call.connect(token)
  const lookUp = (): Promise<Members> => client.lookupSelf()
  const members = await during('Error authenticating', lookUp, { permission_denied: NO_GOOD })
  if (call.flags.on('token-only')) {
    await put(call.io, token)
    return EXIT_OK
  }
  const stored = call.flags.on('no-store') ? null : store(call, token)
  const field = call.flags.text('field')
  const auth = authOf(members, token)
  if (field !== null) await putField(call, authFields(auth), field)
  else {
    const { client_token: _hidden, ...shown } = auth
    // What was typed without being shown is not shown now. Programs that ask for JSON want it.
    if (!call.flags.on('no-print')) await call.output.data(authRows(shown), { auth })
    tell(call, stored)
  }
  return EXIT_OK
}

const NO_GOOD =
  'This token is mistyped, expired, used up, revoked or bound to another network; or it has no policy that ' +
  'lets it look itself up, as "default" does.'

/** `TOKEN`, or `token=TOKEN` as in the peers. */
function tokenOperand([first, second]: readonly string[]): string | undefined {
  if (second !== undefined) throw new UsageError('Too many arguments (expected 0-1, got 2)')
  return first?.startsWith('token=') ? first.slice('token='.length) : first
}

function store(call: CommandCall, token: string): string {
  const file = tokenFile(call.io.env)
  if (file === null) {
    throw new UsageError('there is no home folder to keep the token in', {
      hint: 'Set HOME or CONCLAVE_TOKEN_PATH, or give -no-store.',
    })
  }
  using bytes = SecretBytes.take(utf8(token))
  writeTokenFile(file, bytes)
  return file
}

function tell({ io }: CommandCall, stored: string | null): void {
  say(
    io,
    stored === null ? '\nThe token is good. It was kept nowhere.' : `\nSuccess! The token is in ${stored}.`,
  )
  const given = findSetting(io.env, 'TOKEN')
  if (stored !== null && given !== null) {
    say(io, `Warning: ${given.variable} is set and wins over it. Unset it to use what was kept.`)
  }
  if (stored !== null) say(io, 'Next: conclave token lookup')
}

/** What a token says of itself, in the form of the `auth` of an envelope (surface.md section 1.1). */
function authOf(members: Members, token: string): Members {
  const data = isMembers(members['data']) ? members['data'] : {}
  return {
    client_token: token,
    accessor: data['accessor'],
    policies: data['policies'] ?? [],
    token_policies: data['policies'] ?? [],
    identity_policies: data['identity_policies'] ?? [],
    metadata: data['meta'] ?? null,
    orphan: data['orphan'] === true,
    entity_id: data['entity_id'] ?? '',
    lease_duration: data['ttl'] ?? 0,
    renewable: data['renewable'] === true,
    token_type: data['type'] ?? '',
  }
}
