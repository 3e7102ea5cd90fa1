/**
 * What is timed, as the peers call it: the closed list of surface.md section 12. `routed` times a mount.
 */
export const TIMERS = [
  ...(['vault.core.handle_request', 'vault.core.handle_login_request'] as const),
  ...(['vault.core.check_token', 'vault.core.fetch_acl_and_token'] as const),
  ...(['vault.barrier.get', 'vault.barrier.put', 'vault.barrier.delete', 'vault.barrier.list'] as const),
  ...(['vault.token.create', 'vault.token.lookup', 'vault.token.revoke-tree'] as const),
  ...(['vault.expire.register', 'vault.expire.renew', 'vault.expire.revoke'] as const),
  ...(['vault.policy.get_policy', 'vault.policy.set_policy', 'vault.policy.delete_policy'] as const),
  'vault.policy.list_policies',
] as const

export type TimerName = (typeof TIMERS)[number]

/** What is counted, each by the one label that tells its kinds apart. */
export const COUNTERS = {
  'vault.token.creation': 'token_type',
  'vault.quota.rate_limit.violation': 'name',
} as const

export type CounterName = keyof typeof COUNTERS

/**
 * Told how long things took, handed in by the server. It is asked on every request, so it keeps numbers only:
 * never a token, a value, or a path below a mount. It never throws.
 */
export interface Meter {
  /** Milliseconds; their zero is arbitrary. */
  now(): number
  /** Something took from `began` until now, which is answered: one look at the clock ends and begins. */
  since(name: TimerName, began: number): number
  /** A mount, by its path, took from `began` until now for one request. */
  routed(operation: string, mount: string, began: number): void
  /** It happened once more; `kind` is a name of an operator's or of ours, never one of a stranger's. */
  count(name: CounterName, kind: string): void
  /** A request came in. Each is followed by one `ended`. */
  began(): void
  ended(): void
}

/** Where nobody wants to know. */
export const SILENT_METER: Meter = {
  now: () => 0,
  since: () => 0,
  routed: () => undefined,
  count: () => undefined,
  began: () => undefined,
  ended: () => undefined,
}

/** One number, as it is when somebody asks. */
export interface Reading {
  /** Segments joined by `.`; Prometheus has `_` in their place. */
  readonly name: string
  readonly help: string
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
}
