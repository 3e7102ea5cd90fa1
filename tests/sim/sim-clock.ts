import { type Clock, type Millis, millis, type UnixMillis, unixMillis } from '../../src/base/clock.ts'

/** Time that passes only when a test says so. */
export class SimClock implements Clock {
  #now = 1_764_000_000_000
  /** How far the wall clock has been set apart from the time that passes. */
  #jumped = 0
  #sleepers: readonly { readonly at: number; readonly wake: () => void }[] = []

  now(): UnixMillis {
    return unixMillis(this.#now + this.#jumped)
  }

  monotonic(): Millis {
    return millis(this.#now)
  }

  sleep(delay: Millis, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      signal?.addEventListener('abort', () => resolve(), { once: true })
      this.#sleepers = [...this.#sleepers, { at: this.#now + delay, wake: resolve }]
    })
  }

  /** Lets time pass, and wakes who waited for it. */
  advance(delay: number): void {
    this.#now += delay
    const due = this.#sleepers.filter(({ at }) => at <= this.#now)
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now)
    for (const { wake } of due) wake()
  }

  /** Somebody sets the wall clock, forwards or back; no time passes. */
  jump(by: number): void {
    this.#jumped += by
  }
}
