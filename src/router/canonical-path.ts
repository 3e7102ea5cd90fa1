import { OperatingError } from '../base/errors.ts'
import { MAX_MOUNT_PATH_UNITS, MAX_PATH_BYTES } from '../base/limits.ts'

/**
 * The one spelling of a path that router, policies and audit all see. What is not canonical is refused, never
 * repaired: two parts of a server that repair differently are how walls are climbed (CVE-2026-3605).
 *
 * `raw` is the path of the request target as sent, percent-encoded. Throws `bad_request`.
 */
export function canonicalPath(raw: string): string {
  if (raw.length > MAX_PATH_BYTES) throw refused('is longer than 4,096 bytes')
  if (!raw.startsWith('/')) throw refused('must begin with a slash')
  const path = decode(raw)
  checkSegments(path)
  return path
}

/**
 * A path at which something is to be mounted: as canonical as that of a request, ending in `/`, and without
 * what policies read as a pattern. Throws `bad_request`.
 */
export function canonicalMountPath(path: string): string {
  if (path.length > MAX_MOUNT_PATH_UNITS) throw refused(`is longer than ${MAX_MOUNT_PATH_UNITS} characters`)
  if (path.startsWith('/') || !path.endsWith('/')) throw refused('begins with a slash, or is empty')
  checkSegments(path)
  if (path.includes('*') || path.split('/').includes('+')) throw refused('holds a wildcard of policies')
  if (/\s/.test(path)) throw refused('holds white space')
  // Turned or of no width: a mount would look like another one in every list.
  if (/\p{Cf}/u.test(path)) throw refused('holds a character that cannot be seen')
  return path
}

/** Throws `bad_request` for text, without percent-encoding, that no canonical path holds. */
export function canonicalPathText(path: string): string {
  checkSegments(path)
  return path
}

function checkSegments(path: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) throw refused('holds a control character')
  if (path.includes('\\')) throw refused('holds a backslash')
  if (path.includes('//')) throw refused('holds an empty segment')
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new OperatingError('bad_request', 'relative paths not supported')
  }
}

function decode(raw: string): string {
  // A slash that was encoded would be one segment for the client and two for us.
  if (/%2f/i.test(raw)) throw refused('holds an encoded slash')
  try {
    return decodeURIComponent(raw)
  } catch {
    throw refused('is not percent-encoded UTF-8')
  }
}

function refused(fault: string): OperatingError {
  return new OperatingError('bad_request', `the path ${fault}`)
}
