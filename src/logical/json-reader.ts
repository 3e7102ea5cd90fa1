import { OperatingError } from '../base/errors.ts'
import type { JsonNode, JsonObject } from './json.ts'
import { number, string, word } from './json-tokens.ts'

/** How much work a body may be. */
export interface JsonBudget {
  readonly maxDepth: number
  /** Keys and values together, as the peers count them. */
  readonly maxStrings: number
}

/** Values of any kind in one body: a list of zeros costs its sender 2 bytes an item, and us a hundred. */
export const MAX_JSON_VALUES = 100_000

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * Reads one JSON value (RFC 8259) from bytes, without making a string of any value: nodes are windows on the
 * body, and only member names become text. Strict: UTF-8, no duplicate member, nothing behind the value.
 *
 * Throws `bad_request` with an offset, and never a byte of what was sent (CVE-2025-4166).
 */
export function readJson(bytes: Uint8Array, budget: JsonBudget): JsonNode {
  const reader = new Reader(bytes, budget)
  const value = reader.value(0)
  reader.end()
  return value
}

/** An object without members, for a request without a body. */
export function emptyObject(): JsonObject {
  return { kind: 'object', members: new Map(), raw: new Uint8Array([OPEN_OBJECT, CLOSE_OBJECT]) }
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #budget: JsonBudget
  #at = 0
  #strings = 0
  #values = 0

  constructor(bytes: Uint8Array, budget: JsonBudget) {
    this.#bytes = bytes
    this.#budget = budget
  }

  /** Recursion is bounded by the budget's depth. */
  value(depth: number): JsonNode {
    if (depth > this.#budget.maxDepth) {
      throw complexity(`exceeded maximum depth, ${this.#budget.maxDepth}`)
    }
    if (++this.#values > MAX_JSON_VALUES) {
      throw complexity(`exceeded maximum number of values, ${MAX_JSON_VALUES}`)
    }
    this.#skipSpace()
    switch (this.#bytes[this.#at]) {
      case QUOTE:
        return this.#string()
      case OPEN_OBJECT:
        return this.#object(depth)
      case OPEN_LIST:
        return this.#list(depth)
      default:
        return this.#take(word(this.#bytes, this.#at) ?? number(this.#bytes, this.#at))
    }
  }

  end(): void {
    this.#skipSpace()
    if (this.#at < this.#bytes.length) throw malformed('something follows the value', this.#at)
  }

  #object(depth: number): JsonNode {
    const start = this.#at++
    const members = new Map<string, JsonNode>()
    for (let first = true; !this.#closes(CLOSE_OBJECT, first); first = false) {
      this.#skipSpace()
      const at = this.#at
      if (this.#bytes[at] !== QUOTE) throw malformed('a member name must be a string', at)
      const name = this.#string()
      const text = name.kind === 'string' ? name.text() : ''
      // Two values under one name: two readers could each see another one.
      if (members.has(text)) throw malformed('a member name stands twice', at)
      this.#skipSpace()
      if (this.#bytes[this.#at] !== COLON) throw malformed('a colon is missing', this.#at)
      this.#at++
      members.set(text, this.value(depth + 1))
    }
    return { kind: 'object', members, raw: this.#bytes.subarray(start, this.#at) }
  }

  #list(depth: number): JsonNode {
    const start = this.#at++
    const items: JsonNode[] = []
    for (let first = true; !this.#closes(CLOSE_LIST, first); first = false) items.push(this.value(depth + 1))
    return { kind: 'array', items, raw: this.#bytes.subarray(start, this.#at) }
  }

  /** Steps over the closing bracket, or over the comma before the next item. */
  #closes(bracket: number, first: boolean): boolean {
    this.#skipSpace()
    const byte = this.#bytes[this.#at]
    if (byte === bracket) {
      this.#at++
      return true
    }
    if (first) return false
    if (byte !== COMMA) throw malformed('a comma or a closing bracket is missing', this.#at)
    this.#at++
    return false
  }

  #string(): JsonNode {
    this.#strings++
    if (this.#strings > this.#budget.maxStrings) {
      throw complexity(`exceeded maximum number of strings, ${this.#budget.maxStrings}`)
    }
    return this.#take(string(this.#bytes, this.#at))
  }

  #take(node: JsonNode | null): JsonNode {
    if (node === null) {
      const ended = this.#at >= this.#bytes.length
      throw malformed(ended ? 'unexpected end of input' : 'this is no JSON value', this.#at)
    }
    this.#at += node.raw.length
    return node
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.#at++
    }
  }
}

function malformed(fault: string, offset: number): OperatingError {
  return new OperatingError('bad_request', `failed to decode JSON input: ${fault}, at byte ${offset}`)
}

function complexity(fault: string): OperatingError {
  return new OperatingError('bad_request', `refused JSON input due to high complexity: ${fault}`)
}
