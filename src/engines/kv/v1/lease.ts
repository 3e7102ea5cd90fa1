import type { JsonNode, JsonObject } from '../../logical/json.ts'

/** 32 days: the peers' default lease. */
const DEFAULT_LEASE_SECONDS = 2_764_800
const MAX_LEASE_SECONDS = 0xffffffff

/**
 * Seconds of `ttl` (or `lease`) in an object: a number, or a duration such as `90s`, `1h30m`, `2d`
 * (surface.md section 5.1). Anything else means the default: it is the user's data and not ours to refuse.
 */
export function leaseSeconds(object: JsonObject): number {
  const node = object.members.get('ttl') ?? object.members.get('lease')
  const seconds = node === undefined ? null : durationSeconds(node)
  return seconds === null || seconds > MAX_LEASE_SECONDS ? DEFAULT_LEASE_SECONDS : seconds
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
])

function durationSeconds(node: JsonNode): number | null {
  if (node.kind === 'number') return wholeSeconds(node.literal)
  // No duration is that long; what is, may be a secret, and stays bytes.
  if (node.kind !== 'string' || node.raw.length > 32) return null
  const value = node.text()
  if (!/^(?:\d{1,9}[smhd])+$/.test(value)) return wholeSeconds(value)
  const parts = value.match(/\d+[smhd]/g) ?? []
  return parts.reduce(
    (total, part) => total + Number(part.slice(0, -1)) * (UNITS.get(part.slice(-1)) ?? 0),
    0,
  )
}

function wholeSeconds(text: string): number | null {
  return /^\d{1,12}$/.test(text) ? Number(text) : null
}
