import { OperatingError } from '../base/errors.ts'
import type { Call, Route } from '../logical/backend.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { either, mapOf, nullable, shape, TEXT, TEXT_MAP, TEXTS } from '../logical/schema.ts'
import type { Acl } from '../policy/acl.ts'
import { matchMount } from '../router/match.ts'
import type { MountEntry } from '../router/mount-table.ts'
import { ENTRY_SHAPE } from './mount-fields.ts'
import { shownMount } from './mount-shown.ts'
import type { OpenRooms } from './open-rooms.ts'

/** Strangers are told the least. */
const SHOWN = mapOf(
  either(ENTRY_SHAPE, shape({ type: TEXT, description: TEXT, options: nullable(TEXT_MAP) })),
)

/**
 * `sys/internal/ui/mounts`: what every KV client asks first, to learn the mount of a path and its version
 * (surface.md section 4.4). It has a check of its own: whoever may do anything below a mount may know of it.
 */
export function uiMountRoutes(rooms: OpenRooms): readonly Route[] {
  const pattern = 'internal/ui/mounts'
  const handlers = { read: (call: Call) => readAll(rooms, call) }
  const list = {
    summary: 'The mounts that the caller can use; without a token, those that are shown to everybody.',
    access: 'public',
    fields: {},
    answers: { read: shape({ secret: SHOWN, auth: SHOWN }) },
  } as const
  return [
    { pattern, ...list, handlers },
    { pattern: `${pattern}/`, ...list, handlers },
    {
      pattern: `${pattern}/*path`,
      summary: 'The mount that a path is on.',
      access: 'public',
      fields: {},
      answers: { read: ENTRY_SHAPE },
      handlers: { read: (call) => readOne(rooms, call) },
    },
  ]
}

/**
 * `sys/internal/ui/namespaces`: the namespaces below that of the request (surface.md section 4.4). There is
 * one, the root, and nothing below it: the peers leave `keys` out then. It tells nobody anything, so nobody
 * needs a token; one that is none is refused as everywhere.
 */
export function uiNamespacesRoute(): Route {
  return {
    pattern: 'internal/ui/namespaces',
    summary: 'The namespaces below this one: there are none.',
    access: 'public',
    fields: {},
    answers: { read: shape({}, { keys: TEXTS }) },
    handlers: {
      read: async (call) => {
        refuseUnknown(call)
        return { data: {} }
      },
    },
  }
}

async function readAll(rooms: OpenRooms, call: Call): Promise<LogicalResponse> {
  refuseUnknown(call)
  const { caller } = call
  const acl = caller === null ? null : await rooms.acls.of(caller)
  const visible = rooms.mounts().entries.filter((entry) => isVisible(entry, acl))
  const shown = (isAuth: boolean): NonNullable<LogicalResponse['data']> =>
    Object.fromEntries(
      visible
        .filter((entry) => entry.path.startsWith('auth/') === isAuth)
        .map((entry) => [isAuth ? entry.path.slice('auth/'.length) : entry.path, shownTo(acl, entry)]),
    )
  return { data: { auth: shown(true), secret: shown(false) } as NonNullable<LogicalResponse['data']> }
}

/** No token is asked for, but one that is given has to be one. */
function refuseUnknown({ caller, request }: Call): void {
  if (caller === null && request.token !== null) throw denied('permission denied')
}

function isVisible(entry: MountEntry, acl: Acl | null): boolean {
  return acl === null ? entry.config.listingVisibility === 'unauth' : acl.reaches(entry.path)
}

/** A stranger learns no accessor. */
function shownTo(acl: Acl | null, entry: MountEntry): ReturnType<typeof shownMount> {
  const whole = shownMount(entry)
  if (acl !== null) return whole
  const { type = '', description = '', options = null } = whole
  return { type, description, options }
}

async function readOne(rooms: OpenRooms, { caller, parameters }: Call): Promise<LogicalResponse> {
  if (caller === null) throw denied('permission denied')
  const asked = parameters['path'] ?? ''
  const acl = await rooms.acls.of(caller)
  const mount = matchMount(rooms.mounts().live, asked)
  if (mount !== null && acl.reaches(mount.path)) {
    return { data: { ...shownMount(mount.entry), path: mount.path } }
  }
  const path = asked.endsWith('/') ? asked : `${asked}/`
  throw denied(
    `preflight capability check returned 403, please ensure client's policies grant access to path "${path}"`,
  )
}

function denied(text: string): OperatingError {
  return new OperatingError('permission_denied', text)
}
