import { OperatingError } from '../base/errors.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import {
  addLetter,
  BITS_A_WORD,
  LONGEST_WORD,
  numberOfWord,
  type PackedWord,
  wordText,
  writeWord,
} from './word-list.ts'

/** Words of a share: 33 bytes are exactly 24 times 11 bits. */
export const SHARE_WORDS = 24
/** Words of a card: 2 for the key set, 1 for the number, the share, 3 to check. */
export const CARD_WORDS = 30

/**
 * The numbers of the words in `text`, of which there are 24 or 30; the caller wipes them. Words may be of any
 * case, cut to their first four letters, and stand between white space, commas and hyphens.
 * Throws `OperatingError` `share_malformed`.
 */
export function readWords(text: Uint8Array): Uint16Array {
  const numbers = secretNumbers(CARD_WORDS)
  let count = 0
  let unknown: number | null = null
  eachWord(text, (word) => {
    count += 1
    // No more are looked up than can matter: a long text is refused for its count.
    if (count > CARD_WORDS) return
    const number = numberOfWord(word)
    if (number < 0) unknown ??= count
    numbers[count - 1] = number
  })
  if (unknown === null && (count === SHARE_WORDS || count === CARD_WORDS)) return numbers.subarray(0, count)
  numbers.fill(0)
  throw new OperatingError('share_malformed', wordsFault(count, unknown))
}

/** Zeroed word numbers of a share, where `secretSpace` is. */
export function secretNumbers(count: number): Uint16Array {
  return new Uint16Array(secretSpace(count * Uint16Array.BYTES_PER_ELEMENT).buffer)
}

/** Fills `target` with the first bits of `bytes`, 11 a number, the highest bit first. */
export function numbersOfBits(bytes: Uint8Array, target: Uint16Array): void {
  for (let word = 0; word < target.length; word++) {
    let number = 0
    for (let bit = word * BITS_A_WORD; bit < (word + 1) * BITS_A_WORD; bit++) {
      number = (number << 1) | (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1)
    }
    target[word] = number
  }
}

/** Fills `target` with the bits of `numbers`, the reverse of `numbersOfBits`. */
export function bitsOfNumbers(numbers: Uint16Array, target: Uint8Array): void {
  target.fill(0)
  for (let bit = 0; bit < target.length * 8; bit++) {
    const number = numbers[Math.floor(bit / BITS_A_WORD)] ?? 0
    const value = (number >> (BITS_A_WORD - 1 - (bit % BITS_A_WORD))) & 1
    target[bit >> 3] = (target[bit >> 3] ?? 0) | (value << (7 - (bit & 7)))
  }
}

/** The words of `numbers` in ASCII, between single spaces. */
export function textOfNumbers(numbers: Uint16Array): SecretBytes {
  const longest = secretSpace(numbers.length * (LONGEST_WORD + 1))
  try {
    let end = 0
    for (const number of numbers) {
      if (end > 0) longest[end++] = 0x20
      end = writeWord(number, longest, end)
    }
    return SecretBytes.copyOf(longest.subarray(0, end))
  } finally {
    longest.fill(0)
  }
}

/** The first `count` times 11 bits of `bytes`, which are public, as words between single spaces. */
export function publicWords(bytes: Uint8Array, count: number): string {
  const numbers = new Uint16Array(count)
  numbersOfBits(bytes, numbers)
  return Array.from(numbers, wordText).join(' ')
}

function eachWord(text: Uint8Array, take: (word: PackedWord) => void): void {
  const word: PackedWord = { head: 0, tail: 0, length: 0 }
  const end = (): void => {
    if (word.length > 0) take(word)
    Object.assign(word, { head: 0, tail: 0, length: 0 })
  }
  for (const byte of text) {
    const letter = byte | 0x20
    if (isSeparator(byte)) end()
    else if (letter >= 0x61 && letter <= 0x7a) addLetter(word, letter)
    // No word has such a character: what it stands in becomes longer than any word.
    else word.length += LONGEST_WORD + 1
  }
  end()
}

/** ASCII white space, a comma, a hyphen. */
function isSeparator(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x2c || byte === 0x2d
}

function wordsFault(count: number, unknown: number | null): string {
  const typing =
    unknown === null ? '' : `There is a typing error in word ${unknown}: it is not in the word list.`
  if (count === SHARE_WORDS || count === CARD_WORDS) return typing
  const length = `A share has ${SHARE_WORDS} words and a card ${CARD_WORDS}; this text has ${count}.`
  return typing === '' ? length : `${length} ${typing}`
}
