import { createHash, type Hash } from 'node:crypto'

/** SHA-256 (FIPS 180-4) of more bytes than memory holds: `update` with each piece, then `digest` once. */
export function sha256Stream(): Hash {
  return createHash('sha256')
}
