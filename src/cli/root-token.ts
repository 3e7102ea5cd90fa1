import { utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { bytesOfBase64, isBase64 } from '../custody/share-digits.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Of tokens: letters, digits, and what stands between their parts. */
const TOKEN_CHARACTERS = new Set(utf8(`${BASE62}._-`))
/** The most multiples of 62 that fit into a byte: above it a byte would favour the first letters. */
const FAIR_BYTES = 248
/** Of tokens and one-time passwords before version 1.0 of the peers: a UUID. */
const OLD_TOKEN_BYTES = 16
const HEX_DIGITS = '0123456789abcdef'

/**
 * The root token of its encoded form (key-lifecycle.md section 7.2): base64 with or without pads, XOR with
 * the one-time password's characters. Also the form before version 1.0. `null` when the two do not belong
 * together: their lengths differ, or the text is no base64. The caller owns the token.
 */
export function decodeRootToken(encoded: Uint8Array, otp: SecretBytes): SecretBytes | null {
  using masked = base64Bytes(encoded)
  if (masked === null) return null
  if (masked.length === otp.length) return tokenOnly(xor(masked, otp))
  using oldOtp = otp.lend(base64Bytes)
  if (masked.length !== OLD_TOKEN_BYTES || oldOtp?.length !== OLD_TOKEN_BYTES) return null
  using uuid = xor(masked, oldOtp)
  return uuid.lend(uuidText)
}

/** `length` characters, each of 62 equally likely. */
export function makeOtp(entropy: Entropy, length: number): SecretBytes {
  const otp = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const drawn = entropy.bytes(length)
    for (const byte of drawn) {
      if (byte < FAIR_BYTES && filled < length) otp[filled++] = BASE62.charCodeAt(byte % BASE62.length)
    }
    drawn.fill(0)
  }
  return SecretBytes.take(otp)
}

/** Under another one-time password of the same length there is no token, only noise. */
function tokenOnly(token: SecretBytes): SecretBytes | null {
  const isToken = token.lend((bytes) => bytes.every((byte) => TOKEN_CHARACTERS.has(byte)))
  if (isToken) return token
  token[Symbol.dispose]()
  return null
}

function base64Bytes(text: Uint8Array): SecretBytes | null {
  return text.length > 1 && isBase64(text) ? bytesOfBase64(text) : null
}

function xor(left: SecretBytes, right: SecretBytes): SecretBytes {
  return left.lend((masked) =>
    right.lend((mask) => SecretBytes.take(masked.map((byte, at) => byte ^ (mask[at] ?? 0)))),
  )
}

/** Digits in groups of 8, 4, 4, 4 and 12, with a hyphen between. */
function uuidText(bytes: Uint8Array): SecretBytes {
  const text = new Uint8Array(36)
  let at = 0
  for (const [index, byte] of bytes.entries()) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text[at++] = 0x2d
    text[at++] = HEX_DIGITS.charCodeAt(byte >> 4)
    text[at++] = HEX_DIGITS.charCodeAt(byte & 15)
  }
  return SecretBytes.take(text)
}
