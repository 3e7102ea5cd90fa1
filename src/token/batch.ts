import { base64UrlLength, readBase64Url, writeBase64Url } from '../base/base64url.ts'
import { utf8 } from '../base/encoding.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { MAX_TOKEN_BYTES } from '../base/limits.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import { decodeTokenEntry, encodeTokenEntry, type TokenEntry } from './entry.ts'

/** Seals what leaves the store and comes back, bound to this store and to what it is for. */
export interface Sealing {
  seal(plaintext: Uint8Array): Promise<Uint8Array>
  /** Throws `corrupt_entry` for what it did not seal. */
  open(sealed: Uint8Array): Uint8Array
}

/** A token that carries its entry; nothing of it is stored. */
export const BATCH_PREFIX = 'hvb.'

/**
 * The batch token of `entry`: `hvb.` and unpadded base64url of what `sealing` makes of it, as ASCII bytes
 * that the caller owns. Throws `bad_request` where it would be longer than a token may be.
 */
export async function sealBatchToken(sealing: Sealing, entry: TokenEntry): Promise<SecretBytes> {
  const sealed = await sealing.seal(encodeTokenEntry(entry))
  const prefix = utf8(BATCH_PREFIX)
  const length = prefix.length + base64UrlLength(sealed.length)
  if (length > MAX_TOKEN_BYTES) {
    throw new OperatingError('bad_request', 'the batch token would be longer than 4,096 characters')
  }
  const token = secretSpace(length)
  token.set(prefix)
  writeBase64Url(sealed, token.subarray(prefix.length))
  return SecretBytes.take(token)
}

/** The entry of a batch token that this store made, or `null`. `token` stays with the caller. */
export function openBatchToken(sealing: Sealing, token: Uint8Array): TokenEntry | null {
  const sealed = readBase64Url(token.subarray(BATCH_PREFIX.length))
  if (sealed === null) return null
  try {
    const entry = decodeTokenEntry(sealing.open(sealed))
    return entry.type === 'batch' ? entry : null
  } catch (error) {
    // It comes from a stranger, who can write what he likes: then it is no token.
    if (hasCode(error, 'corrupt_entry')) return null
    throw error
  }
}

export function isBatchToken(token: Uint8Array): boolean {
  return utf8(BATCH_PREFIX).every((byte, index) => token[index] === byte)
}
