import { utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'

const ALPHABET = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')
/** The largest multiple of 62 below 256: bytes from it on are thrown away, so every letter is as likely. */
const UNBIASED = 248
const BODY_LENGTH = 24
const PREFIX = utf8('hvs.')

/** A new token, `hvs.` and 24 base62 characters (143 bits), as ASCII bytes that the caller owns. */
export function mintToken(entropy: Entropy): SecretBytes {
  const token = secretSpace(PREFIX.length + BODY_LENGTH)
  token.set(PREFIX)
  fillBase62(entropy, token.subarray(PREFIX.length))
  return SecretBytes.take(token)
}

/** A one-time password: `length` base62 characters as ASCII bytes that the caller owns. */
export function mintOtp(entropy: Entropy, length: number): SecretBytes {
  const otp = new Uint8Array(length)
  fillBase62(entropy, otp)
  return SecretBytes.take(otp)
}

/** 24 base62 characters that are no secret. */
export function mintAccessor(entropy: Entropy): string {
  const accessor = new Uint8Array(BODY_LENGTH)
  fillBase62(entropy, accessor)
  return new TextDecoder().decode(accessor)
}

function fillBase62(entropy: Entropy, target: Uint8Array): void {
  let filled = 0
  while (filled < target.length) {
    const random = entropy.bytes(2 * target.length)
    for (const byte of random) {
      if (byte < UNBIASED && filled < target.length) target[filled++] = ALPHABET[byte % 62] ?? 0
    }
    random.fill(0)
  }
}
