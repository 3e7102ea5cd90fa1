import { OperatingError } from '../base/errors.ts'
import type { Call, Route } from '../logical/backend.ts'
import { type Fields, present, readFields } from '../logical/field-table.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { KEYS, NUMBER, shape, TEXT, TEXTS, TRUTH, WHOLE } from '../logical/schema.ts'
import type { Quotas } from '../quota/quotas.ts'
import type { OpenRooms } from './open-rooms.ts'
import { idleBecause, quotaPath } from './quota-path.ts'

const RULE = {
  rate: { type: 'float', description: 'Requests an interval that one address may send; above zero.' },
  interval: { type: 'seconds', description: 'Length of the interval; 1s where nothing is said.' },
  block_interval: { type: 'seconds', description: 'How long an address that sent more is turned away.' },
  path: { type: 'string', description: 'A mount, a path, or the beginning of one with "*"; empty: all.' },
  role: { type: 'string', description: 'Empty: no method of logging in here has roles.' },
  inheritable: { type: 'boolean', description: 'Kept for clients.' },
  type: { type: 'string', description: 'Always "rate-limit".' },
} as const satisfies Fields

const CONFIG = {
  enable_rate_limit_response_headers: { type: 'boolean', description: 'Whether answers show what is left.' },
  enable_rate_limit_audit_logging: { type: 'boolean', description: 'Whether refusals go to audit devices.' },
  rate_limit_exempt_paths: { type: 'comma-strings', description: 'Paths that are never counted.' },
} as const satisfies Fields

/** `sys/quotas` (surface.md section 12). */
export function quotaRoutes(rooms: OpenRooms): readonly Route[] {
  const { quotas } = rooms
  return [
    {
      pattern: 'quotas/config',
      summary: 'What holds for all rate limits.',
      access: 'token',
      fields: CONFIG,
      answers: {
        read: shape({
          enable_rate_limit_audit_logging: TRUTH,
          enable_rate_limit_response_headers: TRUTH,
          rate_limit_exempt_paths: TEXTS,
        }),
      },
      handlers: { read: async () => readConfig(quotas), update: (call) => writeConfig(quotas, call) },
    },
    {
      pattern: 'quotas/rate-limit/',
      summary: 'The names of all rate limits.',
      access: 'token',
      fields: {},
      answers: { list: KEYS },
      handlers: { list: async () => listed(quotas.names) },
    },
    { pattern: 'quotas/rate-limit', summary: 'See the list.', access: 'token', handlers: {} },
    {
      pattern: 'quotas/rate-limit/:name',
      summary: 'How often one address may ask for what a path names.',
      access: 'token',
      fields: RULE,
      answers: {
        read: shape({
          type: TEXT,
          name: TEXT,
          path: TEXT,
          rate: NUMBER,
          interval: WHOLE,
          block_interval: WHOLE,
          role: TEXT,
          inheritable: TRUTH,
        }),
      },
      handlers: {
        read: async (call) => readRule(rooms, call),
        update: (call) => writeRule(rooms, call),
        delete: async ({ parameters }) => {
          await quotas.remove(parameters['name'] ?? '')
          return null
        },
      },
    },
  ]
}

function listed(keys: readonly string[]): LogicalResponse | null {
  return keys.length === 0 ? null : { data: { keys } }
}

function readConfig({ config }: Quotas): LogicalResponse {
  return {
    data: {
      enable_rate_limit_audit_logging: config.auditLogging,
      enable_rate_limit_response_headers: config.responseHeaders,
      rate_limit_exempt_paths: config.exemptPaths,
    },
  }
}

async function writeConfig(quotas: Quotas, { request }: Call): Promise<null> {
  const given = readFields(CONFIG, request.data)
  await quotas.configure(
    present({
      responseHeaders: given.enable_rate_limit_response_headers,
      auditLogging: given.enable_rate_limit_audit_logging,
      exemptPaths: given.rate_limit_exempt_paths,
    }),
  )
  return null
}

function readRule(rooms: OpenRooms, { parameters }: Call): LogicalResponse | null {
  const rule = rooms.quotas.rule(parameters['name'] ?? '')
  if (rule === null) return null
  const { name, path, rate, intervalSeconds, blockSeconds, role, inheritable } = rule
  const times = { interval: intervalSeconds, block_interval: blockSeconds }
  const data = { type: 'rate-limit', name, path, rate, ...times, role, inheritable }
  return { data, ...warningsOf(rooms, path) }
}

async function writeRule(rooms: OpenRooms, { request, parameters }: Call): Promise<LogicalResponse | null> {
  const { quotas } = rooms
  const name = parameters['name'] ?? ''
  if (!/^\w(?:[\w.-]*\w)?$/.test(name)) throw refused('a name has letters, digits, and inner "-", "_", "."')
  const given = readFields(RULE, request.data)
  const old = quotas.rule(name)
  const rate = given.rate ?? old?.rate ?? 0
  if (!(rate > 0)) throw refused("'rate' is invalid")
  const intervalSeconds = given.interval ?? old?.intervalSeconds ?? 1
  if (intervalSeconds < 1) throw refused("'interval' is invalid: it is a second at least")
  if (given.role !== undefined && given.role !== '') throw refused(NO_ROLES)
  // One that stands stays as it is: where its mount is gone, its rate may still be changed.
  const path = given.path === undefined ? (old?.path ?? '') : quotaPath(rooms.mounts(), given.path)
  await quotas.put({
    name,
    path,
    rate,
    intervalSeconds,
    blockSeconds: given.block_interval ?? old?.blockSeconds ?? 0,
    role: given.role ?? old?.role ?? '',
    inheritable: given.inheritable ?? old?.inheritable ?? path === '',
  })
  return warningsOf(rooms, path)
}

function warningsOf({ quotas, mounts }: OpenRooms, path: string): LogicalResponse | null {
  const idle = idleBecause(mounts(), quotas.config.exemptPaths, path)
  return idle === null ? null : { warnings: [idle] }
}

const NO_ROLES =
  "'role' is invalid: no method of logging in here has roles, so this would hold for everybody on the path"

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
