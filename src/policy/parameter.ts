import type { JsonNode } from '../logical/json.ts'

/** A value that a policy names for a parameter; a text may begin or end with `*`. */
export type ParameterValue = string | number | boolean | readonly ParameterValue[]

/** By name in lower case. An empty list stands for every value; the name `*` for every parameter. */
export type ParameterTable = ReadonlyMap<string, readonly ParameterValue[]>

const TRUE = new Set(['1', 't', 'true'])
const FALSE = new Set(['0', 'f', 'false'])

/**
 * Whether a value may be sent where these are allowed. Kinds are not bent into each other: what a list of
 * allowed values does not name as it stands is not allowed.
 */
export function isAllowedValue(node: JsonNode, values: readonly ParameterValue[]): boolean {
  return values.length === 0 || values.some((value) => equals(node, value))
}

/**
 * Whether a value is one of the denied. Engines bend what they are sent, so that `0`, `"0"` and `["0"]` may
 * come to the same: what one of them denies, all are denied by.
 */
export function isDeniedValue(node: JsonNode, values: readonly ParameterValue[]): boolean {
  return values.length === 0 || values.some((value) => resembles(node, value))
}

function equals(node: JsonNode, value: ParameterValue): boolean {
  switch (node.kind) {
    case 'string':
      return typeof value === 'string' && fitsGlob(node.text(), value)
    case 'number':
      return typeof value === 'number' && isNumber(node.literal, value)
    case 'boolean':
      return node.value === value
    case 'array': {
      const { items } = node
      if (!isList(value) || value.length !== items.length) return false
      return items.every((item, index) => isSame(item, value[index]))
    }
    default:
      return false
  }
}

/** Within a list a text is itself: `*` is a wildcard of the parameter, not of its parts. */
function isSame(node: JsonNode, value: ParameterValue | undefined): boolean {
  if (value === undefined) return false
  return node.kind === 'string' ? node.text() === value : equals(node, value)
}

function resembles(node: JsonNode, value: ParameterValue): boolean {
  if (node.kind === 'array') return equals(node, value) || node.items.some((item) => resembles(item, value))
  const text = textOf(node)
  if (text === null || isList(value)) return false
  if (typeof value === 'number') return text.trim() !== '' && Number(text) === value
  if (typeof value === 'string' && fitsGlob(text, value)) return true
  const wanted = typeof value === 'boolean' ? value : truthOf(value)
  return wanted !== null && truthOf(text) === wanted
}

function textOf(node: JsonNode): string | null {
  switch (node.kind) {
    case 'string':
      return node.text()
    case 'number':
      return node.literal
    case 'boolean':
      return String(node.value)
    default:
      return null
  }
}

function fitsGlob(text: string, glob: string): boolean {
  if (glob === '*') return true
  const opens = glob.startsWith('*')
  const ends = glob.endsWith('*')
  const stem = glob.slice(opens ? 1 : 0, ends ? -1 : undefined)
  if (opens && ends) return text.includes(stem)
  if (opens) return text.endsWith(stem)
  return ends ? text.startsWith(stem) : text === glob
}

/** Exact: of a whole number no other spelling, which an engine may round differently. */
function isNumber(literal: string, value: number): boolean {
  if (Number.isSafeInteger(value) && !/^-?\d+$/.test(literal)) return false
  return Number(literal) === value
}

function truthOf(text: string): boolean | null {
  const lower = text.toLowerCase()
  if (TRUE.has(lower)) return true
  return FALSE.has(lower) ? false : null
}

function isList(value: ParameterValue): value is readonly ParameterValue[] {
  return typeof value === 'object'
}
