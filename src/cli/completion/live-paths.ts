import { isMembers } from '../../client/answers.ts'
import type { ConclaveClient, LogicalAnswer } from '../../client/conclave-client.ts'
import { ApiError } from '../../client/errors.ts'

/** More than anybody reads, and little enough for every shell to sort. */
const MAX_PATHS = 1000
const MAX_NAME_LENGTH = 512

/** What a server mounts that cannot tell: conclave without `sys/mounts`. */
const BUILT_IN_MOUNTS = ['auth/token/', 'cubbyhole/', 'secret/', 'sys/'] as const

/**
 * The paths of the server that complete `typed`, one level of them; what ends in `/` goes on. What the
 * server refuses, or does not answer in time, has no names. Never rejects.
 */
export async function livePaths(client: ConclaveClient, typed: string): Promise<readonly string[]> {
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1)
  const [mounts, names] = await Promise.all([
    mountsOf(client),
    folder === '' ? [] : client.list(folder).then(keysOf, () => []),
  ])
  const below = mounts.filter((mount) => mount.startsWith(folder)).map((mount) => firstName(mount, folder))
  const paths = [...below, ...names].filter(isPlainName).map((name) => folder + name)
  const fitting = paths.filter((path) => path.startsWith(typed) && !path.startsWith('-'))
  return [...new Set(fitting)].sort().slice(0, MAX_PATHS)
}

/** surface.md section 4.4: the mounts that the token may see. */
async function mountsOf(client: ConclaveClient): Promise<readonly string[]> {
  try {
    const { secret, auth } = dataOf(await client.read('sys/internal/ui/mounts'))
    return [...namesOf(secret), ...namesOf(auth).map((name) => `auth/${name}`)]
  } catch (error) {
    return error instanceof ApiError && error.code === 'unsupported_path' ? BUILT_IN_MOUNTS : []
  }
}

function keysOf(answer: LogicalAnswer | null): readonly string[] {
  const { keys } = dataOf(answer)
  return Array.isArray(keys) ? keys.filter((name) => typeof name === 'string') : []
}

function dataOf(answer: LogicalAnswer | null): { readonly [name: string]: unknown } {
  const data = answer?.members['data']
  return isMembers(data) ? data : {}
}

function namesOf(mounts: unknown): readonly string[] {
  return isMembers(mounts) ? Object.keys(mounts) : []
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
  return name !== '' && name.length <= MAX_NAME_LENGTH && !UNSHOWABLE.test(name)
}

const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u
