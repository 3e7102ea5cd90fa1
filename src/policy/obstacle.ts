import type { JsonNode, JsonObject } from '../logical/json.ts'
import type { Act } from './act.ts'
import { isAllowedValue, isDeniedValue } from './parameter.ts'
import type { Limits } from './policy.ts'

/** Why a request is refused by a rule that gives the capability. Names, never values. */
export type Obstacle =
  | { readonly kind: 'wrapping'; readonly min: number | null; readonly max: number | null }
  | { readonly kind: 'parameter_required'; readonly name: string }
  | { readonly kind: 'parameter_denied'; readonly name: string }
  | { readonly kind: 'parameter_not_allowed'; readonly name: string }
  | { readonly kind: 'page_limit'; readonly limit: number }

const ALL_PARAMETERS = '*'
const LIMIT = 'limit'
const WITH_PARAMETERS = new Set(['read', 'create', 'update', 'patch'])

/** The first of them that stands in the way, or `null` (surface.md sections 3.2 and 3.3). */
export function obstacleTo(act: Act, limits: Limits): Obstacle | null {
  return (
    wrappingObstacle(act, limits) ??
    (WITH_PARAMETERS.has(act.operation) ? parameterObstacle(act, limits) : null)
  )
}

/**
 * The page that a list may have: `null`, whatever it asks for. Refused is a limit above the cap, a negative
 * one, and what is no number; 0 and none at all would be everything, and become the cap (GH-3518). The word
 * `max` is the cap, and everything (0) where there is none.
 */
export function pageOf(act: Act, limits: Pick<Limits, 'pageLimit' | 'required'>): number | null | Obstacle {
  const node = given(act.data, LIMIT)
  const isMax = node?.kind === 'string' && node.text() === 'max'
  const cap = limits.pageLimit
  if (cap === null) return isMax ? 0 : null
  if (isMax) return cap
  const asked = node === undefined ? 0 : wholeNumber(node)
  if (asked === null || asked > cap) return { kind: 'page_limit', limit: cap }
  if (asked > 0) return asked
  const isRequired = limits.required.some((name) => name.toLowerCase() === LIMIT)
  return isRequired ? { kind: 'parameter_required', name: LIMIT } : cap
}

function wrappingObstacle({ wrapTtl }: Act, { minWrapTtl, maxWrapTtl }: Limits): Obstacle | null {
  if (minWrapTtl === null && maxWrapTtl === null) return null
  // Bounds of several policies may exclude each other; then no wrapping is within them.
  const min = minWrapTtl ?? 0
  const max = maxWrapTtl ?? Number.POSITIVE_INFINITY
  if (wrapTtl !== null && wrapTtl >= min && wrapTtl <= max) return null
  return { kind: 'wrapping', min: minWrapTtl, max: maxWrapTtl }
}

function parameterObstacle({ data }: Act, { required, denied, allowed }: Limits): Obstacle | null {
  const missing = required.find((name) => !isGiven(data, name))
  if (missing !== undefined) return { kind: 'parameter_required', name: missing }
  if (data === null || data.members.size === 0) return null
  for (const [name, node] of data.members) {
    const values = denied?.get(name.toLowerCase())
    const isDenied = denied?.has(ALL_PARAMETERS) || (values !== undefined && isDeniedValue(node, values))
    if (isDenied) return { kind: 'parameter_denied', name }
  }
  if (allowed === null) return null
  const others = allowed.has(ALL_PARAMETERS)
  for (const [name, node] of data.members) {
    const values = allowed.get(name.toLowerCase())
    const isAllowed = values === undefined ? others : isAllowedValue(node, values)
    if (!isAllowed) return { kind: 'parameter_not_allowed', name }
  }
  return null
}

/**
 * Whether a required parameter is there, as handlers see it: by its name as the policy has it or in lower
 * case, and not `null`, which says nothing.
 */
function isGiven(data: JsonObject | null, name: string): boolean {
  return given(data, name) !== undefined || given(data, name.toLowerCase()) !== undefined
}

function given(data: JsonObject | null, name: string): JsonNode | undefined {
  const node = data?.members.get(name)
  return node?.kind === 'null' ? undefined : node
}

/** From 0; an empty text is 0, as it is for handlers. `null` for all else. */
function wholeNumber(node: JsonNode): number | null {
  const text = node.kind === 'number' ? node.literal : node.kind === 'string' ? node.text() : null
  if (text === '') return 0
  const number = text !== null && /^\+?\d+$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : null
}
