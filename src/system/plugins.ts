import { OperatingError } from '../base/errors.ts'
import type { Call, Route } from '../logical/backend.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { KEYS, listOf, nullable, shape, TEXT, TEXTS, TRUTH } from '../logical/schema.ts'
import { BUILT_IN_VERSION } from './mount-shown.ts'
import type { Catalog, OpenRooms } from './open-rooms.ts'

const KINDS = ['auth', 'database', 'secret'] as const
type Kind = (typeof KINDS)[number]

const DETAIL = shape(
  { name: TEXT, type: TEXT, version: TEXT, builtin: TRUTH },
  { deprecation_status: TEXT, sha256: TEXT },
)
const PLUGIN = shape({
  name: TEXT,
  args: nullable(TEXTS),
  command: TEXT,
  sha256: TEXT,
  builtin: TRUTH,
  version: TEXT,
  deprecation_status: TEXT,
  oci: TRUTH,
  declarative: TRUTH,
})

/**
 * `sys/plugins/catalog`: what can be mounted, in the shape of a list of plugins (surface.md section 4.5).
 * There are none but those that are built in, and no program is ever run for one.
 */
export function pluginRoutes({ catalog }: OpenRooms): readonly Route[] {
  const access = 'sudo'
  return [
    {
      pattern: 'plugins/catalog',
      summary: 'Everything that can be mounted.',
      access,
      fields: {},
      answers: { read: shape({ auth: TEXTS, database: TEXTS, secret: TEXTS, detailed: listOf(DETAIL) }) },
      handlers: { read: async () => everything(catalog) },
    },
    {
      pattern: 'plugins/catalog/:kind/',
      summary: 'The names of one kind: auth, database, secret.',
      access,
      fields: {},
      answers: { list: KEYS },
      handlers: { list: async (call) => names(catalog, call) },
    },
    // A plain read of a kind is no operation of it.
    { pattern: 'plugins/catalog/:kind', summary: 'See the list.', access, handlers: {} },
    {
      pattern: 'plugins/catalog/:kind/:name',
      summary: 'One of them.',
      access,
      answers: { read: PLUGIN },
      handlers: { read: async (call) => one(catalog, call), update: refuse, delete: refuse },
    },
    {
      pattern: 'plugins/reload/backend',
      summary: 'Refused: nothing that is built in can be loaded again.',
      access,
      handlers: { update: refuse },
    },
  ]
}

function everything(catalog: Catalog): LogicalResponse {
  const { auth, database, secret } = catalog
  const detailed = KINDS.flatMap((type) => catalog[type].map((name) => ({ ...BUILT_IN, name, type })))
  return { data: { auth, database, secret, detailed } }
}

const BUILT_IN = { builtin: true, deprecation_status: 'supported', version: BUILT_IN_VERSION } as const

function names(catalog: Catalog, { parameters }: Call): LogicalResponse | null {
  const kind = kindOf(parameters)
  return kind === null || catalog[kind].length === 0 ? null : { data: { keys: catalog[kind] } }
}

function one(catalog: Catalog, { parameters }: Call): LogicalResponse | null {
  const kind = kindOf(parameters)
  const name = parameters['name'] ?? ''
  if (kind === null || !catalog[kind].includes(name)) return null
  return { data: { ...BUILT_IN, name, args: null, command: '', sha256: '', oci: false, declarative: false } }
}

function kindOf(parameters: Readonly<Record<string, string>>): Kind | null {
  return KINDS.find((kind) => kind === parameters['kind']) ?? null
}

async function refuse(): Promise<never> {
  throw new OperatingError('bad_request', 'this server runs no plugins: everything that it has is built in')
}
