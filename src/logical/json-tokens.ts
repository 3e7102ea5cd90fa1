import { isUtf8 } from 'node:buffer'
import { fromUtf8 } from '../base/encoding.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import type { JsonNode } from './json.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const LETTER_U = 0x75

/** What stands behind a backslash, as bytes: RFC 8259 section 7. */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

const WORDS = ['true', 'false', 'null'].map((text) => ({ text, bytes: new TextEncoder().encode(text) }))

/** `true`, `false` or `null` at `start`, or `null` when none stands there. */
export function word(bytes: Uint8Array, start: number): JsonNode | null {
  const found = WORDS.find(({ bytes: wanted }) =>
    wanted.every((byte, index) => bytes[start + index] === byte),
  )
  if (found === undefined) return null
  const raw = bytes.subarray(start, start + found.bytes.length)
  return found.text === 'null'
    ? { kind: 'null', raw }
    : { kind: 'boolean', value: found.text === 'true', raw }
}

/** A number at `start`, its literal kept as it was sent, or `null`. */
export function number(bytes: Uint8Array, start: number): JsonNode | null {
  let end = start
  while (isNumberByte(bytes[end])) end++
  const raw = bytes.subarray(start, end)
  if (raw.length === 0 || raw.length > 1024) return null
  const literal = fromUtf8(raw)
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(literal)
    ? { kind: 'number', literal, raw }
    : null
}

/** A string at `start`, checked whole: UTF-8, known escapes, no lone surrogate; or `null`. */
export function string(bytes: Uint8Array, start: number): JsonNode | null {
  const end = endOfString(bytes, start + 1)
  if (end === null) return null
  const raw = bytes.subarray(start, end + 1)
  const inner = raw.subarray(1, -1)
  if (!isUtf8(inner) || decodedLength(inner) === null) return null
  return {
    kind: 'string',
    raw,
    text: () => fromUtf8(isPlain(inner) ? inner : decode(inner)),
    secret: () => (inner.length === 0 ? null : SecretBytes.take(decode(inner))),
  }
}

/** Where the closing quote stands. Control characters are not allowed inside. */
function endOfString(bytes: Uint8Array, from: number): number | null {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) return at
    if (byte < SPACE) return null
    if (byte === BACKSLASH) at++
  }
  return null
}

/** The text's bytes in memory of their own, of exactly their length. `inner` was checked before. */
function decode(inner: Uint8Array): Uint8Array {
  const out = secretSpace(decodedLength(inner) ?? 0)
  if (isPlain(inner)) {
    out.set(inner)
    return out
  }
  walk(inner, (byte, index) => {
    out[index] = byte
  })
  return out
}

/** Without escapes the text is the bytes as they stand. */
function isPlain(inner: Uint8Array): boolean {
  return !inner.includes(BACKSLASH)
}

/** How many bytes the text has, or `null` when an escape is none. */
function decodedLength(inner: Uint8Array): number | null {
  if (isPlain(inner)) return inner.length
  return walk(inner, () => undefined)
}

/** Calls `put` with each byte of the decoded text and its place. The length, or `null` for a bad escape. */
function walk(inner: Uint8Array, put: (byte: number, index: number) => void): number | null {
  let length = 0
  for (let at = 0; at < inner.length; at++) {
    const byte = inner[at] ?? 0
    if (byte !== BACKSLASH) {
      put(byte, length++)
      continue
    }
    const escaped = inner[++at] ?? 0
    const simple = ESCAPES.get(escaped)
    if (simple !== undefined) {
      put(simple, length++)
      continue
    }
    const point = escaped === LETTER_U ? codePoint(inner, at + 1) : null
    if (point === null) return null
    at += point.digits
    for (const encoded of utf8Of(point.value)) put(encoded, length++)
  }
  return length
}

/** `XXXX`, or a surrogate pair `XXXX\uXXXX`; `null` for a lone surrogate. */
function codePoint(
  inner: Uint8Array,
  at: number,
): { readonly value: number; readonly digits: number } | null {
  const first = hex4(inner, at)
  if (first === null) return null
  if (first < 0xd800 || first > 0xdfff) return { value: first, digits: 4 }
  const paired = first < 0xdc00 && inner[at + 4] === BACKSLASH && inner[at + 5] === LETTER_U
  const second = paired ? hex4(inner, at + 6) : null
  if (second === null || second < 0xdc00 || second > 0xdfff) return null
  return { value: 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), digits: 10 }
}

function hex4(inner: Uint8Array, at: number): number | null {
  let value = 0
  for (let index = 0; index < 4; index++) {
    const digit = hexDigit(inner[at + index] ?? 0)
    if (digit === null) return null
    value = value * 16 + digit
  }
  return value
}

function hexDigit(byte: number): number | null {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : null
}

function utf8Of(point: number): readonly number[] {
  if (point < 0x80) return [point]
  const tail = (shift: number): number => 0x80 | ((point >> shift) & 0x3f)
  if (point < 0x800) return [0xc0 | (point >> 6), tail(0)]
  if (point < 0x10000) return [0xe0 | (point >> 12), tail(6), tail(0)]
  return [0xf0 | (point >> 18), tail(12), tail(6), tail(0)]
}

function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  // Digits, sign, point, exponent: whether they make a number is decided by the grammar.
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    (byte | 0x20) === 0x65
  )
}
