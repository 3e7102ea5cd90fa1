import { toHex, utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import type { Call, Route } from '../logical/backend.ts'
import type { Fields } from '../logical/field-table.ts'
import { secretField } from '../logical/fields.ts'
import { NO_MEMBERS, RawJson } from '../logical/json.ts'
import type { LogicalRequest } from '../logical/request.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { ANYTHING, shape, TEXT, WHOLE } from '../logical/schema.ts'
import type { OpenRooms } from './open-rooms.ts'

const TOKEN = {
  token: {
    type: 'secret',
    description: 'The wrapping token; without it the one that the request came with.',
  },
} as const satisfies Fields

const INVALID = 'wrapping token is not valid or does not exist'

/** `sys/wrapping/…` (surface.md section 6.2). */
export function wrappingRoutes({ wrapping }: OpenRooms): readonly Route[] {
  const lookup = async ({ request }: Call): Promise<LogicalResponse> => {
    using token = tokenIn(request) ?? ownToken(request)
    const { creationPath, creationTime, creationTtl } = await wrapping().lookup(token)
    const data = { creation_path: creationPath, creation_time: creationTime, creation_ttl: creationTtl }
    return { data }
  }
  const found = shape({ creation_path: TEXT, creation_time: TEXT, creation_ttl: WHOLE })
  return [
    {
      pattern: 'wrapping/wrap',
      summary: 'Keeps what it is given behind a wrapping token.',
      access: 'token',
      handlers: { update: wrap },
    },
    {
      pattern: 'wrapping/unwrap',
      summary: 'Gives what was wrapped, once, as it would have been answered.',
      access: 'token',
      fields: TOKEN,
      // Whoever comes with a wrapping token that is used up learns that, and not that he lacks a right.
      stranger: (request) => (names(request, 'token') ? null : new OperatingError('bad_request', INVALID)),
      answers: { update: ANYTHING },
      handlers: { update: (call) => unwrap(wrapping(), call) },
    },
    {
      pattern: 'wrapping/lookup',
      summary: 'What is known of a wrapped answer. It does not use the token up.',
      access: 'public',
      tokenless: true,
      fields: TOKEN,
      answers: { read: found, update: found },
      handlers: { read: lookup, update: lookup },
    },
    {
      pattern: 'wrapping/rewrap',
      summary: 'Puts what was wrapped behind a new token, for as long again.',
      access: 'token',
      fields: TOKEN,
      handlers: { update: (call) => rewrap(wrapping(), call) },
    },
    {
      pattern: 'wrapping/pubkey',
      summary: 'The key that wrapping tokens in the form of a JWT are signed with: a point on P-521.',
      access: 'public',
      tokenless: true,
      fields: {},
      answers: { read: shape({ jwt_curve: TEXT, jwt_x: TEXT, jwt_y: TEXT }) },
      handlers: { read: () => publicKey(wrapping()) },
    },
  ]
}

type Wrapping = ReturnType<OpenRooms['wrapping']>

/** The wrapping itself is done where any answer is wrapped. */
async function wrap({ request }: Call): Promise<LogicalResponse> {
  if (request.wrap === null) {
    throw new OperatingError('bad_request', 'endpoint requires response wrapping to be used')
  }
  const { data } = request
  return data === null || data.members.size === 0 ? {} : { data: new RawJson(data.raw) }
}

async function unwrap(wrapping: Wrapping, { request, caller }: Call): Promise<LogicalResponse | null> {
  if (caller === null) throw new OperatingError('permission_denied', 'permission denied')
  using token = tokenIn(request)
  using body = await wrapping.unwrap(token, caller)
  return body === null ? null : { bare: body.lend((bytes) => new RawJson(bytes.slice())) }
}

async function rewrap(wrapping: Wrapping, { request }: Call): Promise<LogicalResponse> {
  using token = tokenIn(request)
  if (token === null) throw new OperatingError('bad_request', INVALID)
  return { wrapInfo: await wrapping.rewrap(token, request.wrap?.format ?? 'token') }
}

async function publicKey(wrapping: Wrapping): Promise<LogicalResponse> {
  const { x, y } = await wrapping.publicKey()
  return { data: { jwt_curve: 'p521', jwt_x: decimal(x), jwt_y: decimal(y) } }
}

/** As Go writes a whole number of any size. */
function decimal(bytes: Uint8Array): string {
  return BigInt(`0x${toHex(bytes)}`).toString()
}

function tokenIn({ data }: LogicalRequest): SecretBytes | null {
  return secretField(data ?? NO_MEMBERS, 'token')
}

function ownToken({ token }: LogicalRequest): SecretBytes | null {
  return token === null || token === '' ? null : SecretBytes.take(utf8(token))
}

function names({ data }: LogicalRequest, member: string): boolean {
  return data?.members.has(member) ?? false
}
