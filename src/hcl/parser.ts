import { MAX_HCL_DEPTH } from '../base/limits.ts'
import { Cursor } from './cursor.ts'
import { nextToken, type Token } from './lexer.ts'
import {
  type Body,
  HclError,
  type Item,
  type Label,
  type Place,
  placeText,
  quoted,
  type Value,
} from './value.ts'

/**
 * Reads HCL 1, the language of the peers' configuration files and policies: attributes, blocks with any
 * number of labels, lists, objects. Stricter than its first implementation where that one guesses: a name is
 * set once, every comma of a list stands between two values, and nothing is missing at the end.
 *
 * Throws `HclError` with the place.
 */
export function parseHcl(text: string, source: string): Body {
  return new Parser(new Cursor(text, source)).items('end', 1)
}

class Parser {
  readonly #cursor: Cursor
  #token: Token

  constructor(cursor: Cursor) {
    this.#cursor = cursor
    this.#token = nextToken(cursor)
  }

  /** Items until `end`, which is taken. Commas between them are allowed. */
  items(end: 'end' | '}', depth: number): Body {
    const items: Item[] = []
    const known = new Map<string, Item>()
    while (this.#token.kind !== end) {
      const item = this.#item(depth)
      refuseSecond(known.get(item.name), item)
      known.set(item.name, item)
      items.push(item)
      if (this.#sees(',')) this.#advance()
    }
    // Behind the last brace of the document there is no word.
    if (end !== 'end') this.#advance()
    return items
  }

  #item(depth: number): Item {
    const { at, text: name } = this.#name()
    const labels: Label[] = []
    while (this.#token.kind === 'name' || this.#token.kind === 'text') labels.push(this.#name())
    const mark = this.#token
    if (mark.kind === '{') {
      this.#advance()
      const body = this.#nested(mark.at, depth)
      return { form: 'block', name, at, labels, value: { kind: 'object', at: mark.at, body } }
    }
    if (mark.kind !== '=') throw unexpected(mark, `"=" or "{" behind ${quoted(name)}`)
    if (labels[0] !== undefined) {
      throw new HclError(labels[0].at, `a name with a label begins a block: "{" instead of "="`)
    }
    this.#advance()
    return { form: 'attribute', name, at, value: this.#value(depth) }
  }

  #name(): Label {
    const token = this.#token
    if (token.kind !== 'name' && token.kind !== 'text') throw unexpected(token, 'a name')
    this.#advance()
    return { text: token.text, at: token.at }
  }

  #value(depth: number): Value {
    const token = this.#token
    const { at } = token
    switch (token.kind) {
      case 'text':
      case 'heredoc':
        this.#advance()
        return { kind: 'text', at, text: token.text }
      case 'number':
        this.#advance()
        return { kind: 'number', at, number: token.number }
      case 'boolean':
        this.#advance()
        return { kind: 'boolean', at, boolean: token.boolean }
      case '[':
        this.#advance()
        return { kind: 'list', at, items: this.#list(at, depth + 1) }
      case '{':
        this.#advance()
        return { kind: 'object', at, body: this.#nested(at, depth) }
      case 'name':
        // What it is stays untold: it may be a secret whose quotes were forgotten.
        throw new HclError(at, 'a word without quotes is not a value; a text stands in double quotes')
      default:
        throw unexpected(token, 'a value')
    }
  }

  #nested(at: Place, depth: number): Body {
    checkDepth(at, depth + 1)
    return this.items('}', depth + 1)
  }

  #list(at: Place, depth: number): readonly Value[] {
    checkDepth(at, depth)
    const items: Value[] = []
    while (!this.#sees(']')) {
      items.push(this.#value(depth))
      if (this.#sees(',')) this.#advance()
      else if (!this.#sees(']')) throw unexpected(this.#token, '"," or "]"')
    }
    this.#advance()
    return items
  }

  #sees(kind: Token['kind']): boolean {
    return this.#token.kind === kind
  }

  #advance(): void {
    this.#token = nextToken(this.#cursor)
  }
}

export function checkDepth(at: Place, depth: number): void {
  if (depth > MAX_HCL_DEPTH)
    throw new HclError(at, `more than ${MAX_HCL_DEPTH} lists and objects in each other`)
}

/** A block may be repeated, an attribute may not: which of the two was meant would be a guess. */
function refuseSecond(first: Item | undefined, second: Item): void {
  if (first === undefined || (first.form === 'block' && second.form === 'block')) return
  throw new HclError(second.at, `${quoted(second.name)} stands at ${placeText(first.at)} already; keep one`)
}

function unexpected(token: Token, expected: string): HclError {
  return new HclError(token.at, `expected ${expected}, and found ${shown(token)}`)
}

function shown(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end'
    case 'name':
      return 'a word without quotes'
    case 'text':
    case 'heredoc':
      return 'a text'
    case 'number':
    case 'boolean':
      return `a ${token.kind}`
    default:
      return `"${token.kind}"`
  }
}
