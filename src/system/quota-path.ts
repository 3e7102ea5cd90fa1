import { OperatingError } from '../base/errors.ts'
import { canonicalPathText } from '../router/canonical-path.ts'
import { matchMount } from '../router/match.ts'
import type { Mounts } from '../router/mounts.ts'

/**
 * What a rate limit counts, as it is stored: empty for everything, a mount with its `/`, a path below one, or
 * the beginning of one with `*` behind it. As in the peers a mount may be named without its slash, and a
 * slash in front is left out. Throws `bad_request` for what no request can fit: a limit that is there and
 * holds for nothing would be thought to hold.
 */
export function quotaPath(mounts: Mounts, given: string): string {
  const path = given.replace(/^\/+/, '')
  if (path === '') return ''
  const isBeginning = path.endsWith('*')
  const named = isBeginning ? path.slice(0, -1) : path
  canonicalPathText(named)
  if (named.includes('*')) throw refused(`"path" is "${path}": a "*" stands at the end alone`)
  const mount = matchMount(mounts.live, named)
  if (mount === null) throw refused(`invalid mount path "${path}"`)
  if (!isBeginning && `${named}/` === mount.path) return mount.path
  // `secret*` names no mount: it would be `secret/` for one reader, and all that begin so for another.
  if (!named.startsWith(mount.path)) throw refused(`invalid mount path "${path}"`)
  if (isBeginning || named === mount.path || !named.endsWith('/')) return path
  throw refused(`"path" is "${path}", which is no mount: give "${path}*" for all below it`)
}

/** Why a limit holds for nothing at this time, for whoever writes or reads it; `null` where it may hold. */
export function idleBecause(mounts: Mounts, exempt: readonly string[], path: string): string | null {
  if (path === '') return null
  if (exempt.includes(path)) return `"${path}" is in rate_limit_exempt_paths: this limit holds for nothing`
  if (matchMount(mounts.live, path.replace(/\*$/, '')) !== null) return null
  return `nothing is mounted at "${path}": this limit holds for nothing until something is`
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
