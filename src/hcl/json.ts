import { Cursor } from './cursor.ts'
import { checkDepth } from './parser.ts'
import { type Attribute, type Body, HclError, type Place, placeText, quoted, type Value } from './value.ts'

const BLANK = /[ \t\r\n]+/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[A-Za-z0-9_]+/y
const QUOTE = /"/y
const PLAIN = /[^"\\]+/y

/**
 * Reads the JSON form of HCL 1, RFC 8259, into the same values: a block is an object under its name, or a
 * list of them. Stricter in that a name stands once in an object, `null` is nowhere, and numbers are exact.
 *
 * Throws `HclError` with the place.
 */
export function parseJson(text: string, source: string): Body {
  return new JsonReader(new Cursor(text, source)).document()
}

class JsonReader {
  readonly #cursor: Cursor

  constructor(cursor: Cursor) {
    this.#cursor = cursor
  }

  document(): Body {
    this.#skip()
    if (!this.#cursor.sees('{')) throw this.#cursor.error('a document in JSON is one object: "{" is missing')
    const body = this.#object(1)
    this.#skip()
    if (!this.#cursor.isAtEnd) throw this.#cursor.error('something stands behind the end of the object')
    return body
  }

  #value(depth: number): Value {
    this.#skip()
    const { at } = this.#cursor
    if (this.#cursor.sees('{')) return { kind: 'object', at, body: this.#object(depth + 1) }
    if (this.#cursor.sees('[')) return { kind: 'list', at, items: this.#list(depth + 1) }
    if (this.#cursor.sees('"')) return { kind: 'text', at, text: this.#text() }
    const number = this.#cursor.take(NUMBER)
    const word = this.#cursor.take(WORD)
    if (number !== '' && word === '') return { kind: 'number', at, number: numberOf(number, at) }
    // `7true` is neither.
    const alone = number === '' ? word : ''
    if (alone === 'true' || alone === 'false') return { kind: 'boolean', at, boolean: alone === 'true' }
    if (alone === 'null') throw new HclError(at, 'null sets nothing; take the name away')
    throw new HclError(at, 'expected a value: a text in double quotes, a number, true, false, "[" or "{"')
  }

  #object(depth: number): Body {
    const { at } = this.#cursor
    const items: Attribute[] = []
    const known = new Map<string, Place>()
    this.#members('}', { at, depth }, () => {
      const place = this.#cursor.at
      if (!this.#cursor.sees('"')) throw this.#cursor.error('expected a name in double quotes')
      const name = this.#text()
      const first = known.get(name)
      if (first !== undefined) {
        throw new HclError(place, `${quoted(name)} stands at ${placeText(first)} already; keep one`)
      }
      known.set(name, place)
      this.#skip()
      if (!this.#takes(':')) throw this.#cursor.error(`expected ":" behind ${quoted(name)}`)
      items.push({ form: 'attribute', name, at: place, value: this.#value(depth) })
    })
    return items
  }

  #list(depth: number): readonly Value[] {
    const items: Value[] = []
    this.#members(']', { at: this.#cursor.at, depth }, () => void items.push(this.#value(depth)))
    return items
  }

  /** What stands between the opening mark, which comes next, and `end`, with commas in between. */
  #members(end: '}' | ']', opening: { readonly at: Place; readonly depth: number }, read: () => void): void {
    checkDepth(opening.at, opening.depth)
    this.#cursor.takeCharacter()
    this.#skip()
    if (this.#takes(end)) return
    for (;;) {
      read()
      this.#skip()
      if (this.#takes(end)) return
      if (!this.#takes(',')) throw this.#cursor.error(`expected "," or "${end}"`)
      this.#skip()
    }
  }

  #takes(mark: string): boolean {
    const sees = this.#cursor.sees(mark)
    if (sees) this.#cursor.takeCharacter()
    return sees
  }

  #text(): string {
    const { at } = this.#cursor
    const parts = [this.#cursor.take(QUOTE)]
    for (;;) {
      parts.push(this.#cursor.take(PLAIN))
      if (this.#cursor.isAtEnd) throw new HclError(at, 'this text has no closing quote')
      const character = this.#cursor.takeCharacter()
      parts.push(character)
      if (character === '"') return textOf(parts.join(''), at)
      parts.push(this.#cursor.takeCharacter())
    }
  }

  #skip(): void {
    this.#cursor.take(BLANK)
  }
}

function numberOf(literal: string, at: Place): number {
  const number = Number(literal)
  const isExact = /^-?\d+$/.test(literal) ? Number.isSafeInteger(number) : Number.isFinite(number)
  if (!isExact) throw new HclError(at, `${quoted(literal)} is too large a number`)
  return number === 0 ? 0 : number
}

function textOf(literal: string, at: Place): string {
  const text = unescaped(literal)
  if (text === null)
    throw new HclError(at, 'this text has an escape or a control character that JSON does not know')
  if (!text.isWellFormed()) throw new HclError(at, 'this text has an escape that is half a character')
  return text
}

function unescaped(literal: string): string | null {
  try {
    const text: unknown = JSON.parse(literal)
    return typeof text === 'string' ? text : null
  } catch {
    // A syntax error is all that it throws; where it stands is known here.
    return null
  }
}
