import { rfc3339, type UnixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_IRREVOCABLE_SHOWN, MAX_LISTED_NAMES } from '../base/limits.ts'
import type { LeaseFacts, Leases } from '../lease/leases.ts'
import type { Call, Route } from '../logical/backend.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import type { JsonOut } from '../logical/json.ts'
import { PAGE } from '../logical/listed.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { KEYS, listOf, mapOf, nullable, shape, TEXT, TRUTH, WHOLE } from '../logical/schema.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { OpenRooms } from './open-rooms.ts'

const LEASE_ID = { type: 'string', description: 'Name of the lease.' } as const
const SYNC = {
  type: 'boolean',
  description: 'Whether the answer waits until it is done; it does without a word.',
} as const
const LOOKUP = { lease_id: LEASE_ID } as const satisfies Fields
const RENEW = {
  lease_id: LEASE_ID,
  increment: { type: 'seconds', description: 'For how long from now; without it as long as at first.' },
} as const satisfies Fields
const REVOKE = { lease_id: LEASE_ID, sync: SYNC } as const satisfies Fields
const BELOW = { sync: SYNC } as const satisfies Fields
const IRREVOCABLE = {
  type: { type: 'string', description: 'Which leases are meant: `irrevocable`.' },
  limit: { type: 'string', description: 'How many at most; `none` for all, up to 200,000.' },
} as const satisfies Fields

const FACTS = shape(
  {
    expire_time: nullable(TEXT),
    id: TEXT,
    issue_time: TEXT,
    last_renewal: nullable(TEXT),
    path: TEXT,
    renewable: TRUTH,
    ttl: WHOLE,
  },
  { revoke_error: TEXT },
)

/**
 * `sys/leases/…` (surface.md section 7). `renew`, `revoke`, `revoke-prefix` and `revoke-force` stand directly
 * below `sys/` as well, where old clients look for them (section 0, 26).
 */
export function leaseRoutes({ clock }: Pick<Lifecycle, 'clock'>, { leases }: OpenRooms): readonly Route[] {
  const changing = changingRoutes(leases)
  return [
    ...changing.map((route) => ({ ...route, pattern: `leases/${route.pattern}` })),
    ...changing,
    {
      pattern: 'leases/lookup',
      summary: 'What is known of a lease.',
      access: 'token',
      fields: LOOKUP,
      answers: { update: FACTS },
      handlers: { update: (call) => lookup(leases(), clock.now(), call) },
    },
    {
      pattern: 'leases/lookup/*prefix',
      summary: 'Names of the leases below a path.',
      access: 'sudo',
      fields: PAGE,
      answers: { list: KEYS },
      handlers: { list: (call) => list(leases(), call) },
    },
    {
      pattern: 'leases/tidy',
      summary: 'Looks for leases whose token has gone, and for places that name no lease.',
      access: 'token',
      fields: {},
      handlers: { update: async () => tidy(leases()) },
    },
    ...irrevocableRoutes(leases),
  ]
}

function changingRoutes(leases: OpenRooms['leases']): readonly Route[] {
  const renewal = {
    summary: 'Lets a secret live on.',
    access: 'token',
    fields: RENEW,
    handlers: { update: (call: Call) => renew(leases(), call) },
  } as const
  const revocation = {
    summary: 'Makes a secret useless.',
    access: 'token',
    fields: REVOKE,
    handlers: { update: (call: Call) => revoke(leases(), call) },
  } as const
  return [
    { ...renewal, pattern: 'renew' },
    { ...renewal, pattern: 'renew/*lease_id' },
    { ...revocation, pattern: 'revoke' },
    { ...revocation, pattern: 'revoke/*lease_id' },
    {
      pattern: 'revoke-prefix/*prefix',
      summary: 'Makes all secrets below a path useless.',
      access: 'sudo',
      fields: BELOW,
      handlers: { update: (call) => revokeBelow(leases(), call, false) },
    },
    {
      pattern: 'revoke-force/*prefix',
      summary: 'The same, and forgets those that could not be ended.',
      access: 'sudo',
      fields: {},
      handlers: { update: (call) => revokeBelow(leases(), call, true) },
    },
  ]
}

function irrevocableRoutes(leases: OpenRooms['leases']): readonly Route[] {
  const found = shape({ error: TEXT, lease_id: TEXT, mount_id: TEXT })
  return [
    {
      pattern: 'leases/count',
      summary: 'How many secrets could not be ended, by mount.',
      access: 'token',
      fields: IRREVOCABLE,
      answers: { read: shape({ counts: mapOf(WHOLE), lease_count: WHOLE }) },
      handlers: { read: (call) => count(leases(), call) },
    },
    {
      pattern: 'leases',
      summary: 'Secrets that could not be ended, and why.',
      access: 'sudo',
      fields: IRREVOCABLE,
      answers: { read: shape({ lease_count: WHOLE, leases: listOf(found) }) },
      handlers: { read: (call) => irrevocable(leases(), call) },
    },
  ]
}

