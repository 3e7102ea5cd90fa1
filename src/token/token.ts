import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'

const ALPHABET = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')
/** The largest multiple of 62 below 256: bytes from it on are thrown away, so every letter is as likely. */
const UNBIASED = 248
const BODY_LENGTH = 24
const PREFIX = utf8('hvs.')
const FORMAT = 1
const FIELDS = 6

/** What is stored about a token. Never the token. */
export interface TokenEntry {
  /** Public name of the token, for looking up and revoking it. */
  readonly accessor: string
  /** Seconds since 1970. */
  readonly creationTime: number
  readonly displayName: string
  readonly policies: readonly string[]
  /** The route that made it. */
  readonly path: string
}

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

export function encodeTokenEntry(entry: TokenEntry): Uint8Array {
  return canonicalJson({
    accessor: entry.accessor,
    creation_time: entry.creationTime,
    display_name: entry.displayName,
    format: FORMAT,
    path: entry.path,
    policies: entry.policies,
  })
}

/** Throws `corrupt_entry` for what `encodeTokenEntry` did not write. */
export function decodeTokenEntry(stored: Uint8Array): TokenEntry {
  const value = parseCanonicalJson(stored)
  const fields =
    typeof value === 'object' && value !== null ? (value as { readonly [name: string]: unknown }) : {}
  const { accessor, creation_time, display_name, format, path, policies } = fields
  if (
    format !== FORMAT ||
    typeof accessor !== 'string' ||
    typeof creation_time !== 'number' ||
    typeof display_name !== 'string' ||
    typeof path !== 'string' ||
    !isTextList(policies) ||
    // A member that this version does not know could be a bound on what the token may do.
    Object.keys(fields).length !== FIELDS
  ) {
    throw new OperatingError('corrupt_entry', 'a token entry cannot be read')
  }
  return { accessor, creationTime: creation_time, displayName: display_name, path, policies }
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

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
