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
const ALPHABET = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
const VALUES: ReadonlyMap<number, number> = new Map([...ALPHABET].map((letter, value) => [letter, value]))

/**
 * The batch token of `entry`: `hvb.` and unpadded base64url of what `sealing` makes of it, as ASCII bytes
 * that the caller owns. Throws `bad_request` where it would be longer than a token may be.
 */
export async function sealBatchToken(sealing: Sealing, entry: TokenEntry): Promise<SecretBytes> {
  const sealed = await sealing.seal(encodeTokenEntry(entry))
  const prefix = utf8(BATCH_PREFIX)
  const length = prefix.length + Math.ceil((sealed.length * 4) / 3)
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

/** RFC 4648 section 5, without padding and without a string of it: whoever has the letters has the token. */
function writeBase64Url(bytes: Uint8Array, target: Uint8Array): void {
  let at = 0
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(index, index + 3)
    const letters = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & 63]
    for (const value of letters) if (at < target.length) target[at++] = ALPHABET[value] ?? 0
  }
}

/** `null` for what `writeBase64Url` did not write. */
function readBase64Url(letters: Uint8Array): Uint8Array | null {
  if (letters.length % 4 === 1) return null
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4))
  let at = 0
  let buffer = 0
  let bits = 0
  for (const letter of letters) {
    const value = VALUES.get(letter)
    if (value === undefined) return null
    buffer = ((buffer << 6) | value) & 0xfff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (buffer >> bits) & 0xff
    }
  }
  // Bits that stand for nothing: one token has one spelling.
  return (buffer & ((1 << bits) - 1)) === 0 ? bytes : null
}
