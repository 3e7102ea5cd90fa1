import { isMembers, text } from '../../client/answers.ts'
import type { ConclaveClient } from '../../client/conclave-client.ts'
import { ApiError } from '../../client/errors.ts'
import type { CommandCall } from '../command.ts'
import { during, UsageError } from '../failure.ts'
import type { FlagSpec } from '../flags.ts'
import { dataOf } from '../logical-output.ts'

export const MOUNT_FLAG: FlagSpec = {
  name: 'mount',
  kind: 'text',
  value: 'MOUNT',
  help: 'the mount; the path is then as it is below it',
}

/** What stands between mount and key in the API of version 2 (surface.md section 5.2). */
export type Section = 'data' | 'metadata' | 'delete' | 'undelete' | 'destroy'

const SECTIONS = [
  'data',
  'metadata',
  'delete',
  'undelete',
  'destroy',
  'subkeys',
  'detailed-metadata',
] as const

/** A key of a KV mount. */
export interface KvPath {
  /** Ends in a slash. */
  readonly mount: string
  readonly version: 1 | 2
  /** Below the mount, without a section; empty for all of the mount. */
  readonly key: string
  /** As people say it: mount and key. */
  readonly logical: string
  /** As HTTP and policies say it. */
  api(section: Section): string
}

/**
 * The key that `given` names in any of its spellings: `secret/app`, the API's `secret/data/app`, with
 * `/v1/` in front, the address of either, and `-mount=secret app` (vault#14660). Asks the server for the
 * mount.
 *
 * A key whose own name begins with `data/` can be named with `-mount` alone. Throws `UsageError` and what the
 * client throws.
 */
export async function kvPath(call: CommandCall, client: ConclaveClient, given: string): Promise<KvPath> {
  const chosen = call.flags.text('mount')
  const path = chosen === null ? plainPath(given) : given.replace(/^\/+/, '')
  const asked = (chosen === null ? path : plainPath(chosen)).replace(/\/+$/, '')
  if (asked === '') throw new UsageError('give the path of a secret: its mount and its key')
  const mount = await findMount(client, asked)
  if (chosen !== null) return made(mount, path)
  const below = path.slice(mount.path.length)
  return made(mount, mount.version === 2 ? withoutSection(below) : below)
}

interface Mount {
  readonly path: string
  readonly version: 1 | 2
}

/** surface.md section 15.2: what every client asks first. A server without the route has version 1 alone. */
async function findMount(client: ConclaveClient, path: string): Promise<Mount> {
  const whole = `${path}/`
  try {
    const answer = await client.looking.read(`sys/internal/ui/mounts/${path}`)
    const data = dataOf(answer?.members ?? {})
    const mount = text(data, 'path')
    const options = isMembers(data['options']) ? data['options'] : {}
    if (mount !== '' && whole.startsWith(mount))
      return { path: mount, version: options['version'] === '2' ? 2 : 1 }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error
  }
  return { path: whole.slice(0, whole.indexOf('/') + 1), version: 1 }
}

/** The path of an address, or of the API; without slashes in front. */
function plainPath(given: string): string {
  const isAddress = /^https?:\/\//.test(given) && URL.canParse(given)
  const path = isAddress ? decoded(new URL(given).pathname) : given
  return path.replace(/^\/+/, '').replace(/^v1\//, '')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new UsageError('the address of the secret has escapes that cannot be read')
  }
}

function withoutSection(below: string): string {
  const section = SECTIONS.find((name) => below === name || below.startsWith(`${name}/`))
  return section === undefined ? below : below.slice(section.length + 1)
}

function made({ path: mount, version }: Mount, key: string): KvPath {
  const api = (section: Section): string => (version === 1 ? mount + key : `${mount}${section}/${key}`)
  return { mount, version, key, logical: mount + key, api }
}

/** The key that the first operand names, which has to be one and not all of a mount. */
export async function namedKey(call: CommandCall, client: ConclaveClient): Promise<KvPath> {
  const [given = ''] = call.operands
  const path = await during('Error looking for the mount', () => kvPath(call, client, given))
  if (path.key === '' || path.key.endsWith('/')) {
    throw new UsageError(`"${path.logical}" is a folder: name a secret below it`, {
      hint: `See them with "conclave kv list ${path.logical}".`,
    })
  }
  return path
}

/** The same for what only version 2 has. Throws `UsageError` for version 1. */
export async function versionedKey(call: CommandCall, client: ConclaveClient): Promise<KvPath> {
  const path = await namedKey(call, client)
  if (path.version === 2) return path
  throw new UsageError(`"${path.mount}" is a KV mount of version 1, which has no versions and no metadata`, {
    hint: `Make it version 2 with "conclave kv enable-versioning ${path.mount}".`,
  })
}

/** The two names of a key for a sentence: `secret/app (API path secret/data/app)`. */
export function bothNames(path: KvPath, section: Section): string {
  return path.version === 1 ? path.logical : `${path.logical} (API path ${path.api(section)})`
}
