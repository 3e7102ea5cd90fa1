/**
 * What steers a terminal or an eye instead of being seen: controls of ECMA-48 in 7 and 8 bits, what turns the
 * direction of text or has no width (Unicode, general categories Cc, Cf, Zl and Zp), and half characters
 * (Cs).
 */
const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const STEERING_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Text of a server, a store or a file as a person may see it: what steers is an escape, `\x1b` or `\u202e`.
 * Line ends and tabs stay. What we say to a terminal ourselves, such as a colour, is put around it.
 */
export function visible(text: string): string {
  return text.replace(STEERING_BUT_LINES, escaped)
}

/** The same for what has to stay on its line, such as a key in front of a value. */
export function visibleLine(text: string): string {
  return text.replace(STEERING, escaped)
}

/** Whether nothing in a text of one line would have to be escaped. */
export function isVisibleLine(text: string): boolean {
  return text.search(STEERING) < 0
}

/** JSON that says the same to whoever parses it, and steers nothing where it is read as it stands. */
export function visibleJson(json: string): string {
  return json.replace(STEERING_BUT_LINES, (found) => units(found).map(wide).join(''))
}

/** Text that comes in pieces of bytes, which may end within a character. */
export class VisibleStream {
  readonly #decoder = new TextDecoder()
  readonly #shown: (text: string) => string

  constructor(shown: (text: string) => string) {
    this.#shown = shown
  }

  next(piece: Uint8Array): string {
    return this.#shown(this.#decoder.decode(piece, { stream: true }))
  }
}

function escaped(found: string): string {
  return units(found)
    .map((unit) => (unit > 0xff ? wide(unit) : `\\x${unit.toString(16).padStart(2, '0')}`))
    .join('')
}

function units(text: string): readonly number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))
}

function wide(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
