import { parseSeconds } from './duration.ts'
import type { FieldType, FieldValues } from './field-table.ts'
import type { JsonNode } from './json.ts'

/** What a value was bent into, or why it could not be: the contract's words, and never what was sent. */
export type Coerced<Value> = { readonly value: Value } | { readonly fault: string }

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False', ''])
const NO_INTEGER = "'' cannot parse value as 'int': strconv.ParseInt: invalid syntax"
const NO_FLOAT = "'' cannot parse value as 'float64': strconv.ParseFloat: invalid syntax"
const NO_BOOLEAN = "'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax"
const NO_DURATION = 'time: invalid duration; give seconds, or for example "48h"'

type Rule<Type extends FieldType> = (node: JsonNode) => Coerced<FieldValues[Type]>

/** Bends `node`, which is not `null`, into the type of its field (surface.md section 1.5). */
export function coerced<Type extends FieldType>(type: Type, node: JsonNode): Coerced<FieldValues[Type]> {
  return RULES[type](node)
}

const RULES: { readonly [Type in FieldType]: Rule<Type> } = {
  string: (node) => {
    const text = plainText(node)
    return text === null ? { fault: unconvertible('string', node) } : { value: text }
  },
  integer,
  float: (node) => {
    if (node.kind === 'boolean') return { value: node.value ? 1 : 0 }
    const literal = numberText(node)
    const value =
      literal !== null && /^[+-]?[\d.]+(?:[eE][+-]?\d+)?$/.test(literal) ? Number(literal) : Number.NaN
    return Number.isFinite(value) ? { value } : { fault: NO_FLOAT }
  },
  boolean: (node) => {
    if (node.kind === 'boolean') return { value: node.value }
    if (node.kind === 'number') return { value: Number(node.literal) !== 0 }
    const text = numberText(node)
    if (text !== null && TRUE.has(text)) return { value: true }
    return text !== null && FALSE.has(text) ? { value: false } : { fault: NO_BOOLEAN }
  },
  seconds: (node) => {
    const seconds = secondsOf(node)
    if (seconds === null) return { fault: NO_DURATION }
    return seconds < 0 ? { fault: 'cannot provide negative value' } : { value: seconds }
  },
  'signed-seconds': (node) => {
    const seconds = secondsOf(node)
    return seconds === null ? { fault: NO_DURATION } : { value: seconds }
  },
  strings: (node) => {
    if (node.kind !== 'array')
      return mapped(plainText(node), (text) => [text], unconvertible('[]string', node))
    return every(node.items, plainText, unconvertible('[]string', node))
  },
  'comma-strings': (node) => {
    if (node.kind !== 'array') return mapped(plainText(node), betweenCommas, unconvertible('[]string', node))
    const texts = every(node.items, plainText, unconvertible('[]string', node))
    return 'fault' in texts
      ? texts
      : { value: texts.value.map((text) => text.trim()).filter((text) => text !== '') }
  },
  integers: (node) => {
    if (node.kind === 'array') return every(node.items, wholeNumber, NO_INTEGER)
    const text = numberText(node)
    if (text === null) return { fault: NO_INTEGER }
    const values = betweenCommas(text).map(Number)
    return values.every(Number.isSafeInteger) ? { value: values } : { fault: NO_INTEGER }
  },
  pairs,
  object: (node) => {
    return node.kind === 'object'
      ? { value: node }
      : { fault: unconvertible('map[string]interface {}', node) }
  },
  time: (node) => {
    const text = numberText(node)
    const millis =
      text === null ? Number.NaN : /^\d{1,12}$/.test(text) ? Number(text) * 1000 : rfc3339Millis(text)
    return Number.isFinite(millis)
      ? { value: millis }
      : { fault: 'a time is RFC 3339, or seconds since 1970' }
  },
  secret: (node) => {
    const secret = node.kind === 'string' ? node.secret() : null
    return secret === null ? { fault: unconvertible('string', node) } : { value: secret }
  },
  any: (node) => ({ value: node }),
}

function integer(node: JsonNode): Coerced<number> {
  const value = wholeNumber(node)
  return value === null ? { fault: NO_INTEGER } : { value }
}

function wholeNumber(node: JsonNode): number | null {
  if (node.kind === 'boolean') return node.value ? 1 : 0
  const text = numberText(node)
  const value = text === '' ? 0 : /^[+-]?\d+$/.test(text ?? '') ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : null
}

function pairs(node: JsonNode): Coerced<Readonly<Record<string, string>>> {
  const fault = 'key and value pairs are an object of texts, or a list of key=value'
  if (node.kind === 'object') {
    const entries = every([...node.members], ([name, value]) => named(name, plainText(value)), fault)
    return 'fault' in entries ? entries : { value: Object.fromEntries(entries.value) }
  }
  const items = node.kind === 'array' ? node.items : [node]
  const entries = every(items, (item) => pairOf(plainText(item)), fault)
  return 'fault' in entries ? entries : { value: Object.fromEntries(entries.value) }
}

function pairOf(text: string | null): readonly [string, string] | null {
  const at = text?.indexOf('=') ?? -1
  return text === null || at < 1 ? null : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function named(name: string, value: string | null): readonly [string, string] | null {
  return value === null ? null : [name, value]
}

/** Text, a number or a truth as text; `null` for lists and objects. */
function plainText(node: JsonNode): string | null {
  return node.kind === 'boolean' ? String(node.value) : numberText(node)
}

function numberText(node: JsonNode): string | null {
  if (node.kind === 'number') return node.literal
  return node.kind === 'string' ? node.text() : null
}

function secondsOf(node: JsonNode): number | null {
  const text = numberText(node)
  return text === null ? null : parseSeconds(text)
}

/** RFC 3339 section 5.6, which `Date.parse` alone is too lenient for. */
function rfc3339Millis(text: string): number {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/
  return shape.test(text) ? Date.parse(text) : Number.NaN
}

function betweenCommas(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function every<Item, Value>(
  items: readonly Item[],
  read: (item: Item) => Value | null,
  fault: string,
): Coerced<readonly Value[]> {
  const values: Value[] = []
  for (const item of items) {
    const value = read(item)
    if (value === null) return { fault }
    values.push(value)
  }
  return { value: values }
}

function mapped<Value>(text: string | null, read: (text: string) => Value, fault: string): Coerced<Value> {
  return text === null ? { fault } : { value: read(text) }
}

/** As Go names the kinds of JSON. */
const GO_KINDS: Readonly<Record<JsonNode['kind'], string>> = {
  object: 'map[string]interface {}',
  array: '[]interface {}',
  string: 'string',
  number: 'json.Number',
  boolean: 'bool',
  null: 'nil',
}

function unconvertible(wanted: string, node: JsonNode): string {
  return `'' expected type '${wanted}', got unconvertible type '${GO_KINDS[node.kind]}'`
}
