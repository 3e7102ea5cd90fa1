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

interface Window {
  endsAt: number
  used: number
  blockedUntil: number
}

/** Counts one rule's requests by source, in intervals that begin with a source's first request. */
export class Windows {
  readonly #windows = new Map<string, Window>()
  readonly #limit: number
  readonly #intervalMs: number
  readonly #blockMs: number

  constructor({ rate, intervalSeconds, blockSeconds }: RateLimit) {
    // Half a request an interval is one in two.
    this.#limit = Math.max(1, Math.floor(rate))
    this.#intervalMs = (intervalSeconds * 1000) / Math.min(1, rate)
    this.#blockMs = blockSeconds * 1000
  }

  /** Counts a request of `source` at `now`, by a clock that never goes back. */
  take(source: string, now: Millis): Allowance {
    const window = this.#windowOf(source, now)
    const isBlocked = window.blockedUntil > now
    const allowed = !isBlocked && window.used < this.#limit
    if (allowed) window.used++
    else if (!isBlocked && this.#blockMs > 0) window.blockedUntil = now + this.#blockMs
    const reset = Math.max(window.blockedUntil, window.endsAt) - now
    return {
      allowed,
      limit: this.#limit,
      remaining: isBlocked ? 0 : this.#limit - window.used,
      resetSeconds: Math.max(1, Math.ceil(reset / 1000)),
    }
  }

  #windowOf(source: string, now: number): Window {
    const known = this.#windows.get(source)
    if (known !== undefined && Math.max(known.endsAt, known.blockedUntil) > now) return known
    // More addresses than are remembered share one count: who has many gains nothing by it.
    const key = known === undefined && !this.#hasRoom(now) ? OTHERS : source
    const shared = this.#windows.get(key)
    if (key === OTHERS && shared !== undefined && shared.endsAt > now) return shared
    const window = { endsAt: now + this.#intervalMs, used: 0, blockedUntil: 0 }
    this.#windows.delete(key)
    this.#windows.set(key, window)
    return window
  }

  #hasRoom(now: number): boolean {
    if (this.#windows.size < MAX_QUOTA_CLIENTS) return true
    // In the order in which they began: those that are over come first.
    for (const [source, window] of this.#windows) {
      if (Math.max(window.endsAt, window.blockedUntil) > now) break
      this.#windows.delete(source)
    }
    return this.#windows.size < MAX_QUOTA_CLIENTS
  }
}

const OTHERS = 'others'
