/**
 * What is timed, as the peers call it: the closed list of surface.md section 12. `routed` times a mount.
 */
export const TIMERS = [
  'vault.core.handle_request',
  'vault.core.check_token',
  'vault.core.fetch_acl_and_token',
] as const

export type TimerName = (typeof TIMERS)[number]

/**
 * Told how long things took, handed in by the server. It is asked on every request, so it keeps numbers only:
 * never a token, a value, or a path below a mount. It never throws.
 */
export interface Meter {
  /** Something took `ms` milliseconds. */
  observe(name: TimerName, ms: number): void
  /** A mount, by its path, took `ms` milliseconds for one request. */
  routed(operation: string, mount: string, ms: number): void
  /** A request came in. Each is followed by one `ended`. */
  began(): void
  ended(): void
}

/** One number, as it is when somebody asks. */
export interface Reading {
  /** Segments joined by `.`; Prometheus has `_` in their place. */
  readonly name: string
  readonly help: string
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
}
