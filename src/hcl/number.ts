import type { Cursor } from './cursor.ts'
import { quoted } from './value.ts'

const HEX = /-?0[xX][0-9a-fA-F]*/y
/** Without a digit before its point a number has no exponent in HCL 1 either. */
const DECIMAL = /-?\d+(?:\.\d*)?(?:[eE][+-]?\d*)?|\.\d+/y
const OCTAL = /^-?0\d+$/
/** What a number may not run into: HCL 1 reads `24h` as the number 24 and a key `h`. */
const REST = /[\p{L}\p{Nd}_.]+/uy

/**
 * Reads a number: whole (decimal, `0x` hex, or octal behind a `0`), or with a fraction or an exponent. Throws
 * `HclError` for one that is malformed, too large to be exact, or that runs into a name.
 */
export function readNumber(cursor: Cursor): number {
  const { at } = cursor
  const hex = cursor.take(HEX)
  const literal = hex !== '' ? hex : cursor.take(DECIMAL)
  const rest = cursor.take(REST)
  if (rest !== '') {
    // What it is stays untold: it may be a secret that begins with a digit.
    throw cursor.error('what runs on in letters is not a number; a duration or a text needs quotes', at)
  }
  const number = numberOf(literal)
  if (Number.isNaN(number)) throw cursor.error(`${quoted(literal)} is not a number`, at)
  if (!isExact(literal, number)) throw cursor.error(`${quoted(literal)} is too large a number`, at)
  return number
}

function numberOf(literal: string): number {
  const isNegative = literal.startsWith('-')
  const digits = isNegative ? literal.slice(1) : literal
  const size = OCTAL.test(literal) ? Number(`0o${digits}`) : Number(digits)
  // Not -0, which would be another number than 0 to some comparisons.
  return isNegative && size !== 0 ? -size : size
}

function isExact(literal: string, number: number): boolean {
  return /^-?(?:\d+|0[xX].*)$/.test(literal) ? Number.isSafeInteger(number) : Number.isFinite(number)
}
