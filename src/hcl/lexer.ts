import type { Cursor } from './cursor.ts'
import { readHeredoc } from './heredoc.ts'
import { readNumber } from './number.ts'
import { readQuoted } from './quoted.ts'
import type { Place } from './value.ts'

/** A word of HCL 1. */
export type Token =
  | { readonly kind: 'name' | 'text' | 'heredoc'; readonly at: Place; readonly text: string }
  | { readonly kind: 'number'; readonly at: Place; readonly number: number }
  | { readonly kind: 'boolean'; readonly at: Place; readonly boolean: boolean }
  | { readonly kind: Mark | 'end'; readonly at: Place }

export type Mark = (typeof MARKS)[number]

const MARKS = ['{', '}', '[', ']', ',', '='] as const
const BLANK = /[ \t\r\n]+/y
const LINE_COMMENT = /(?:#|\/\/)[^\n]*/y
/** A letter of any script, then letters, digits, `-` and `.`. */
const NAME = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy
const DIGIT = /-?\d|\.\d/y
const COMMENT_OPENING = /\/\*/y

/** Reads the next word, past blanks and comments. Throws `HclError`. */
export function nextToken(cursor: Cursor): Token {
  skipBlanks(cursor)
  const { at } = cursor
  if (cursor.isAtEnd) return { kind: 'end', at }
  for (const kind of MARKS) {
    if (cursor.sees(kind)) {
      cursor.takeCharacter()
      return { kind, at }
    }
  }
  if (cursor.sees('"')) return { kind: 'text', at, text: readQuoted(cursor) }
  if (cursor.sees('<')) return { kind: 'heredoc', at, text: readHeredoc(cursor) }
  if (cursor.matches(DIGIT)) return { kind: 'number', at, number: readNumber(cursor) }
  const name = cursor.take(NAME)
  if (name === 'true' || name === 'false') return { kind: 'boolean', at, boolean: name === 'true' }
  if (name !== '') return { kind: 'name', at, text: name }
  throw cursor.error(`${shown(cursor.takeCharacter())} cannot stand here; texts stand in double quotes`, at)
}

function skipBlanks(cursor: Cursor): void {
  while (takeBlanks(cursor) !== '' || takeComment(cursor) !== '');
}

/** The blanks and line ends that come next. */
export function takeBlanks(cursor: Cursor): string {
  return cursor.take(BLANK)
}

/** The comment that comes next, without a line end behind it; `''` where there is none. Throws `HclError`. */
export function takeComment(cursor: Cursor): string {
  const { at } = cursor
  if (!cursor.sees('/*')) return cursor.take(LINE_COMMENT)
  // The opening is taken first: in `/*/` the same asterisk does not end it.
  const opening = cursor.take(COMMENT_OPENING)
  const rest = cursor.takeThrough('*/')
  if (rest === null) throw cursor.error('this comment is not closed by */', at)
  return opening + rest
}

/** A character in words that a terminal shows: those that are not ASCII signs by their number. */
function shown(character: string): string {
  if (/^[!-~]$/.test(character)) return `the character ${character}`
  const point = character.codePointAt(0) ?? 0
  return `the character U+${point.toString(16).toUpperCase().padStart(4, '0')}`
}
