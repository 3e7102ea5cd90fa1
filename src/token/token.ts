import { base62, fillBase62 } from '../base/base62.ts'
import { utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'

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
  return base62(entropy, BODY_LENGTH)
}
