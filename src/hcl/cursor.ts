import { HclError, type Place } from './value.ts'

/** A document being read from left to right, which knows at any time on what line and column it is. */
export class Cursor {
  readonly #text: string
  readonly #source: string
  #offset = 0
  #line = 1
  #lineStart = 0
  /** Where this line ends. Kept, so that a long line is not searched again for each of its words. */
  #lineEnd: number

  constructor(text: string, source: string) {
    this.#text = text
    this.#source = source
    this.#lineEnd = lineEndFrom(text, 0)
  }

  get at(): Place {
    return { source: this.#source, line: this.#line, column: this.#offset - this.#lineStart + 1 }
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#text.length
  }

  /** How much has been taken, in UTF-16 units. */
  get offset(): number {
    return this.#offset
  }

  /** What has been taken since `offset`. */
  takenSince(offset: number): string {
    return this.#text.slice(offset, this.#offset)
  }

  /** Whether `text` comes next. */
  sees(text: string): boolean {
    return this.#text.startsWith(text, this.#offset)
  }

  /** Whether a sticky pattern matches here. */
  matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#offset
    return pattern.test(this.#text)
  }

  /** Takes what a sticky pattern matches here; `''` when that is nothing. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.#offset
    const taken = pattern.exec(this.#text)?.[0] ?? ''
    this.#advance(taken.length)
    return taken
  }

  /** Takes the next character, a whole one also outside the basic plane; `''` at the end. */
  takeCharacter(): string {
    const point = this.#text.codePointAt(this.#offset)
    const taken = point === undefined ? '' : String.fromCodePoint(point)
    this.#advance(taken.length)
    return taken
  }

  /** Takes all up to the next `mark` and the mark itself, or `null` and nothing when there is none. */
  takeThrough(mark: string): string | null {
    const found = this.#text.indexOf(mark, this.#offset)
    if (found < 0) return null
    const taken = this.#text.slice(this.#offset, found + mark.length)
    this.#advance(taken.length)
    return taken
  }

  error(fault: string, at: Place = this.at): HclError {
    return new HclError(at, fault)
  }

  #advance(length: number): void {
    this.#offset += length
    while (this.#lineEnd < this.#offset) {
      this.#line++
      this.#lineStart = this.#lineEnd + 1
      this.#lineEnd = lineEndFrom(this.#text, this.#lineStart)
    }
  }
}

function lineEndFrom(text: string, start: number): number {
  const found = text.indexOf('\n', start)
  return found < 0 ? Number.POSITIVE_INFINITY : found
}
