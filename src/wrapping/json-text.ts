import { utf8 } from '../base/encoding.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const FIRST_PLAIN = 0x20

/**
 * UTF-8 bytes as a JSON string, quotes included (RFC 8259 section 7), without a JavaScript string of them:
 * they may hold secrets. The bytes are the caller's own.
 */
export function jsonText(bytes: Uint8Array): Uint8Array {
  let length = 2
  for (const byte of bytes) length += escapeLength(byte)
  const text = new Uint8Array(length)
  let at = 0
  text[at++] = QUOTE
  for (const byte of bytes) {
    if (byte === QUOTE || byte === BACKSLASH) text[at++] = BACKSLASH
    if (byte >= FIRST_PLAIN) {
      text[at++] = byte
      continue
    }
    text.set(utf8(`\\u${byte.toString(16).padStart(4, '0')}`), at)
    at += CONTROL_LENGTH
  }
  text[at] = QUOTE
  return text
}

const CONTROL_LENGTH = 6

function escapeLength(byte: number): number {
  if (byte < FIRST_PLAIN) return CONTROL_LENGTH
  return byte === QUOTE || byte === BACKSLASH ? 2 : 1
}
