import { fromUtf8, utf8, writeHex } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import type { Members } from './answers.ts'

/** Members of answers that hold shares, tokens or one-time passwords, in any spelling of the contract. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set([
  'keys',
  'keys_base64',
  'recovery_keys',
  'recovery_keys_base64',
  'root_token',
  'otp',
  'token',
])

/** The member of an envelope that holds what a bare answer has at its top (key-lifecycle.md section 1.1). */
const ENVELOPE_MEMBER = 'data'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const BLANK = 0x20
const OPENING = new Set([0x7b, 0x5b])
const CLOSING = new Set([0x7d, 0x5d])

/** An answer taken apart: what may become strings, and what may not. */
export interface SplitAnswer {
  /** JSON text in which every secret is an empty string. Safe to parse. */
  readonly text: string
  /** By name of the member, in order. The caller owns and wipes them. */
  readonly secrets: ReadonlyMap<string, readonly SecretBytes[]>
}

/**
 * Takes the secrets out of a JSON answer as bytes, before any of it becomes a string. Looked at are the
 * members at the top, and those of the `data` of an envelope. Returns `null` when a secret is written with an
 * escape, or when the text ends too early; `bytes` is left wiped either way.
 */
export function splitSecrets(bytes: Uint8Array): SplitAnswer | null {
  const secrets = new Map<string, SecretBytes[]>()
  const kept = new SplitWriter(bytes.length)
  try {
    const complete = walk(bytes, kept, secrets)
    if (!complete) {
      wipeMap(secrets)
      return null
    }
    return { text: fromUtf8(kept.bytes()), secrets }
  } catch {
    // Not UTF-8: nothing of it is used.
    wipeMap(secrets)
    return null
  } finally {
    bytes.fill(0)
    kept.wipe()
  }
}

/** `{"key":"<hex of the share>", …rest}` as bytes that the caller wipes. `rest` holds nothing secret. */
export function shareBody(share: SecretBytes, rest: Members): Uint8Array {
  using digits = share.lend((bytes) => {
    const hex = new Uint8Array(bytes.length * 2)
    writeHex(bytes, hex, 0)
    return SecretBytes.take(hex)
  })
  return secretBody('key', digits, rest)
}

/** `{"<name>":"<secret>", …rest}` as bytes that the caller wipes. The secret is UTF-8; it is escaped. */
export function secretBody(name: string, secret: SecretBytes, rest: Members): Uint8Array {
  const before = utf8(`{${JSON.stringify(name)}:"`)
  const members = JSON.stringify(rest).slice(1)
  const after = utf8(members === '}' ? '"}' : `",${members}`)
  return secret.lend((bytes) => {
    const length = bytes.reduce((total, byte) => total + escaped(byte).length, 0)
    const body = Buffer.allocUnsafeSlow(before.length + length + after.length)
    body.set(before, 0)
    let at = before.length
    for (const byte of bytes) {
      for (const part of escaped(byte)) body[at++] = part
    }
    body.set(after, at)
    return body
  })
}

/** RFC 8259 section 7. A byte of a longer UTF-8 sequence stands for itself. */
function escaped(byte: number): readonly number[] {
  if (byte === QUOTE || byte === BACKSLASH) return [BACKSLASH, byte]
  if (byte >= BLANK) return [byte]
  return [...utf8(`\\u00${byte < 16 ? '0' : ''}${byte.toString(16)}`)]
}

/**
 * Copies JSON token by token, and leaves the secrets out. False when the text cannot be taken apart safely.
 */
function walk(bytes: Uint8Array, kept: SplitWriter, secrets: Map<string, SecretBytes[]>): boolean {
  const place = new Place()
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte !== QUOTE) {
      place.pass(byte)
      kept.add(bytes, at, at + 1)
      continue
    }
    const end = stringEnd(bytes, at)
    if (end === null) return false
    const isMemberName = isName(bytes, end)
    if (isMemberName) place.enter(fromUtf8(bytes.subarray(at + 1, end)))
    if (!isMemberName && SECRET_MEMBERS.has(place.member)) {
      if (bytes.subarray(at, end).includes(BACKSLASH)) return false
      addSecret(secrets, place.member, bytes.subarray(at + 1, end))
      kept.add(EMPTY_STRING, 0, EMPTY_STRING.length)
    } else {
      kept.add(bytes, at, end + 1)
    }
    at = end
  }
  return place.isOutside
}

/** Where in an answer a byte stands: how deep, and in which members. */
class Place {
  #depth = 0
  #top = ''
  #inData = ''

  /** The member whose value, or list of values, this is; empty when it is none that is looked at. */
  get member(): string {
    if (this.#top !== ENVELOPE_MEMBER) return this.#depth <= 2 ? this.#top : ''
    return this.#depth <= 3 ? this.#inData : ''
  }

  get isOutside(): boolean {
    return this.#depth === 0
  }

  enter(name: string): void {
    if (this.#depth === 1) this.#top = name
    if (this.#depth === 2) this.#inData = name
  }

  /** A byte outside of strings. */
  pass(byte: number): void {
    if (OPENING.has(byte)) this.#depth++
    if (CLOSING.has(byte)) this.#depth--
    const isEnd = byte === COMMA || CLOSING.has(byte)
    if (isEnd && this.#depth <= 1) this.#top = ''
    if (isEnd && this.#depth <= 2) this.#inData = ''
  }
}

const EMPTY_STRING = utf8('""')

/** Index of the quote that ends the string which begins at `start`. */
function stringEnd(bytes: Uint8Array, start: number): number | null {
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at++
    else if (bytes[at] === QUOTE) return at
  }
  return null
}

/** Whether the string that ends at `end` is the name of a member: a colon follows. */
function isName(bytes: Uint8Array, end: number): boolean {
  for (let at = end + 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte > BLANK) return byte === 0x3a
  }
  return false
}

function addSecret(secrets: Map<string, SecretBytes[]>, member: string, value: Uint8Array): void {
  const list = secrets.get(member) ?? []
  if (value.length > 0) list.push(SecretBytes.copyOf(value))
  secrets.set(member, list)
}

function wipeMap(secrets: ReadonlyMap<string, readonly SecretBytes[]>): void {
  for (const list of secrets.values()) for (const secret of list) secret[Symbol.dispose]()
}

/** Never longer than what it is made from, as only secrets are made shorter. */
class SplitWriter {
  readonly #bytes: Uint8Array
  #length = 0

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
  }

  add(source: Uint8Array, from: number, to: number): void {
    this.#bytes.set(source.subarray(from, to), this.#length)
    this.#length += to - from
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  wipe(): void {
    this.#bytes.fill(0)
  }
}