async function lookup(leases: Leases, now: UnixMillis, call: Call): Promise<LogicalResponse> {
  const facts = await leases.lookup(leaseId(call, readFields(LOOKUP, call.request.data).lease_id))
  if (facts === null) throw new OperatingError('bad_request', 'invalid lease')
  return { data: shown(facts, now) }
}

function shown(facts: LeaseFacts, now: UnixMillis): { readonly [member: string]: JsonOut } {
  const { id, path, issueTime, expireTime, lastRenewal, renewable, revokeError } = facts
  return {
    expire_time: expireTime === null ? null : rfc3339(expireTime),
    id,
    issue_time: rfc3339(issueTime),
    last_renewal: lastRenewal === null ? null : rfc3339(lastRenewal),
    path,
    renewable,
    ...(revokeError === null ? {} : { revoke_error: revokeError }),
    ttl: expireTime === null ? 0 : Math.max(0, Math.floor((expireTime - now) / 1000)),
  }
}

async function list(leases: Leases, { parameters, request }: Call): Promise<LogicalResponse | null> {
  const { after = '', limit = 0 } = readFields(PAGE, request.data)
  const keys = await leases.list(parameters['prefix'] ?? '', { after, limit })
  return keys.length === 0 ? null : { data: { keys } }
}

async function renew(leases: Leases, call: Call): Promise<LogicalResponse> {
  const { lease_id, increment } = readFields(RENEW, call.request.data)
  const { warnings, ...granted } = await leases.renew(leaseId(call, lease_id), increment ?? 0)
  return { ...granted, ...(warnings.length === 0 ? {} : { warnings }) }
}

async function revoke(leases: Leases, call: Call): Promise<LogicalResponse | null> {
  const { lease_id, sync = true } = readFields(REVOKE, call.request.data)
  await leases.revoke(leaseId(call, lease_id), { sync, force: false })
  return answered(sync)
}

async function revokeBelow(leases: Leases, call: Call, force: boolean): Promise<LogicalResponse | null> {
  const { sync = true } = readFields(BELOW, call.request.data)
  const prefix = call.parameters['prefix'] ?? ''
  if (prefix === '') throw new OperatingError('bad_request', 'prefix must be specified')
  await leases.revokeBelow(prefix, { sync: sync || force, force })
  return answered(sync || force)
}

/** 204, or 202 without a body (surface.md section 0, 12). */
function answered(sync: boolean): LogicalResponse | null {
  return sync ? null : { status: 202, bare: null }
}

const TIDY_STARTED =
  'Tidy operation successfully started. ' +
  "Any information from the operation will be printed to the server's log."

function tidy(leases: Leases): LogicalResponse {
  const warning = leases.tidy() ? TIDY_STARTED : 'Tidy operation on leases is already in progress.'
  return { status: 202, warnings: [warning] }
}

async function count(leases: Leases, call: Call): Promise<LogicalResponse | null> {
  if (!meansIrrevocable(call)) return null
  const counts: Record<string, number> = {}
  let all = 0
  for await (const { mount } of leases.irrevocable()) {
    counts[mount] = (counts[mount] ?? 0) + 1
    all++
  }
  return { data: { counts, lease_count: all } }
}

async function irrevocable(leases: Leases, call: Call): Promise<LogicalResponse | null> {
  if (!meansIrrevocable(call)) return null
  const limit = limitOf(call)
  const found: JsonOut[] = []
  for await (const { id, mount, error } of leases.irrevocable()) {
    if (found.length === limit) {
      const more = limit < MAX_LISTED_NAMES ? 'limit=none shows' : 'revoke-force takes away'
      const warning = `There are more than ${limit} such leases; ${more} all of them.`
      return { data: { lease_count: found.length, leases: found }, warnings: [warning] }
    }
    found.push({ error, lease_id: id, mount_id: mount })
  }
  return { data: { lease_count: found.length, leases: found } }
}

/** Without a type there is nothing, as with the peers; another one is a mistake. */
function meansIrrevocable({ request }: Call): boolean {
  const { type = '' } = readFields(IRREVOCABLE, request.data)
  if (type !== '' && type !== 'irrevocable') throw new OperatingError('bad_request', 'unknown type of lease')
  return type === 'irrevocable'
}

function limitOf({ request }: Call): number {
  const { limit = '' } = readFields(IRREVOCABLE, request.data)
  if (limit === 'none') return MAX_LISTED_NAMES
  if (limit === '') return MAX_IRREVOCABLE_SHOWN
  if (/^\d{1,9}$/.test(limit) && Number(limit) > 0) return Math.min(Number(limit), MAX_LISTED_NAMES)
  throw new OperatingError('bad_request', 'the limit must be a whole number above zero, or "none"')
}

function leaseId({ parameters }: Call, field: string | undefined): string {
  const id = field ?? parameters['lease_id'] ?? ''
  if (id === '') throw new OperatingError('bad_request', 'lease_id must be specified')
  return id
}
