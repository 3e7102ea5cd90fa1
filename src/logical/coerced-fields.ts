import { OperatingError } from '../base/errors.ts'
import { parseSeconds } from './duration.ts'
import type { JsonNode, JsonObject } from './json.ts'

/**
 * Members of the body of a generic path: what clients send is bent into the type of the field (surface.md
 * section 1.5), and names are matched as they are. An absent member and `null` are the same: not given.
 *
 * Refusals begin as the contract has them, and never repeat what was sent.
 */

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False', ''])

/** A whole number, its text, or a truth. Throws `bad_request`. */
export function coercedInteger(body: JsonObject | null, name: string): number | undefined {
  const node = given(body, name)
  if (node === undefined) return undefined
  if (node.kind === 'boolean') return node.value ? 1 : 0
  const literal = literalOf(node)
  const value = literal === '' ? 0 : /^[+-]?\d+$/.test(literal ?? '') ? Number(literal) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw refused(name, "'' cannot parse value as 'int': strconv.ParseInt: invalid syntax")
}

/** A truth, its text as Go reads it, or a number. Throws `bad_request`. */
export function coercedBoolean(body: JsonObject | null, name: string): boolean | undefined {
  const node = given(body, name)
  if (node === undefined) return undefined
  if (node.kind === 'boolean') return node.value
  if (node.kind === 'number') return Number(node.literal) !== 0
  const literal = literalOf(node)
  if (literal !== null && TRUE.has(literal)) return true
  if (literal !== null && FALSE.has(literal)) return false
  throw refused(name, "'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax")
}

/** A length of time in seconds: a number, its text, `1h30m` or `2d`; never negative. Throws `bad_request`. */
export function coercedSeconds(body: JsonObject | null, name: string): number | undefined {
  const node = given(body, name)
  if (node === undefined) return undefined
  const literal = literalOf(node)
  const seconds = literal === null ? null : parseSeconds(literal)
  if (seconds === null) throw refused(name, 'time: invalid duration; give seconds, or for example "48h"')
  if (seconds < 0) throw refused(name, 'cannot provide negative value')
  return seconds
}

function given(body: JsonObject | null, name: string): JsonNode | undefined {
  const node = body?.members.get(name)
  return node?.kind === 'null' ? undefined : node
}

function literalOf(node: JsonNode): string | null {
  if (node.kind === 'number') return node.literal
  return node.kind === 'string' ? node.text() : null
}

function refused(name: string, why: string): OperatingError {
  return new OperatingError(
    'bad_request',
    `Field validation failed: error converting input for field "${name}": ${why}`,
  )
}
