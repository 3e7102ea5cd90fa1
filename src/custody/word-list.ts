import { wordlist } from '@scure/bip39/wordlists/english.js'
import { assert } from '../base/assert.ts'

/** Bits that one word stands for: the list has 2,048 words. */
export const BITS_A_WORD = 11
/** No word of the list is longer. */
export const LONGEST_WORD = 8

const WORDS = 2 ** BITS_A_WORD
const LETTERS_A_HALF = 4
const BITS_A_LETTER = 5
const LETTER_MASK = 31
const LETTER_BASE = 96

/**
 * The BIP-39 English list, each word as two numbers of four letters, five bits a letter, 0 where a word has
 * ended. No two words share their first four letters (BIP-39), so the head alone tells a word.
 */
const HEADS = Int32Array.from(wordlist, (word) => packText(word.slice(0, LETTERS_A_HALF)))
const TAILS = Int32Array.from(wordlist, (word) => packText(word.slice(LETTERS_A_HALF)))
assert(wordlist.length === WORDS, 'the word list has 2,048 words')

/** A word in the making, letter by letter, as the list has it. */
export interface PackedWord {
  /** The first four letters. */
  head: number
  /** The letters from the fifth on. */
  tail: number
  /** Letters so far; more than `LONGEST_WORD` fit no word. */
  length: number
}

/** Adds a lower-case ASCII letter to a word. Letters after the eighth are only counted. */
export function addLetter(word: PackedWord, letter: number): void {
  const code = letter - LETTER_BASE
  const place = word.length % LETTERS_A_HALF
  const shifted = code << ((LETTERS_A_HALF - 1 - place) * BITS_A_LETTER)
  if (word.length < LETTERS_A_HALF) word.head |= shifted
  else if (word.length < LONGEST_WORD) word.tail |= shifted
  word.length += 1
}

/**
 * The number of a word given in full or by its first four letters, -1 when it is not in the list. Looks at
 * the whole list with masks, so neither time nor memory access depends on which word it is.
 */
export function numberOfWord(word: PackedWord): number {
  const abbreviated = isZero(word.tail)
  let found = -1
  for (let number = 0; number < WORDS; number++) {
    const same = isZero((HEADS[number] ?? 0) ^ word.head)
    const sameTail = isZero((TAILS[number] ?? 0) ^ word.tail)
    const match = same & (sameTail | abbreviated)
    found = (found & ~match) | (number & match)
  }
  return word.length > LONGEST_WORD ? -1 : found
}

/**
 * Writes word `number` in ASCII into `target` at `offset` and returns the offset behind it. The whole list is
 * read with masks; only the length of the word shows, as it does in the text.
 */
export function writeWord(number: number, target: Uint8Array, offset: number): number {
  let head = 0
  let tail = 0
  for (let candidate = 0; candidate < WORDS; candidate++) {
    const match = isZero(candidate ^ number)
    head |= (HEADS[candidate] ?? 0) & match
    tail |= (TAILS[candidate] ?? 0) & match
  }
  return writeHalf(tail, target, writeHalf(head, target, offset))
}

/** Word `number` of the list as text, for words that are not secret. */
export function wordText(number: number): string {
  const word = wordlist[number]
  assert(word !== undefined, 'a word has a number below 2,048')
  return word
}

function writeHalf(half: number, target: Uint8Array, offset: number): number {
  let at = offset
  for (let place = LETTERS_A_HALF - 1; place >= 0; place--) {
    const code = (half >> (place * BITS_A_LETTER)) & LETTER_MASK
    if (code !== 0) target[at++] = code + LETTER_BASE
  }
  return at
}

/** All ones for 0, all zeros for a positive number. */
function isZero(value: number): number {
  return (value - 1) >> 31
}

function packText(text: string): number {
  let packed = 0
  for (let place = 0; place < LETTERS_A_HALF; place++) {
    const code = place < text.length ? text.charCodeAt(place) - LETTER_BASE : 0
    packed = (packed << BITS_A_LETTER) | code
  }
  return packed
}
