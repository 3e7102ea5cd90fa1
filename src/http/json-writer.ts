import { assert } from '../base/assert.ts'
import { utf8 } from '../base/encoding.ts'
import { secretSpace } from '../base/secret-bytes.ts'
import { type JsonOut, RawJson, SecretText } from '../logical/json.ts'

/** An answer that can be sent. `wipe` forgets its bytes, once it has gone out. */
export interface WrittenJson {
  /** Text where it holds neither a secret nor anything stored: node:http sends that with the head, in one. */
  readonly body: string | Uint8Array
  /** In bytes. */
  readonly length: number
  readonly wipe: () => void
}

type Piece = Uint8Array | SecretText | RawJson

/**
 * One JSON value as Go's encoder writes it: `<`, `>`, `&` escaped, a newline at the end (key-lifecycle.md
 * section 1.1). Secrets are copied byte by byte into one buffer of its own; no string is made of them.
 */
export function writeJson(value: JsonOut): WrittenJson {
  const pieces: Piece[] = []
  try {
    const end = collect(value, pieces)
    if (pieces.length === 0) return { body: end, length: Buffer.byteLength(end), wipe: () => undefined }
    pieces.push(utf8(end))
    const body = join(pieces)
    return { body, length: body.length, wipe: () => void body.fill(0) }
  } finally {
    // Not once the answer has gone out: whoever is slow to take it would keep it in memory twice.
    wipePieces(pieces)
  }
}

function join(pieces: readonly Piece[]): Uint8Array {
  let length = 0
  for (const piece of pieces) length += lengthOf(piece)
  const bytes = secretSpace(length)
  let offset = 0
  for (const piece of pieces) {
    if (piece instanceof SecretText) piece.secret.lend((secret) => bytes.set(secret, offset))
    else bytes.set(piece instanceof RawJson ? piece.bytes : piece, offset)
    offset += lengthOf(piece)
  }
  return bytes
}

/** Secrets, and what somebody stored. */
function wipePieces(pieces: readonly Piece[]): void {
  for (const piece of pieces) {
    if (piece instanceof SecretText) piece.secret[Symbol.dispose]()
    else if (piece instanceof RawJson) piece.bytes.fill(0)
  }
}

/** A list or an object that has been begun. */
interface Begun {
  readonly names: readonly string[] | null
  readonly values: readonly JsonOut[]
  next: number
}

/**
 * Without recursion, so that no answer is too deep to be written. Text in between is gathered first; what
 * stands behind the last piece is returned, with the end of the line.
 */
function collect(root: JsonOut, pieces: Piece[]): string {
  let text = ''
  const open: Begun[] = []
  for (let value: JsonOut | undefined = root; ; ) {
    assert(value !== undefined, 'every value of an answer is JSON')
    if (value instanceof RawJson || value instanceof SecretText) {
      const quote = value instanceof SecretText ? '"' : ''
      pieces.push(utf8(escaped(text) + quote), value)
      text = quote
    } else if (isPlain(value) || Object.values(value).every(isPlain)) {
      // Most of an answer, at the speed of the engine.
      text += JSON.stringify(value)
    } else {
      text += isList(value) ? '[' : '{'
      open.push(begin(value))
    }
    let inner = open.at(-1)
    while (inner !== undefined && inner.next === inner.values.length) {
      text += inner.names === null ? ']' : '}'
      open.pop()
      inner = open.at(-1)
    }
    if (inner === undefined) break
    if (inner.next > 0) text += ','
    if (inner.names !== null) text += `${JSON.stringify(inner.names[inner.next])}:`
    value = inner.values[inner.next++]
  }
  return `${escaped(text)}\n`
}

function begin(value: readonly JsonOut[] | { readonly [member: string]: JsonOut }): Begun {
  if (isList(value)) return { names: null, values: value, next: 0 }
  return { names: Object.keys(value), values: Object.values(value), next: 0 }
}

function isPlain(value: JsonOut): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

function isList(value: object): value is readonly JsonOut[] {
  return Array.isArray(value)
}

const UNSAFE = /[<>&\u2028\u2029]/g

/** Outside of strings, JSON has none of these. */
function escaped(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function lengthOf(piece: Piece): number {
  if (piece instanceof SecretText) return piece.secret.length
  return piece instanceof RawJson ? piece.bytes.length : piece.length
}
