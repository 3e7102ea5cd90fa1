import { isMembers, type Members, text } from '../client/answers.ts'
import type { LogicalAnswer } from '../client/logical-client.ts'
import type { CommandCall } from './command.ts'
import { UsageError } from './failure.ts'
import type { FlagSpec } from './flags.ts'
import { goDuration, looksLikeSeconds } from './go-duration.ts'
import { say } from './io.ts'
import { type Row, renderCell } from './output.ts'

export const FIELD_FLAG: FlagSpec = {
  name: 'field',
  kind: 'text',
  value: 'KEY',
  help: 'print this one value and nothing else',
}

/** The data of an envelope as a table, or the whole envelope in another form. Warnings are talk. */
export async function putLogical(call: CommandCall, answer: LogicalAnswer): Promise<void> {
  putWarnings(call, answer)
  if (call.flags.text('wrap-ttl') !== null && !isMembers(answer.members['wrap_info']))
    say(call.io, NOT_WRAPPED)
  if (call.output.format === 'raw') await call.output.json(answer.body)
  else await call.output.data(logicalRows(answer.members), answer.members)
}

/** One value where `-field` asks for it, else all. */
export async function putAsked(call: CommandCall, answer: LogicalAnswer): Promise<void> {
  const field = call.flags.text('field')
  if (field === null) return await putLogical(call, answer)
  await putField(call, fieldsOf(answer.members), field)
}

/** One value, without a line end. Throws `UsageError` when it is not there. */
export async function putField(call: CommandCall, data: Members, field: string): Promise<void> {
  const value = data[field]
  if (value === undefined || value === null) throw new UsageError(`Field "${field}" not present in secret`)
  await call.output.exact(renderCell(value))
}

/** Whether the answer was wrapped for somebody else; how it is fetched has then been printed. */
export async function putIfWrapped(call: CommandCall, answer: LogicalAnswer | null): Promise<boolean> {
  if (answer === null || !isMembers(answer.members['wrap_info'])) return false
  await putLogical(call, answer)
  return true
}

/** What a server warns of is talk, also where the data is JSON. */
export function putWarnings(call: CommandCall, answer: LogicalAnswer | null): void {
  for (const warning of warningsOf(answer?.members ?? {})) say(call.io, `Warning: ${warning}`)
}

const NOT_WRAPPED = 'Warning: the server did not wrap its answer, and has shown it.'

/** Whether an answer has only warnings: of a path, for example, that the engine does not have. */
export function isMissing(answer: LogicalAnswer): boolean {
  return answer.status === NOT_FOUND && !isMembers(answer.members['data'])
}

const NOT_FOUND = 404

/** First the lease, where there is one, then the data by name; of a wrapped answer and of a token its own. */
export function logicalRows(members: Members): readonly Row[] {
  const { wrap_info: wrapped, auth } = members
  if (isMembers(wrapped)) return wrapRows(wrapped)
  if (isMembers(auth)) return authRows(auth)
  return [...leaseRows(members), ...dataRows(shownData(members))]
}

/** By name; what the peers' tables show as a length of time is shown as one. */
export function dataRows(data: Members): readonly Row[] {
  return Object.keys(data)
    .sort()
    .map((name): Row => [name, cellOf(name, data[name])])
}

/** The names that the peers' tables have for what an envelope says of a token. */
export function authRows(auth: Members): readonly Row[] {
  const { metadata } = auth
  const rows: readonly (readonly [string, unknown])[] = [
    ['token', auth['client_token']],
    ['token_accessor', auth['accessor']],
    ['token_duration', auth['lease_duration'] === 0 ? '∞' : auth['lease_duration']],
    ['token_renewable', auth['renewable']],
    ['token_policies', auth['token_policies']],
    ['identity_policies', auth['identity_policies']],
    ['policies', auth['policies']],
    ...Object.entries(isMembers(metadata) ? metadata : {}).map(
      ([name, value]) => [`token_meta_${name}`, value] as const,
    ),
  ]
  return rows.filter(([, value]) => value !== undefined).map(([name, value]) => [name, cellOf(name, value)])
}

/** The peers' table has these names with a colon behind. */
function wrapRows(info: Members): readonly Row[] {
  const accessor = text(info, 'wrapped_accessor')
  return [
    ['wrapping_token:', text(info, 'token')],
    ['wrapping_accessor:', text(info, 'accessor')],
    ['wrapping_token_ttl:', cellOf('ttl', info['ttl'])],
    ['wrapping_token_creation_time:', text(info, 'creation_time')],
    ['wrapping_token_creation_path:', text(info, 'creation_path')],
    ...(accessor === '' ? [] : [['wrapped_accessor:', accessor] as const]),
  ]
}

function leaseRows(members: Members): readonly Row[] {
  const duration = members['lease_duration']
  if (typeof duration !== 'number' || duration === 0) return []
  const lease = text(members, 'lease_id')
  if (lease === '') return [['refresh_interval', goDuration(duration)]]
  return [
    ['lease_id', lease],
    ['lease_duration', goDuration(duration)],
    ['lease_renewable', String(members['renewable'] === true)],
  ]
}

function cellOf(name: string, value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'number' && looksLikeSeconds(name) ? goDuration(value) : renderCell(value)
}

/** What `-field` looks into. */
function fieldsOf(members: Members): Members {
  const { wrap_info: wrapped, auth } = members
  if (isMembers(wrapped)) return wrapFields(wrapped)
  return isMembers(auth) ? authFields(auth) : shownData(members)
}

/**
 * What is shown of an answer: its `data`, or all of it where it came without an envelope, as that of
 * `sys/health` does.
 */
function shownData(members: Members): Members {
  return ENVELOPE.some((name) => name in members) ? dataOf(members) : members
}

const ENVELOPE = ['request_id', 'data', 'auth', 'wrap_info', 'lease_id']

/** Under the names of the table, and those of the envelope. */
export function authFields(auth: Members): Members {
  const { client_token: token, accessor, lease_duration: duration, renewable } = auth
  return {
    ...auth,
    token,
    token_accessor: accessor,
    token_duration: duration,
    token_renewable: renewable,
  }
}

function wrapFields(info: Members): Members {
  const { token, accessor, ttl, creation_time: time, creation_path: path } = info
  return {
    ...info,
    wrapping_token: token,
    wrapping_accessor: accessor,
    wrapping_token_ttl: ttl,
    wrapping_token_creation_time: time,
    wrapping_token_creation_path: path,
  }
}

/** The `data` of an envelope; empty where there is none. */
export function dataOf(members: Members): Members {
  const data = members['data']
  return isMembers(data) ? data : {}
}

function warningsOf(members: Members): readonly string[] {
  const warnings = members['warnings']
  return Array.isArray(warnings) ? warnings.filter((line) => typeof line === 'string') : []
}
