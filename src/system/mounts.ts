import { OperatingError } from '../base/errors.ts'
import type { Call, MountAdmission, Route } from '../logical/backend.ts'
import { present, readFields } from '../logical/field-table.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { mapOf } from '../logical/schema.ts'
import { type MountEntry, PLAIN_CONFIG } from '../router/mount-table.ts'
import type { LiveMount, Mounts } from '../router/mounts.ts'
import { checkTtls, configOf, ENTRY_SHAPE, MOUNT_FIELDS, TUNE_FIELDS, TUNED_SHAPE } from './mount-fields.ts'
import { shownMount, shownTuning } from './mount-shown.ts'
import type { Catalog, OpenRooms } from './open-rooms.ts'

/** Secrets engines and auth methods are mounted alike, and differ in where and in words. */
interface Family {
  readonly kind: 'secret' | 'auth'
  readonly route: 'mounts' | 'auth'
  readonly access: 'token' | 'sudo'
  /** Where its mounts stand. */
  readonly prefix: '' | 'auth/'
  readonly missing: (shown: string) => string
}

const SECRET: Family = {
  kind: 'secret',
  route: 'mounts',
  access: 'token',
  prefix: '',
  missing: (path) => `No secret engine mount at ${path}`,
}
const AUTH: Family = {
  kind: 'auth',
  route: 'auth',
  access: 'sudo',
  prefix: 'auth/',
  missing: (path) => `No auth engine at ${path}`,
}

/** Below these nothing is mounted through `sys/mounts`. */
const OWN_PREFIXES = ['audit/', 'auth/', 'cubbyhole/', 'identity/', 'sys/']

/** `sys/mounts` and `sys/auth` (surface.md sections 4.2 and 4.3). */
export function mountRoutes(rooms: OpenRooms): readonly Route[] {
  return [SECRET, AUTH].flatMap((family) => routesOf(family, rooms))
}

function routesOf(family: Family, rooms: OpenRooms): readonly Route[] {
  const { kind, route, access } = family
  const what = kind === 'auth' ? 'auth method' : 'secrets engine'
  const list = async (): Promise<LogicalResponse> => ({
    data: shownAll(family, rooms.mounts()),
    hoisted: true,
  })
  const all = { summary: `Every ${what}, by its path.`, fields: {}, answers: { read: mapOf(ENTRY_SHAPE) } }
  return [
    { pattern: route, ...all, access: 'token', handlers: { read: list } },
    { pattern: `${route}/`, ...all, access: 'token', handlers: { read: list } },
    {
      pattern: `${route}/*path/tune`,
      summary: `Settings of the ${what} at a path.`,
      access,
      fields: TUNE_FIELDS,
      answers: { read: TUNED_SHAPE },
      handlers: {
        read: async (call) => readTuning(family, rooms.mounts(), call),
        update: (call) => tune(family, rooms.mounts(), call),
      },
    },
    {
      pattern: `${route}/*path`,
      summary: `The ${what} at a path: what it is, mounting it, taking it away with all its data.`,
      access,
      fields: MOUNT_FIELDS,
      answers: { read: ENTRY_SHAPE },
      handlers: {
        read: async (call) => readOne(family, rooms.mounts(), call),
        update: (call) => mount(family, rooms, call),
        delete: (call) => unmount(family, rooms.mounts(), call),
      },
    },
  ]
}

/** The path that a call names, with its slash, as it is shown; and where the mount stands. */
function placeOf(family: Family, call: Call): { readonly shown: string; readonly path: string } {
  const given = call.parameters['path'] ?? ''
  const shown = given.endsWith('/') ? given : `${given}/`
  return { shown, path: family.prefix + shown }
}

function isOf(family: Family, entry: MountEntry): boolean {
  return entry.path.startsWith('auth/') === (family.kind === 'auth')
}

function shownAll(family: Family, mounts: Mounts): NonNullable<LogicalResponse['data']> {
  const entries = mounts.entries.filter((entry) => isOf(family, entry))
  return Object.fromEntries(
    entries.map((entry) => [entry.path.slice(family.prefix.length), shownMount(entry)]),
  )
}

/** Throws `bad_request` with `missing` where no mount of the family stands. */
function find(
  family: Family,
  mounts: Mounts,
  at: { readonly path: string; readonly missing: string },
): LiveMount {
  const mount = mounts.at(at.path)
  if (mount === null || !isOf(family, mount.entry)) throw refused(at.missing)
  return mount
}

