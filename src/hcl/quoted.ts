import type { Cursor } from './cursor.ts'
import type { Place } from './value.ts'

const QUOTE = /"/y
const OPENING = /\$\{/y
const PLAIN = /[^"\\\n$]+/y
/** Inside `${}` quotes and line ends are part of the text; braces are counted, escapes looked at. */
const INSIDE = /[^{}\\]+/y
const ESCAPE = /\\(?:[abfnrtv\\"]|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/y
const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}
const MAX_ASCII = 0x7f
const MAX_POINT = 0x10ffff

/**
 * Reads a text in double quotes. `${…}` is kept as it is written, quotes, line ends and escapes included, as
 * HCL 1 does: what it means is not a matter of the configuration. Throws `HclError`.
 */
export function readQuoted(cursor: Cursor): string {
  const { at } = cursor
  cursor.take(QUOTE)
  const parts: string[] = []
  for (;;) {
    parts.push(cursor.take(PLAIN))
    const here = cursor.at
    if (cursor.take(QUOTE) !== '') return parts.join('')
    if (cursor.sees('${')) parts.push(readInterpolation(cursor))
    else if (cursor.sees('$')) parts.push(cursor.takeCharacter())
    else if (cursor.sees('\\')) parts.push(meaningOf(takeEscape(cursor), cursor, here))
    else throw cursor.error('this text has no closing quote; <<END begins one of several lines', at)
  }
}

/** `${` to the `}` that belongs to it. */
function readInterpolation(cursor: Cursor): string {
  const { at } = cursor
  const parts = [cursor.take(OPENING)]
  for (let depth = 1; depth > 0; ) {
    parts.push(cursor.take(INSIDE))
    if (cursor.isAtEnd) throw cursor.error('this interpolation is not closed by "}"', at)
    if (cursor.sees('\\')) {
      parts.push(takeEscape(cursor))
      continue
    }
    const brace = cursor.takeCharacter()
    depth += brace === '{' ? 1 : -1
    parts.push(brace)
  }
  return parts.join('')
}

function takeEscape(cursor: Cursor): string {
  const { at } = cursor
  const taken = cursor.take(ESCAPE)
  if (taken !== '') return taken
  throw cursor.error('there is no such escape; a backslash itself is written \\\\', at)
}

function meaningOf(written: string, cursor: Cursor, at: Place): string {
  const letter = written.charAt(1)
  const known = LETTERS[letter]
  if (known !== undefined) return known
  const isOctal = letter >= '0' && letter <= '7'
  const point = isOctal ? Number.parseInt(written.slice(1), 8) : Number.parseInt(written.slice(2), 16)
  // HCL 1 puts such a byte into the text as it is, which then is not UTF-8 any more.
  if ((isOctal || letter === 'x') && point > MAX_ASCII) {
    throw cursor.error('this escape is half a character; write the character, or \\u and four digits', at)
  }
  if (point > MAX_POINT || (point >= 0xd800 && point <= 0xdfff)) {
    throw cursor.error('this escape is no character of Unicode', at)
  }
  return String.fromCodePoint(point)
}
