import { utf8 } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'

/**
 * What `MAX_KEY_BYTES` leaves a secret for its path: the rest is for the prefix of its mount, ours, and the
 * number of a version.
 */
export const MAX_SECRET_PATH_BYTES = 3584

/** The path itself. Throws `bad_request` for one that would be no storage key. */
export function checkSecretPath(path: string): string {
  // No character has more bytes than three for each of its units.
  if (path.length * 3 > MAX_SECRET_PATH_BYTES && utf8(path).length > MAX_SECRET_PATH_BYTES) {
    throw new OperatingError('bad_request', 'the path of a secret has at most 3,584 bytes')
  }
  return path
}
