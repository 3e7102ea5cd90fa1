/** A length of time in milliseconds. */
export type Millis = number & { readonly __unit: 'ms' }

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMillis = number & { readonly __unit: 'unix-ms' }

/** Time, handed in, so that a test decides when it passes. */
export interface Clock {
  /** Wall time, for records and for lifetimes that outlive a restart. May jump. */
  now(): UnixMillis
  /** Time that never goes back, for measuring how long something took. Its zero is arbitrary. */
  monotonic(): Millis
  /** Resolves after `delay`, or at once when `signal` aborts. It never rejects. */
  sleep(delay: Millis, signal?: AbortSignal): Promise<void>
}

/** States the unit of a plain number. */
export function millis(value: number): Millis {
  return value as Millis
}

/** States the unit of a plain number. */
export function unixMillis(value: number): UnixMillis {
  return value as UnixMillis
}

/** RFC 3339 in UTC with milliseconds, for example `2026-11-24T09:30:00.000Z`. */
export function rfc3339(time: UnixMillis): string {
  return new Date(time).toISOString()
}
