import { MAX_MOUNTS_DESCRIBED } from '../base/limits.ts'
import type { Call, Route } from '../logical/backend.ts'
import type { BareRoute } from '../logical/bare-route.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import type { JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { ANYTHING, listOf, mapOf, shape, TEXT } from '../logical/schema.ts'
import { type Described, openApi } from '../router/openapi.ts'
import { API_VERSION } from './answers.ts'
import { KeptDocuments, type SeenMount } from './kept-documents.ts'
import type { OpenRooms } from './open-rooms.ts'

const FIELDS = {
  generic_mount_paths: {
    type: 'boolean',
    description: 'Whether the paths of mounts are parameters.',
    in: 'both',
  },
} as const satisfies Fields

const DOCUMENT = shape({
  openapi: TEXT,
  info: shape({ title: TEXT, version: TEXT, description: TEXT }),
  servers: listOf(shape({ url: TEXT })),
  security: listOf(ANYTHING),
  paths: mapOf(ANYTHING),
  components: shape({ schemas: mapOf(ANYTHING), securitySchemes: mapOf(ANYTHING) }),
})

/**
 * `sys/internal/specs/openapi` (surface.md section 12): without a token, what needs none; with one, the
 * mounts that it reaches. Which other mounts there are is told to nobody, as by `sys/internal/ui/mounts`, but
 * of those that are to be shown to everybody (CVE-2020-25594): what anybody may ask of them.
 */
export function openApiRoute(rooms: OpenRooms, bare: () => readonly BareRoute[]): Route {
  const kept = new KeptDocuments(rooms.json)
  const read = (call: Call): Promise<LogicalResponse> => document({ rooms, bare, kept }, call)
  return {
    pattern: 'internal/specs/openapi',
    summary: 'The API of this server as an OpenAPI document.',
    access: 'public',
    fields: FIELDS,
    form: 'bare',
    answers: { read: DOCUMENT, update: DOCUMENT },
    handlers: { read, update: read },
  }
}

interface Context {
  readonly rooms: OpenRooms
  /** The same for as long as the process lives. */
  readonly bare: () => readonly BareRoute[]
  readonly kept: KeptDocuments
}

async function document({ rooms, bare, kept }: Context, { caller, request }: Call): Promise<LogicalResponse> {
  const { generic_mount_paths: wantsGeneric = false } = readFields(FIELDS, request.data)
  const acl = caller === null ? null : await rooms.acls.of(caller)
  const seen = [...rooms.mounts().live.values()].flatMap((mount): SeenMount[] => {
    const isOpen = acl?.reaches(mount.path) === true
    const isShown = mount.path === 'sys/' || mount.entry.config.listingVisibility === 'unauth'
    return isOpen || isShown ? [{ mount, isOpen }] : []
  })
  // Described each by itself, a thousand would be 27 MB, and nobody else served while they are made.
  const isGeneric = wantsGeneric || seen.length > MAX_MOUNTS_DESCRIBED
  const kind = `${caller === null ? 'strangers' : 'tokens'} ${isGeneric ? 'generic' : 'whole'}`
  const make = (): JsonOut => {
    const mounts = seen.flatMap(described)
    const shown = isGeneric ? onceEach(mounts) : mounts
    return openApi({ title: 'Conclave API', version: API_VERSION }, shown, bare())
  }
  return { bare: kept.of(kind, seen, make) }
}

function described({ mount: { path, entry, mounted }, isOpen }: SeenMount): Described[] {
  const routes = isOpen ? mounted.routes : mounted.routes.filter(({ access }) => access === 'public')
  return routes.length === 0 ? [] : [{ path, type: entry.type, routes }]
}

/** One mount of each kind, whose path is a parameter: for who generates a client, or has very many. */
function onceEach(mounts: readonly Described[]): readonly Described[] {
  const own = ['system', 'cubbyhole', 'token', 'identity']
  const seen = new Set<string>()
  return mounts.flatMap((mount): Described[] => {
    if (own.includes(mount.type)) return [mount]
    // Versions of one type have other routes.
    const kind = [
      mount.path.startsWith('auth/'),
      mount.type,
      ...mount.routes.map(({ pattern }) => pattern),
    ].join()
    if (seen.has(kind)) return []
    seen.add(kind)
    const prefix = mount.path.startsWith('auth/') ? 'auth/' : ''
    const name = `:${mount.type}_mount_path`
    const routes = mount.routes.map((route) => ({ ...route, pattern: `${name}/${route.pattern}` }))
    return [{ ...mount, path: prefix, routes }]
  })
}
