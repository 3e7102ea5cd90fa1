import { utf8 } from './encoding.ts'
import { secretSpace } from './secret-bytes.ts'

const ALPHABET = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
const VALUES: ReadonlyMap<number, number> = new Map([...ALPHABET].map((letter, value) => [letter, value]))

/** How many letters `length` bytes become, unpadded. */
export function base64UrlLength(length: number): number {
  return Math.ceil((length * 4) / 3)
}

/**
 * RFC 4648 section 5, without padding and without a string of it: of a token, whoever has the letters has it.
 * `target` has exactly the room that `base64UrlLength` says.
 */
export function writeBase64Url(bytes: Uint8Array, target: Uint8Array): void {
  let at = 0
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(index, index + 3)
    const letters = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & 63]
    for (const value of letters) if (at < target.length) target[at++] = ALPHABET[value] ?? 0
  }
}

/** In memory of their own, or `null` for what `writeBase64Url` did not write. */
export function readBase64Url(letters: Uint8Array): Uint8Array | null {
  if (letters.length % 4 === 1) return null
  const bytes = secretSpace(Math.floor((letters.length * 3) / 4))
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
