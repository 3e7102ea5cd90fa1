import type { SecretBytes } from '../../base/secret-bytes.ts'
import type { Call, Route } from '../../logical/backend.ts'
import { type Fields, readFields } from '../../logical/field-table.ts'
import { SecretText } from '../../logical/json.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { authAnswer, ownTokenText, refused } from './answers.ts'
import { BY_ACCESSOR, tokenOfAccessor } from './lookup.ts'
import type { TokenAuthPorts } from './ports.ts'

const INCREMENT = {
  increment: { type: 'seconds', description: 'How much time it is to have from now on.' },
} as const satisfies Fields

const BY_TOKEN = {
  token: { type: 'secret', description: 'The token to renew.' },
  ...INCREMENT,
} as const satisfies Fields

/** More time for tokens, or less (surface.md section 2.1). */
export function renewRoutes(ports: TokenAuthPorts): readonly Route[] {
  return [
    {
      pattern: 'renew-self',
      summary: 'Gives the token of this request more time.',
      access: 'token',
      fields: INCREMENT,
      handlers: { update: (call) => renewSelf(ports, call) },
    },
    {
      pattern: 'renew',
      summary: 'Gives a token more time.',
      access: 'token',
      fields: BY_TOKEN,
      handlers: { update: (call) => renewToken(ports, call) },
    },
    {
      pattern: 'renew-accessor',
      summary: 'Gives the token of an accessor more time.',
      access: 'token',
      fields: { ...BY_ACCESSOR, ...INCREMENT },
      handlers: { update: (call) => renewByAccessor(ports, call) },
    },
  ]
}

async function renewSelf(ports: TokenAuthPorts, call: Call): Promise<LogicalResponse> {
  return authAnswer(await ports.renew(ports.self(call), incrementOf(call)), ownTokenText(call), false)
}

async function renewByAccessor(ports: TokenAuthPorts, call: Call): Promise<LogicalResponse> {
  return authAnswer(await ports.renew(await tokenOfAccessor(ports, call), incrementOf(call)), '', false)
}

async function renewToken(ports: TokenAuthPorts, call: Call): Promise<LogicalResponse> {
  const { token, increment = 0 } = readFields(BY_TOKEN, call.request.data)
  if (token === undefined) throw refused('missing token ID')
  return await unlessAnswered(token, async () => {
    const known = await ports.lookup(token)
    if (known === null) throw refused('token not found')
    return authAnswer(await ports.renew(known, increment), new SecretText(token), false)
  })
}

/** An answer wipes the token in it; without one somebody else has to. */
async function unlessAnswered(
  token: SecretBytes,
  act: () => Promise<LogicalResponse>,
): Promise<LogicalResponse> {
  try {
    return await act()
  } catch (error) {
    token[Symbol.dispose]()
    throw error
  }
}

function incrementOf(call: Call): number {
  return readFields(INCREMENT, call.request.data).increment ?? 0
}
