import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { JsonNode, JsonObject } from './json.ts'

/**
 * Members of a bare route's body: types are strict, and names are matched without regard to case, as Go's
 * decoder does (key-lifecycle.md section 1.6). An absent member and `null` are the same: not given.
 */
export function member(body: JsonObject, name: string): JsonNode | undefined {
  const exact = body.members.get(name)
  if (exact !== undefined) return exact
  for (const [key, node] of body.members) if (key.toLowerCase() === name) return node
  return undefined
}

/** Throws `bad_request` for anything but a whole number. */
export function strictInteger(body: JsonObject, name: string): number | undefined {
  const node = given(body, name)
  if (node === undefined) return undefined
  const value = node.kind === 'number' && /^-?\d+$/.test(node.literal) ? Number(node.literal) : Number.NaN
  if (!Number.isSafeInteger(value)) throw wrongType(name, 'a whole number')
  return value
}

export function strictBoolean(body: JsonObject, name: string): boolean | undefined {
  const node = given(body, name)
  if (node === undefined) return undefined
  if (node.kind !== 'boolean') throw wrongType(name, 'true or false')
  return node.value
}

/** For what is not a secret; a secret is taken by `secretField`. */
export function strictString(body: JsonObject, name: string): string | undefined {
  const node = given(body, name)
  if (node === undefined) return undefined
  if (node.kind !== 'string') throw wrongType(name, 'a string')
  return node.text()
}

/**
 * The text of a member that is a secret, as bytes that the caller owns; `null` when it is absent or empty.
 */
export function secretField(body: JsonObject, name: string): SecretBytes | null {
  const node = given(body, name)
  if (node === undefined) return null
  if (node.kind !== 'string') throw wrongType(name, 'a string')
  return node.secret()
}

function given(body: JsonObject, name: string): JsonNode | undefined {
  const node = member(body, name)
  return node?.kind === 'null' ? undefined : node
}

function wrongType(name: string, wanted: string): OperatingError {
  return new OperatingError(
    'bad_request',
    `failed to decode JSON input: the field "${name}" must be ${wanted}`,
  )
}
