import { assert } from '../../base/assert.ts'
import { concat, utf8 } from '../../base/encoding.ts'

/**
 * The few forms of DER (ITU-T X.690 section 8 and 10) that a certificate of our own is made of. Nothing here
 * reads DER: what others wrote is OpenSSL's to read.
 */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
}
const FIRST_GENERALIZED_YEAR = 2050

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(TAG.sequence, concat(...parts))
}

export function set(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(TAG.set, concat(...parts))
}

/** A context-specific tag, `[number]`. */
export function context(number: number, form: 'primitive' | 'constructed', content: Uint8Array): Uint8Array {
  return tagged((form === 'constructed' ? 0xa0 : 0x80) | number, content)
}

/** A whole number that is not negative, from its bytes, the highest first. */
export function unsigned(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  assert(digits.length > 0, 'a number has a digit')
  // A set highest bit would make it negative.
  return tagged(TAG.integer, (digits[0] ?? 0) < 0x80 ? digits : concat(new Uint8Array(1), digits))
}

/** Dotted decimal, for example `1.2.840.10045.4.3.2`. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return tagged(TAG.oid, new Uint8Array([40 * first + second, ...rest].flatMap(base128)))
}

export function yes(): Uint8Array {
  return tagged(TAG.boolean, new Uint8Array([0xff]))
}

/** Whole bytes, but for the last one's `unused` lowest bits. */
export function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return tagged(TAG.bitString, concat(new Uint8Array([unused]), bytes))
}

export function octetString(bytes: Uint8Array): Uint8Array {
  return tagged(TAG.octetString, bytes)
}

export function utf8String(text: string): Uint8Array {
  return tagged(TAG.utf8String, utf8(text))
}

/** In UTC, without the parts of a second (RFC 5280 section 4.1.2.5: two digits of the year until 2049). */
export function time(at: Date): Uint8Array {
  const digits = `${at.toISOString().replace(/\D/g, '').slice(0, 14)}Z`
  if (at.getUTCFullYear() >= FIRST_GENERALIZED_YEAR) return tagged(TAG.generalizedTime, utf8(digits))
  return tagged(TAG.utcTime, utf8(digits.slice(2)))
}

function tagged(tag: number, content: Uint8Array): Uint8Array {
  return concat(new Uint8Array([tag, ...lengthBytes(content.length)]), content)
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return [0x80 | digits.length, ...digits]
}

/** Seven bits a byte, the highest first; all but the last are marked. */
function base128(value: number): readonly number[] {
  const digits = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    digits.unshift(0x80 | (rest % 128))
  }
  return digits
}
