import type { Call, Route } from '../../logical/backend.ts'
import { type Fields, readFields } from '../../logical/field-table.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { raised, refused } from './answers.ts'
import { BY_ACCESSOR } from './lookup.ts'
import type { Known, TokenAuthPorts } from './ports.ts'

const BY_TOKEN = {
  token: { type: 'secret', description: 'The token to revoke.' },
} as const satisfies Fields

/** The end of tokens (surface.md section 2.2). */
export function revokeRoutes(ports: TokenAuthPorts): readonly Route[] {
  return [
    {
      pattern: 'revoke-self',
      summary: 'Revokes the token of this request, with all below it.',
      access: 'token',
      fields: {},
      handlers: { update: (call) => revoke(ports, ports.self(call)) },
    },
    {
      pattern: 'revoke',
      summary: 'Revokes a token, with all below it.',
      access: 'token',
      fields: BY_TOKEN,
      handlers: { update: (call) => revokeToken(ports, call) },
    },
    {
      pattern: 'revoke-accessor',
      summary: 'Revokes the token of an accessor, with all below it.',
      access: 'token',
      fields: BY_ACCESSOR,
      handlers: { update: (call) => revokeByAccessor(ports, call) },
    },
    {
      pattern: 'revoke-orphan',
      summary: 'Revokes a token alone; those below it become orphans. Needs sudo.',
      access: 'token',
      fields: BY_TOKEN,
      handlers: { update: (call) => revokeOrphan(ports, call) },
    },
    {
      pattern: 'tidy',
      summary: 'Looks for what a crash or a damaged store left of tokens, in the background.',
      access: 'token',
      fields: {},
      handlers: { update: async () => tidy(ports) },
    },
  ]
}

/** Whatever is not there any more is revoked. */
async function revoke(ports: TokenAuthPorts, known: Known | null): Promise<null> {
  if (known === null) return null
  await ports.revoke(keyOf(known))
  return null
}

function keyOf({ key }: Known): string {
  if (key === null) throw refused('batch tokens cannot be revoked')
  return key
}

async function revokeToken(ports: TokenAuthPorts, call: Call): Promise<null> {
  const { token } = readFields(BY_TOKEN, call.request.data)
  if (token === undefined) throw refused('missing token ID')
  using owned = token
  return await revoke(ports, await ports.find(owned))
}

async function revokeByAccessor(ports: TokenAuthPorts, call: Call): Promise<LogicalResponse | null> {
  const { accessor = '' } = readFields(BY_ACCESSOR, call.request.data)
  if (accessor === '') throw raised('missing accessor')
  const known = await ports.byAccessor(accessor)
  if (known === null) return { warnings: ['No token found with this accessor'] }
  return await revoke(ports, known)
}

async function revokeOrphan(ports: TokenAuthPorts, call: Call): Promise<null> {
  const { token } = readFields(BY_TOKEN, call.request.data)
  if (token === undefined) throw refused('missing token ID')
  using owned = token
  if (!(await ports.hasSudo(call))) throw refused('root or sudo privileges required to revoke and orphan')
  const known = await ports.lookup(owned)
  if (known === null) throw refused('token to revoke not found')
  await ports.revokeOrphan(keyOf(known))
  return null
}

const TIDY_STARTED =
  'Tidy operation successfully started. ' +
  "Any information from the operation will be printed to the server's log."

function tidy(ports: TokenAuthPorts): LogicalResponse {
  const warning = ports.tidy() ? TIDY_STARTED : 'Tidy operation on tokens is already in progress.'
  return { status: 202, warnings: [warning] }
}
