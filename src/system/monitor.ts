import { OperatingError } from '../base/errors.ts'
import type { Call, Route } from '../logical/backend.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import type { LineStream, LogicalResponse } from '../logical/response.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
const FORMATS = ['standard', 'json'] as const

/** The operator's log, from a level on, as it is written. */
export type FollowLog = (how: {
  readonly level: (typeof LEVELS)[number]
  readonly format: (typeof FORMATS)[number]
}) => Promise<LineStream>

const FIELDS = {
  log_level: { type: 'string', description: 'From which level on: "info" where nothing is said.' },
  log_format: { type: 'string', description: 'Form of a line: "standard" or "json".' },
} as const satisfies Fields

/** `GET sys/monitor` (surface.md section 12): the log as it is written, until the client leaves. */
export function monitorRoute(follow: FollowLog): Route {
  return {
    pattern: 'monitor',
    summary: 'The log of the server as it is written, until the connection ends.',
    access: 'token',
    fields: FIELDS,
    unwrappable: true,
    form: 'lines',
    handlers: { read: (call) => monitor(follow, call) },
  }
}

async function monitor(follow: FollowLog, { request }: Call): Promise<LogicalResponse> {
  const given = readFields(FIELDS, request.data)
  const level = LEVELS.find((one) => one === (given.log_level ?? 'info'))
  const format = FORMATS.find((one) => one === (given.log_format ?? 'standard'))
  if (level === undefined) throw new OperatingError('bad_request', 'unknown log level')
  if (format === undefined) throw new OperatingError('bad_request', 'unknown log format')
  return { stream: await follow({ level, format }) }
}
