import { isMembers, type Members, text } from '../client/answers.ts'
import type { LogicalAnswer } from '../client/conclave-client.ts'
import type { CommandCall } from './command.ts'
import { UsageError } from './failure.ts'
import type { FlagSpec } from './flags.ts'
import { say } from './io.ts'
import { type Row, renderCell } from './output.ts'

export const FIELD_FLAG: FlagSpec = {
  name: 'field',
  kind: 'text',
  value: 'KEY',
  help: 'print this one value and nothing else',
}

const SECONDS_A_HOUR = 3600
const SECONDS_A_MINUTE = 60

/** The data of an envelope as a table, or the whole envelope in another form. Warnings are talk. */
export async function putLogical(call: CommandCall, answer: LogicalAnswer): Promise<void> {
  for (const warning of warningsOf(answer.members)) say(call.io, `Warning: ${warning}`)
  await call.output.data(logicalRows(answer.members), answer.members)
}

/** One value of the data, without a line end. Throws `UsageError` when it is not there. */
export async function putField(call: CommandCall, answer: LogicalAnswer, field: string): Promise<void> {
  const value = dataOf(answer.members)[field]
  if (value === undefined || value === null) throw new UsageError(`Field "${field}" not present in secret`)
  await call.output.text(renderCell(value))
}

/** First the lease, where there is one, then the data by name. */
export function logicalRows(members: Members): readonly Row[] {
  const data = dataOf(members)
  const names = Object.keys(data).sort()
  return [...leaseRows(members), ...names.map((name): Row => [name, renderCell(data[name])])]
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

/** `768h`, `1h30m` or `90s`, as the peers write lengths of time. */
function goDuration(seconds: number): string {
  if (seconds < SECONDS_A_MINUTE) return `${seconds}s`
  const hours = Math.floor(seconds / SECONDS_A_HOUR)
  const minutes = Math.floor((seconds % SECONDS_A_HOUR) / SECONDS_A_MINUTE)
  const rest = seconds % SECONDS_A_MINUTE
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${rest > 0 ? `${rest}s` : ''}`
}

function dataOf(members: Members): Members {
  const data = members['data']
  return isMembers(data) ? data : {}
}

function warningsOf(members: Members): readonly string[] {
  const warnings = members['warnings']
  return Array.isArray(warnings) ? warnings.filter((line) => typeof line === 'string') : []
}
