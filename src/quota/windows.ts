import type { Millis } from '../base/clock.ts'
import { MAX_QUOTA_CLIENTS } from '../base/limits.ts'
import type { RateLimit } from './rule.ts'

/** What is left of an address's share of an interval. */
export interface Allowance {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Until there is a whole share again, in seconds, at least 1. */
  readonly resetSeconds: number
}

/** Of a rule: how much, and how long. */
type Terms = Pick<RateLimit, 'rate' | 'intervalSeconds' | 'blockSeconds'>

interface Window {
  endsAt: number
  used: number
  blockedUntil: number
}

/** Counts one rule's requests by source, in intervals that begin with a source's first request. */
export class Windows {
  /** Both in the order in which they end, as all intervals, and all blocks, take as long. */
  readonly #counting = new Map<string, Window>()
  readonly #blocked = new Map<string, Window>()
  readonly #limit: number
  readonly #intervalMs: number
  readonly #blockMs: number

  constructor({ rate, intervalSeconds, blockSeconds }: Terms) {
    // Half a request an interval is one in two.
    this.#limit = Math.max(1, Math.floor(rate))
    this.#intervalMs = (intervalSeconds * 1000) / Math.min(1, rate)
    this.#blockMs = blockSeconds * 1000
  }

  /** Counts a request of `source` at `now`, by a clock that never goes back. */
  take(source: string, now: Millis): Allowance {
    const { key, window } = this.#windowOf(source, now)
    const isBlocked = window.blockedUntil > now
    const allowed = !isBlocked && window.used < this.#limit
    if (allowed) window.used++
    else if (!isBlocked && this.#blockMs > 0) this.#block(key, window, now)
    const reset = Math.max(window.blockedUntil, window.endsAt) - now
    return {
      allowed,
      limit: this.#limit,
      remaining: isBlocked ? 0 : this.#limit - window.used,
      resetSeconds: Math.max(1, Math.ceil(reset / 1000)),
    }
  }

  #windowOf(source: string, now: number): { readonly key: string; readonly window: Window } {
    const known = this.#counting.get(source) ?? this.#blocked.get(source)
    if (known !== undefined && isAlive(known, now)) return { key: source, window: known }
    this.#counting.delete(source)
    this.#blocked.delete(source)
    // More addresses than are remembered share one count: who has many gains nothing by it.
    const key = this.#hasRoom(now) ? source : OTHERS
    const shared = this.#counting.get(key)
    if (shared !== undefined && shared.endsAt > now) return { key, window: shared }
    const window = { endsAt: now + this.#intervalMs, used: 0, blockedUntil: 0 }
    this.#counting.delete(key)
    this.#counting.set(key, window)
    return { key, window }
  }

  #block(key: string, window: Window, now: number): void {
    window.blockedUntil = now + this.#blockMs
    // The others are let in again with the next interval: one of them does not shut out all.
    if (key === OTHERS) return
    this.#counting.delete(key)
    this.#blocked.set(key, window)
  }

  #hasRoom(now: number): boolean {
    if (this.#size < MAX_QUOTA_CLIENTS) return true
    for (const [source, window] of this.#counting) {
      if (window.endsAt > now) break
      this.#counting.delete(source)
    }
    for (const [source, window] of this.#blocked) {
      if (isAlive(window, now)) break
      this.#blocked.delete(source)
    }
    return this.#size < MAX_QUOTA_CLIENTS
  }

  get #size(): number {
    return this.#counting.size + this.#blocked.size
  }
}

function isAlive(window: Window, now: number): boolean {
  return Math.max(window.endsAt, window.blockedUntil) > now
}

const OTHERS = 'others'
