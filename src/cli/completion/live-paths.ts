import { isMembers, type Members } from '../../client/answers.ts'
import type { ConclaveClient } from '../../client/conclave-client.ts'
import { ApiError } from '../../client/errors.ts'
import type { LogicalAnswer } from '../../client/logical-client.ts'

/** More than anybody reads, and little enough for every shell to sort. */
const MAX_PATHS = 1000
const MAX_NAME_LENGTH = 512

/**
 * How what is typed is read. `logical`: as the API has it. `kv`: as people say it, with or without `data/` on
 * a mount of KV version 2. `literal`: the same, but all below the mount is a key. `mounts`: as a mount of KV.
 */
export type PathKind = 'logical' | 'kv' | 'literal' | 'mounts'

interface Mount {
  /** Ends in a slash. */
  readonly path: string
  readonly isKv: boolean
  readonly version: 1 | 2
}

/** What a server mounts that cannot tell: conclave without `sys/mounts`. */
const BUILT_IN_MOUNTS = ['auth/token/', 'cubbyhole/', 'secret/', 'sys/'].map(
  (path): Mount => ({ path, isKv: path === 'secret/', version: 1 }),
)

/** Below a mount of KV version 2 (surface.md section 5.2). */
const SECTIONS = ['data/', 'delete/', 'destroy/', 'metadata/', 'subkeys/', 'undelete/'] as const

/**
 * The paths of the server that complete `typed`, one level of them; what ends in `/` goes on. What the
 * server refuses, or does not answer in time, has no names; those that it told before stay. Never rejects.
 */
export async function livePaths(
  client: ConclaveClient,
  typed: string,
  kind: PathKind = 'logical',
): Promise<readonly string[]> {
  const known = await mountsOf(client)
  const mounts = kind === 'logical' ? known : known.filter(({ isKv }) => isKv)
  if (kind === 'mounts') return fitting(mounts.map(({ path }) => path.slice(0, -1)).filter(isShowable), typed)
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1)
  const names = folder === '' ? [] : await namesIn(client, { folder, mount: mountOf(known, folder), kind })
  const below = mounts
    .filter(({ path }) => path.startsWith(folder))
    .map(({ path }) => firstName(path, folder))
  return fitting(
    [...below, ...names].filter(isPlainName).map((name) => folder + name),
    typed,
  )
}

function fitting(paths: readonly string[], typed: string): readonly string[] {
  const those = paths.filter((path) => path.startsWith(typed) && !path.startsWith('-'))
  return [...new Set(those)].sort().slice(0, MAX_PATHS)
}

interface Folder {
  /** Ends in a slash. */
  readonly folder: string
  readonly mount: Mount | null
  readonly kind: PathKind
}

async function namesIn(client: ConclaveClient, { folder, mount, kind }: Folder): Promise<readonly string[]> {
  const list = (path: string): Promise<readonly string[]> => client.looking.list(path).then(keysOf, () => [])
  if (mount === null || mount.version === 1) return await list(folder)
  const below = folder.slice(mount.path.length)
  const section = kind === 'literal' ? undefined : SECTIONS.find((name) => below.startsWith(name))
  if (kind === 'logical' && section === undefined) return below === '' ? SECTIONS : []
  return await list(`${mount.path}metadata/${below.slice(section?.length ?? 0)}`)
}

/** The mount that a folder is in: the longest that fits. */
function mountOf(mounts: readonly Mount[], folder: string): Mount | null {
  const around = mounts.filter(({ path }) => folder.startsWith(path))
  return around.sort((one, other) => other.path.length - one.path.length)[0] ?? null
}

/** surface.md section 4.4: the mounts that the token may see. */
async function mountsOf(client: ConclaveClient): Promise<readonly Mount[]> {
  try {
    const { secret, auth } = dataOf(await client.looking.read('sys/internal/ui/mounts'))
    return [...mountsIn(secret, ''), ...mountsIn(auth, 'auth/')]
  } catch (error) {
    return error instanceof ApiError && error.code === 'unsupported_path' ? BUILT_IN_MOUNTS : []
  }
}

function mountsIn(mounts: unknown, prefix: string): readonly Mount[] {
  if (!isMembers(mounts)) return []
  return Object.entries(mounts).map(([path, mount]) => {
    const { type, options }: Members = isMembers(mount) ? mount : {}
    const version = isMembers(options) && options['version'] === '2' ? 2 : 1
    return { path: prefix + path, isKv: prefix === '' && (type === undefined || type === 'kv'), version }
  })
}

function keysOf(answer: LogicalAnswer | null): readonly string[] {
  const { keys } = dataOf(answer)
  return Array.isArray(keys) ? keys.filter((name) => typeof name === 'string') : []
}

function dataOf(answer: LogicalAnswer | null): Members {
  const data = answer?.members['data']
  return isMembers(data) ? data : {}
}

/** The part of a mount's path directly below `folder`, with its slash; empty for the mount itself. */
function firstName(mount: string, folder: string): string {
  const rest = mount.slice(folder.length)
  return rest.slice(0, rest.indexOf('/') + 1)
}

/**
 * What a terminal shows as it is, on one line: whoever may write a name could otherwise write into the screen
 * of whoever completes it, or pass for another. The shell quotes the rest.
 */
function isPlainName(name: string): boolean {
  const slash = name.indexOf('/')
  if (slash >= 0 && slash < name.length - 1) return false
  return name !== '' && isShowable(name)
}

function isShowable(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && !UNSHOWABLE.test(name)
}

const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u
