import { assert } from '../base/assert.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'

/*
 * Hex and base64 (RFC 4648) of shares, from bytes to bytes: no string, and no table or branch on a digit.
 */

const PAD = 0x3d

/** Whether all of `text` is hex digits, of either case. */
export function isHex(text: Uint8Array): boolean {
  return text.every((digit) => hexValue(digit) >= 0)
}

/** The bytes of an even number of hex digits; the caller has checked that they are. */
export function bytesOfHex(text: Uint8Array): SecretBytes {
  assert(text.length % 2 === 0, 'hex has two digits a byte')
  const bytes = secretSpace(text.length / 2)
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = (hexValue(text[at * 2] ?? 0) << 4) | hexValue(text[at * 2 + 1] ?? 0)
  }
  return SecretBytes.take(bytes)
}

/**
 * Whether all of `text` is base64 digits of the standard or the URL alphabet, with at most two pads at its
 * end.
 */
export function isBase64(text: Uint8Array): boolean {
  return unpadded(text).every((digit) => base64Value(digit) >= 0)
}

/**
 * The bytes of base64 digits, which the caller has checked, or `null` when the bits that belong to no byte
 * are not zero: a typing error that the digits themselves show.
 */
export function bytesOfBase64(text: Uint8Array): SecretBytes | null {
  const digits = unpadded(text)
  const bytes = secretSpace(Math.floor((digits.length * 6) / 8))
  let held = 0
  let bits = 0
  let at = 0
  for (const digit of digits) {
    held = ((held << 6) | base64Value(digit)) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = held >> bits
    }
  }
  if ((held & ((1 << bits) - 1)) === 0) return SecretBytes.take(bytes)
  bytes.fill(0)
  return null
}

/** Standard padded base64. */
export function base64Of(bytes: Uint8Array): SecretBytes {
  const text = secretSpace(Math.ceil(bytes.length / 3) * 4).fill(PAD)
  let held = 0
  let bits = 0
  let at = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff
    bits += 8
    while (bits >= 6) {
      bits -= 6
      text[at++] = base64Digit((held >> bits) & 63)
    }
  }
  if (bits > 0) text[at] = base64Digit((held << (6 - bits)) & 63)
  return SecretBytes.take(text)
}

function unpadded(text: Uint8Array): Uint8Array {
  let end = text.length
  while (end > 0 && end > text.length - 2 && text[end - 1] === PAD) end -= 1
  return text.subarray(0, end)
}

function hexValue(digit: number): number {
  const value =
    (within(digit, 0x30, 0x39) & (digit - 0x30 + 1)) |
    (within(digit, 0x41, 0x46) & (digit - 0x41 + 11)) |
    (within(digit, 0x61, 0x66) & (digit - 0x61 + 11))
  return value - 1
}

function base64Value(digit: number): number {
  const value =
    (within(digit, 0x41, 0x5a) & (digit - 0x41 + 1)) |
    (within(digit, 0x61, 0x7a) & (digit - 0x61 + 27)) |
    (within(digit, 0x30, 0x39) & (digit - 0x30 + 53)) |
    ((within(digit, 0x2b, 0x2b) | within(digit, 0x2d, 0x2d)) & 63) |
    ((within(digit, 0x2f, 0x2f) | within(digit, 0x5f, 0x5f)) & 64)
  return value - 1
}

function base64Digit(value: number): number {
  return (
    (within(value, 0, 25) & (value + 0x41)) |
    (within(value, 26, 51) & (value - 26 + 0x61)) |
    (within(value, 52, 61) & (value - 52 + 0x30)) |
    (within(value, 62, 62) & 0x2b) |
    (within(value, 63, 63) & 0x2f)
  )
}

/** All ones when `low <= value <= high`, all zeros otherwise. */
function within(value: number, low: number, high: number): number {
  return ((low - 1 - value) & (value - high - 1)) >> 31
}
