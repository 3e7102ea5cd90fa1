import { parseSeconds } from '../../../logical/duration.ts'
import type { JsonNode, JsonObject } from '../../../logical/json.ts'

/** What has no place in four bytes is no length of time that anybody means. */
export const MAX_LEASE_SECONDS = 0xfffffffe

/** No length of time is longer; what is, may be a secret, and stays bytes. */
const MAX_LEASE_BYTES = 34

/**
 * Seconds of `ttl` (or `lease`) in an object: a number, or a duration such as `90s`, `1h30m`, `2d`
 * (surface.md section 5.1). `null` for anything else: it is the user's data and not ours to refuse.
 */
export function leaseSeconds(object: JsonObject): number | null {
  const node = object.members.get('ttl') ?? object.members.get('lease')
  const seconds = node === undefined ? null : secondsOf(node)
  return seconds === null || seconds < 0 || seconds > MAX_LEASE_SECONDS ? null : seconds
}

function secondsOf(node: JsonNode): number | null {
  if (node.kind === 'number') return parseSeconds(node.literal)
  if (node.kind !== 'string' || node.raw.length > MAX_LEASE_BYTES) return null
  return parseSeconds(node.text())
}
