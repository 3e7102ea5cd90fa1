/** 32 days: the peers' default lease. */
const DEFAULT_LEASE_SECONDS = 2_764_800

/** Seconds of `ttl` (or `lease`) in a stored object: a number, or a duration such as `90s`, `1h30m`, `2d`. */
export function leaseSeconds(json: Uint8Array): number {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(json).toString())
  } catch {
    // A number beyond what JavaScript reads is still a stored value; it has no lease of its own.
    return DEFAULT_LEASE_SECONDS
  }
  if (typeof value !== 'object' || value === null) return DEFAULT_LEASE_SECONDS
  const { ttl, lease } = value as { readonly ttl?: unknown; readonly lease?: unknown }
  return durationSeconds(ttl ?? lease) ?? DEFAULT_LEASE_SECONDS
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
])

function durationSeconds(value: unknown): number | null {
  if (typeof value === 'number') return Number.isInteger(value) && value > 0 ? value : null
  if (typeof value !== 'string') return null
  if (/^\d{1,12}$/.test(value)) return Number(value) > 0 ? Number(value) : null
  if (!/^(?:\d{1,9}[smhd])+$/.test(value)) return null
  const parts = value.match(/\d+[smhd]/g) ?? []
  return parts.reduce(
    (total, part) => total + Number(part.slice(0, -1)) * (UNITS.get(part.slice(-1)) ?? 0),
    0,
  )
}
