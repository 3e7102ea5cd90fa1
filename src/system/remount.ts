import { OperatingError } from '../base/errors.ts'
import type { Call, Route } from '../logical/backend.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { shape, TEXT } from '../logical/schema.ts'
import type { Mounts } from '../router/mounts.ts'
import type { OpenRooms } from './open-rooms.ts'

const FIELDS = {
  from: { type: 'string', description: 'Where it is mounted: "kv/", or "auth/userpass/".' },
  to: { type: 'string', description: 'Where it is to be mounted.' },
} as const satisfies Fields

const STAYING = ['auth/token/', 'cubbyhole/', 'identity/', 'sys/']
/** Below these nothing is mounted, and so nothing is moved there. */
const OWN_PREFIXES = [...STAYING, 'audit/']

/** `sys/remount`: a mount at another path, with its data and without its leases (surface.md section 4.2). */
export function remountRoutes({ mounts }: OpenRooms): readonly Route[] {
  return [
    {
      pattern: 'remount',
      summary: 'Moves a mount to another path; its leases end.',
      access: 'sudo',
      fields: FIELDS,
      answers: { update: shape({ migration_id: TEXT }) },
      handlers: { update: async (call) => move(mounts(), call) },
    },
    {
      pattern: 'remount/status/:id',
      summary: 'How far a move has come.',
      access: 'token',
      fields: {},
      answers: {
        read: shape({
          migration_id: TEXT,
          migration_info: shape({ source_mount: TEXT, target_mount: TEXT, status: TEXT }),
        }),
      },
      handlers: { read: async (call) => status(mounts(), call) },
    },
  ]
}

function move(mounts: Mounts, call: Call): LogicalResponse {
  const given = readFields(FIELDS, call.request.data)
  const [from, to] = [placed(given.from), placed(given.to)]
  if (from === '' || to === '') {
    throw new OperatingError('bad_request', 'both "from" and "to" path must be specified as a string')
  }
  const fixed = STAYING.find((path) => path === from)
  if (fixed !== undefined) throw new OperatingError('bad_request', `cannot remount "${fixed}"`)
  const isAuth = from.startsWith('auth/')
  if (isAuth !== to.startsWith('auth/') || OWN_PREFIXES.some((path) => to.startsWith(path))) {
    throw new OperatingError('bad_request', `cannot remount "${from}" to "${to}"`)
  }
  const { id } = mounts.move(from, to)
  const text = 'Mount move has been queued; GET sys/remount/status/<migration_id> says how far it has come'
  return { data: { migration_id: id }, hoisted: true, warnings: [text] }
}

function status(mounts: Mounts, { parameters }: Call): LogicalResponse | null {
  const move = mounts.moveOf(parameters['id'] ?? '')
  if (move === null) return null
  const info = { source_mount: move.from, target_mount: move.to, status: move.status }
  return { data: { migration_id: move.id, migration_info: info } }
}

/** A mount's path as clients write it, with or without its slash. */
function placed(path: string | undefined): string {
  if (path === undefined || path === '') return ''
  return path.endsWith('/') ? path : `${path}/`
}
