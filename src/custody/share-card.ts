import { assert } from '../base/assert.ts'
import { concat, utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_SHARES } from '../base/limits.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import type { Primitives } from '../crypto/primitives.ts'
import {
  bitsOfNumbers,
  CARD_WORDS,
  numbersOfBits,
  publicWords,
  readWords,
  SHARE_WORDS,
  secretNumbers,
  textOfNumbers,
} from './share-words.ts'
import { BITS_A_WORD } from './word-list.ts'

/** The one primitive that cards need. */
export type Hashing = Pick<Primitives, 'sha256'>

/** What a card says about its share besides the share itself. Public. */
export interface CardFacts {
  /** The first 22 bits of the key-set id; the caller compares it with `setPrefix` of a set. */
  readonly setPrefix: number
  /** The number of the share in its set, from 1. */
  readonly number: number
}

const SET_WORDS = 2
const NUMBER_AT = SET_WORDS
const SHARE_AT = NUMBER_AT + 1
const CHECK_AT = SHARE_AT + SHARE_WORDS
const DIGEST_WORDS = 6
const SHARE_BYTES = 33
const CARD_LABEL = utf8('conclave card v1')

/**
 * The share in 24 words or on a card of 30 (custody.md section 6), with what the card says. A share that is
 * the only one of its set has 32 bytes: it is written with x = 0 behind it. The 24 words alone lack only the
 * check of typing. Throws `OperatingError` `share_malformed`.
 */
export function parseWords(
  text: Uint8Array,
  hashing: Hashing,
): { readonly share: SecretBytes; readonly card: CardFacts | null } {
  const numbers = readWords(text)
  try {
    if (numbers.length === SHARE_WORDS) return { share: shareOf(numbers), card: null }
    const card = checkCard(numbers, hashing)
    return { share: shareOf(numbers.subarray(SHARE_AT, CHECK_AT)), card }
  } finally {
    numbers.fill(0)
  }
}

/**
 * The card of a share: 30 words in ASCII between single spaces. `share` has 33 bytes, or 32 when it is the
 * only one of its set; `number` is what people call it, 1 to 255; `setId` is the id of its key set.
 */
export function shareCard(
  share: SecretBytes,
  options: Hashing & { readonly setId: Uint8Array; readonly number: number },
): SecretBytes {
  const { setId, number } = options
  assert(
    share.length === SHARE_BYTES || share.length === SHARE_BYTES - 1,
    'a share on a card has 33 or 32 bytes',
  )
  assert(Number.isInteger(number) && number >= 1 && number <= MAX_SHARES, 'shares are numbered from 1 to 255')
  const numbers = secretNumbers(CARD_WORDS)
  // A share of 32 bytes leaves the last byte at 0, the x that no share has.
  const padded = secretSpace(SHARE_BYTES)
  try {
    share.lend((bytes) => padded.set(bytes))
    numbersOfBits(setId, numbers.subarray(0, SET_WORDS))
    numbers[NUMBER_AT] = number
    numbersOfBits(padded, numbers.subarray(SHARE_AT, CHECK_AT))
    writeCheckWords(numbers, options, numbers.subarray(CHECK_AT))
    return textOfNumbers(numbers)
  } finally {
    numbers.fill(0)
    padded.fill(0)
  }
}

/** The first 22 bits of a key-set id, as a card has them. Public. */
export function setPrefix(setId: Uint8Array): number {
  const numbers = new Uint16Array(SET_WORDS)
  numbersOfBits(setId, numbers)
  return prefixOf(numbers)
}

/** The two words that name a key set: the first 22 bits of its id. Public. */
export function setWords(setId: Uint8Array): string {
  return publicWords(setId, SET_WORDS)
}

/** The first 66 bits of the digest of a statement as six words, for people to compare. Public. */
export function digestWords(digest: Uint8Array): string {
  return publicWords(digest, DIGEST_WORDS)
}

/** The facts of a card whose check words fit its other 27. */
function checkCard(numbers: Uint16Array, hashing: Hashing): CardFacts {
  const given = numbers.subarray(CHECK_AT)
  const wanted = new Uint16Array(given.length)
  writeCheckWords(numbers, hashing, wanted)
  const difference = wanted.reduce((bits, number, at) => bits | (number ^ (given[at] ?? 0)), 0)
  wanted.fill(0)
  if (difference !== 0) {
    throw malformed(`The check words do not fit: there is a typing error in one of the ${CARD_WORDS} words.`)
  }
  const number = numbers[NUMBER_AT] ?? 0
  if (number < 1 || number > MAX_SHARES) {
    throw malformed(
      `Word ${NUMBER_AT + 1} of a card is the number of its share; this one is not from 1 to 255.`,
    )
  }
  return { setPrefix: prefixOf(numbers), number }
}

/** The first 33 bits of SHA-256 over a label and the first 27 word numbers, two bytes each, big-endian. */
function writeCheckWords(numbers: Uint16Array, hashing: Hashing, target: Uint16Array): void {
  const covered = secretSpace(CHECK_AT * 2)
  for (let at = 0; at < CHECK_AT; at++) {
    const number = numbers[at] ?? 0
    covered[at * 2] = number >> 8
    covered[at * 2 + 1] = number & 0xff
  }
  const input = concat(CARD_LABEL, covered)
  const digest = hashing.sha256(input)
  numbersOfBits(digest, target)
  for (const bytes of [covered, input, digest]) bytes.fill(0)
}

function shareOf(numbers: Uint16Array): SecretBytes {
  const padded = secretSpace(SHARE_BYTES)
  bitsOfNumbers(numbers, padded)
  if (padded[SHARE_BYTES - 1] !== 0) return SecretBytes.take(padded)
  // x = 0: the 32 bytes before it are the only share of their set.
  const only = SecretBytes.copyOf(padded.subarray(0, SHARE_BYTES - 1))
  padded.fill(0)
  return only
}

function prefixOf(numbers: Uint16Array): number {
  return ((numbers[0] ?? 0) << BITS_A_WORD) | (numbers[1] ?? 0)
}

function malformed(sentence: string): OperatingError {
  return new OperatingError('share_malformed', sentence)
}
