import { writeHex } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import { type CardFacts, type Hashing, parseWords } from './share-card.ts'
import { base64Of, bytesOfBase64, bytesOfHex, isBase64, isHex } from './share-digits.ts'

/** A share as somebody gave it, with what its card says when it came from one. */
export interface ParsedShare {
  /** 33 bytes, or 32 of a share that is the only one of its set. */
  readonly share: SecretBytes
  readonly card: CardFacts | null
}

const HEX_LENGTHS = [66, 64]
/** 33 bytes fill 44 digits; 32 bytes have 43 and may have a pad. */
const BASE64_LENGTHS = [44, 43]
/** 24 words of three letters with a separator between them are longer than this; no share in digits is. */
const LONGEST_DIGITS = 80
/** What the original face took for a key (key-lifecycle.md section 4). */
const ORIGINAL_MIN_BYTES = 16
const ORIGINAL_MAX_BYTES = 33

/**
 * Reads a share in any form that people have it in (custody.md section 6): hex, base64 (standard or URL
 * alphabet, padded or not), 24 words, or a card of 30. White space around it does not matter. `text` stays
 * with the caller and no string is made of it. Throws `OperatingError` `share_malformed` with a sentence that
 * says what is wrong and holds nothing of the text.
 */
export function parseShare(text: Uint8Array, hashing: Hashing): ParsedShare {
  const trimmed = trim(text)
  if (trimmed.length === 0) throw malformed('There is no share: the text is empty.')
  if (trimmed.length > LONGEST_DIGITS || trimmed.some(isSpaceOrComma)) return parseWords(trimmed, hashing)
  const share = parseDigits(trimmed)
  return { share, card: null }
}

/**
 * Reads a share as the original face has it: hex of 16 to 33 bytes and nothing else (key-lifecycle.md section
 * 11.2, whose sentences these are). Throws `OperatingError` `share_malformed`.
 */
export function parseHexShare(text: Uint8Array): SecretBytes {
  if (text.length % 2 !== 0 || !isHex(text)) throw malformed("'key' must be a valid hex-string")
  if (text.length < ORIGINAL_MIN_BYTES * 2) {
    throw malformed(`invalid key: key is shorter than minimum ${ORIGINAL_MIN_BYTES} bytes`)
  }
  if (text.length > ORIGINAL_MAX_BYTES * 2) {
    throw malformed(`invalid key: key is longer than maximum ${ORIGINAL_MAX_BYTES} bytes`)
  }
  return bytesOfHex(text)
}

/** The share in lower-case hex, as ASCII: 66 digits, 64 of an only share. */
export function shareHex(share: SecretBytes): SecretBytes {
  return share.lend((bytes) => {
    const text = secretSpace(bytes.length * 2)
    writeHex(bytes, text, 0)
    return SecretBytes.take(text)
  })
}

/** The share in standard padded base64, as ASCII: 44 characters in both cases. */
export function shareBase64(share: SecretBytes): SecretBytes {
  return share.lend(base64Of)
}

function parseDigits(text: Uint8Array): SecretBytes {
  // Length first: 43 or 44 digits that happen to be hex digits, too, are base64.
  if (BASE64_LENGTHS.includes(text.length) && isBase64(text)) return parseBase64(text)
  if (isHex(text)) {
    if (!HEX_LENGTHS.includes(text.length)) {
      throw malformed(
        `A share in hex has 66 digits, or 64 when it is the only one; this text has ${text.length}.`,
      )
    }
    return withCoordinate(bytesOfHex(text))
  }
  if (HEX_LENGTHS.includes(text.length)) {
    throw malformed(`This text is as long as a share in hex, and holds characters that are no hex digits.`)
  }
  if (isBase64(text)) {
    throw malformed(
      `A share in base64 has 44 characters, this text ${text.length}; in hex it has 66, or 24 words.`,
    )
  }
  throw malformed(
    'A share is 66 digits of hex (64 when it is the only one), 44 characters of base64, or 24 words.',
  )
}

function parseBase64(text: Uint8Array): SecretBytes {
  const bytes = bytesOfBase64(text)
  if (bytes === null || bytes.length < ORIGINAL_MAX_BYTES - 1) {
    bytes?.[Symbol.dispose]()
    throw malformed(
      'There is a typing error at the end of this base64: its last characters cannot be those of a share.',
    )
  }
  return withCoordinate(bytes)
}

/** Refuses the one value that no x coordinate has, so that it cannot be taken for an only share. */
function withCoordinate(share: SecretBytes): SecretBytes {
  const damaged = share.lend((bytes) => bytes.length === ORIGINAL_MAX_BYTES && bytes.at(-1) === 0)
  if (!damaged) return share
  share[Symbol.dispose]()
  throw malformed('The last byte of this share is 0, which no share has: it is damaged.')
}

function trim(text: Uint8Array): Uint8Array {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text[start] ?? 0)) start += 1
  while (end > start && isSpace(text[end - 1] ?? 0)) end -= 1
  return text.subarray(start, end)
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

function isSpaceOrComma(byte: number): boolean {
  return isSpace(byte) || byte === 0x2c
}

function malformed(sentence: string): OperatingError {
  return new OperatingError('share_malformed', sentence)
}
