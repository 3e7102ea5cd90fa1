import { fromBase64 } from '../../base/encoding.ts'
import { MAX_RECIPIENT_KEY_CHARACTERS } from '../../base/limits.ts'
import { decodingFault, EXPORT_HINT, MINIMAL_HINT } from './key-fault.ts'

/** How armored text of any kind begins (RFC 9580 section 6.2). */
export const ARMOR_HEAD = '-----BEGIN PGP '

/**
 * Bytes of a public key in standard padded base64; line breaks may stand anywhere, as in RFC 2045 and at the
 * peers. Throws `parameters_invalid` with the offset of the first character that does not belong.
 */
export function keyBytes(text: string): Uint8Array {
  if (text.length > MAX_RECIPIENT_KEY_CHARACTERS) {
    throw decodingFault(
      `it has ${text.length} characters, and ${MAX_RECIPIENT_KEY_CHARACTERS} is the most; ${MINIMAL_HINT}`,
    )
  }
  const at = faultAt(text)
  if (at !== null) throw illegal(at, text)
  const bytes = fromBase64(text.replace(/[\r\n]/g, ''))
  // All characters are right, so the last digit has bits that belong to no byte.
  if (bytes === null) throw illegal(text.replace(/[=\r\n]*$/, '').length - 1, text)
  return bytes
}

function illegal(at: number, text: string): Error {
  const what = `illegal base64 data at input byte ${at}`
  if (text.trimStart().startsWith(ARMOR_HEAD)) {
    return decodingFault(`${what}: the key is armored, and its binary form is asked for; ${EXPORT_HINT}`)
  }
  return decodingFault(`${what}; ${EXPORT_HINT}`)
}

/** The first character that standard base64 cannot have there; where the last group begins if it is short. */
function faultAt(text: string): number | null {
  let filled = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (isLineBreak(character)) continue
    if (character === '=') return paddingFault(text, at, filled)
    if (!/[A-Za-z0-9+/]/.test(character)) return at
    filled = (filled + 1) % 4
  }
  return filled === 0 ? null : text.length - filled
}

/** `filled` digits of the last group of four stand before the first `=`, which is at `start`. */
function paddingFault(text: string, start: number, filled: number): number | null {
  if (filled < 2) return start
  let missing = 4 - filled
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? ''
    if (isLineBreak(character)) continue
    if (character !== '=' || missing === 0) return at
    missing -= 1
  }
  return missing === 0 ? null : text.length
}

function isLineBreak(character: string): boolean {
  return character === '\n' || character === '\r'
}
