import { OperatingError } from '../../base/errors.ts'
import type { Call, Route } from '../../logical/backend.ts'
import { type Fields, readFields } from '../../logical/field-table.ts'
import { SecretText } from '../../logical/json.ts'
import { PAGE } from '../../logical/listed.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { KEYS } from '../../logical/schema.ts'
import { FACTS, factsAnswer, listAnswer, ownTokenText, raised } from './answers.ts'
import type { Known, TokenAuthPorts } from './ports.ts'

const BY_TOKEN = {
  token: { type: 'secret', description: 'The token to look up; without it, that of the request.' },
} as const satisfies Fields

export const BY_ACCESSOR = {
  accessor: { type: 'string', description: 'The accessor of the token.' },
} as const satisfies Fields

/** What is known of tokens (surface.md section 2.4). */
export function lookupRoutes(ports: TokenAuthPorts): readonly Route[] {
  const own = async (call: Call): Promise<LogicalResponse> =>
    factsAnswer(ports.self(call).entry, ownTokenText(call), ports.now())
  const lookup = (call: Call): Promise<LogicalResponse> => lookupToken(ports, call)
  return [
    {
      pattern: 'lookup-self',
      summary: 'What is known about the token of this request.',
      access: 'token',
      fields: {},
      answers: { read: FACTS, update: FACTS },
      handlers: { read: own, update: own },
    },
    {
      pattern: 'lookup',
      summary: 'What is known about a token.',
      access: 'token',
      fields: BY_TOKEN,
      answers: { read: FACTS, update: FACTS },
      handlers: { read: lookup, update: lookup },
    },
    {
      pattern: 'lookup-accessor',
      summary: 'What is known about the token of an accessor.',
      access: 'token',
      fields: BY_ACCESSOR,
      answers: { update: FACTS },
      handlers: {
        update: async (call) => factsAnswer((await tokenOfAccessor(ports, call)).entry, '', ports.now()),
      },
    },
    {
      pattern: 'accessors/',
      summary: 'The accessors of all tokens.',
      access: 'sudo',
      fields: PAGE,
      answers: { list: KEYS },
      handlers: { list: (call) => listAnswer(call, ports.accessors) },
    },
    { pattern: 'accessors', summary: 'Only a list has an answer here.', access: 'sudo', handlers: {} },
  ]
}

async function lookupToken(ports: TokenAuthPorts, call: Call): Promise<LogicalResponse> {
  const { token } = readFields(BY_TOKEN, call.request.data)
  if (token === undefined) return factsAnswer(ports.self(call).entry, ownTokenText(call), ports.now())
  const known = await ports.lookup(token)
  if (known === null) {
    token[Symbol.dispose]()
    throw new OperatingError('permission_denied', 'bad token')
  }
  return factsAnswer(known.entry, new SecretText(token), ports.now())
}

/** Throws `bad_request` in the words that clients know. */
export async function tokenOfAccessor(ports: TokenAuthPorts, call: Call): Promise<Known> {
  const { accessor = '' } = readFields(BY_ACCESSOR, call.request.data)
  if (accessor === '') throw raised('missing accessor')
  const known = await ports.byAccessor(accessor)
  if (known === null) throw raised('invalid accessor')
  return known
}
