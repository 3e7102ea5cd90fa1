import { assert } from './assert.ts'

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const HEX_DIGITS = ENCODER.encode('0123456789abcdef')
const HEX_PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** UTF-8 bytes of a text that is not a secret. */
export function utf8(text: string): Uint8Array {
  // From a pool that texts share: memory of its own costs ten times as much as the encoding.
  const { buffer, byteOffset, length } = Buffer.from(text)
  return new Uint8Array(buffer, byteOffset, length)
}

/** The text of UTF-8 bytes that are not a secret. Throws `TypeError` on bytes that are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return DECODER.decode(bytes)
}

/** Lower-case hex of bytes that are not a secret. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX_PAIRS[byte]
  return text
}

/** Bytes of lower-case hex text, or `null` when it is anything else. */
export function fromHex(text: string): Uint8Array | null {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) return null
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16)
  }
  return bytes
}

/** Standard padded base64 of bytes that are not a secret. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** Bytes of standard padded base64 in its one canonical spelling, or `null` when it is anything else. */
export function fromBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null
  const binary = atob(text)
  if (btoa(binary) !== text) return null
  const bytes = new Uint8Array(binary.length)
  // `Uint8Array.from` asks an iterator for each: ten times as long.
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

/** Writes lower-case hex digits of `bytes` into `target` from `offset`. Makes no string: safe for secrets. */
export function writeHex(bytes: Uint8Array, target: Uint8Array, offset: number): void {
  assert(target.length - offset >= bytes.length * 2, 'no room for hex digits')
  let at = offset
  for (const byte of bytes) {
    target[at++] = HEX_DIGITS[byte >> 4] ?? 0
    target[at++] = HEX_DIGITS[byte & 15] ?? 0
  }
}

/** All parts in one array of its own. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** Four bytes, big-endian. */
export function uint32(value: number): Uint8Array {
  assert(Number.isInteger(value) && value >= 0 && value <= 0xffffffff, 'not a uint32')
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** Whether two byte strings that are not secrets are the same. Secrets are compared by the crypto port. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false
  return true
}

const LENGTH_BYTES = 2

/**
 * The parts one after the other, each behind two bytes of its length, big-endian, so that no two lists of
 * parts give the same bytes. All our additional data is made this way (custody.md section 1).
 */
export function lengthPrefixed(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) {
    assert(part.length <= 0xffff, 'part too long for its length prefix')
    length += LENGTH_BYTES + part.length
  }
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined[offset] = part.length >> 8
    joined[offset + 1] = part.length & 0xff
    joined.set(part, offset + LENGTH_BYTES)
    offset += LENGTH_BYTES + part.length
  }
  return joined
}

/** A random UUID (RFC 9562 version 4) made from 16 random bytes. */
export function uuidFrom(random: Uint8Array): string {
  assert(random.length === 16, 'a UUID is 16 bytes')
  const bytes = random.slice()
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = toHex(bytes)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