function readOne(family: Family, mounts: Mounts, call: Call): LogicalResponse {
  const { shown, path } = placeOf(family, call)
  const { entry } = find(family, mounts, { path, missing: family.missing(shown) })
  return { data: shownMount(entry), hoisted: true }
}

/** What is tuned: `sys/mounts/auth/token/tune` is the method of `sys/auth/token/tune`, and needs no sudo. */
function findTuned(family: Family, mounts: Mounts, at: Parameters<typeof find>[2]): LiveMount {
  return find(at.path.startsWith(AUTH.prefix) ? AUTH : family, mounts, at)
}

function readTuning(family: Family, mounts: Mounts, call: Call): LogicalResponse {
  const { path } = placeOf(family, call)
  const { entry } = findTuned(family, mounts, { path, missing: `cannot fetch sysview for path "${path}"` })
  return { data: shownTuning(entry, mounts.ttlOf(entry)), hoisted: true }
}

async function mount(family: Family, { mounts, catalog }: OpenRooms, call: Call): Promise<null> {
  const { shown, path } = placeOf(family, call)
  const fields = readFields(MOUNT_FIELDS, call.request.data)
  const type = fields.type ?? fields.plugin_name ?? ''
  if (type === '') throw refused('backend type must be specified as a string')
  if (family.kind === 'secret' && OWN_PREFIXES.some((own) => path.startsWith(own))) {
    throw refused(`cannot mount "${shown}"`)
  }
  const admitted = admit(catalog, family, type)
  const given = configOf(fields.config ?? null, family.kind === 'auth')
  const tokenType = family.kind === 'auth' ? 'default-service' : ''
  const config = { ...PLAIN_CONFIG, tokenType, ...given }
  checkTtls(config)
  await mounts().mount({
    path,
    type: admitted.type,
    description: fields.description ?? '',
    options: { ...fields.options, ...admitted.options },
    config,
    local: fields.local ?? false,
    sealWrap: fields.seal_wrap ?? false,
  })
  return null
}

function admit(catalog: Catalog, family: Family, type: string): MountAdmission {
  const admission = catalog.admit(family.kind, type)
  if (admission === null) throw refused(`plugin not found in the catalog: ${type}`)
  if (!admission.mountable) throw refused(`mount type of "${type}" is not mountable`)
  return admission
}

async function unmount(family: Family, mounts: Mounts, call: Call): Promise<null> {
  const { shown, path } = placeOf(family, call)
  if (path === 'auth/token/') throw refused('token credential backend cannot be disabled')
  const isOwn = family.kind === 'secret' && OWN_PREFIXES.includes(path)
  if (isOwn) throw refused(`cannot unmount "${shown}"`)
  const mount = mounts.at(path)
  if (mount !== null && isOf(family, mount.entry)) await mounts.unmount(path)
  return null
}

async function tune(family: Family, mounts: Mounts, call: Call): Promise<LogicalResponse | null> {
  const { path } = placeOf(family, call)
  const { entry } = findTuned(family, mounts, { path, missing: `no mount at "${path}"` })
  const { description, options } = readFields(TUNE_FIELDS, call.request.data)
  const given = configOf(call.request.data, isOf(AUTH, entry))
  if (entry.type === 'system' && given.defaultLeaseTtl !== undefined) {
    throw refused(`cannot tune parameter default_lease_ttl of ${path}`)
  }
  if (entry.type === 'system' && given.maxLeaseTtl !== undefined) {
    throw refused(`cannot tune parameter max_lease_ttl of ${path}`)
  }
  checkTtls({ ...entry.config, ...given })
  const [from, to] = [entry.options['version'] ?? '1', options?.['version']]
  checkVersion(from, to)
  await mounts.tune(path, present({ config: given, description, options }))
  if (to === undefined || to === from) return null
  const text = `Upgrading mount from version ${from} to version ${to}. This mount will be unavailable `
  return { warnings: [`${text}for a brief period and will resume service shortly.`] }
}

function checkVersion(from: string, to: string | undefined): void {
  if (to === undefined || to === from) return
  if (from === '2') throw refused('cannot downgrade mount from version 2')
  if (to !== '2') throw refused('the version of a mount is 1 or 2')
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
