import { type Clock, type Millis, millis, type UnixMillis, unixMillis } from '../../src/base/clock.ts'

/** Time that passes only when a test says so. */
export class SimClock implements Clock {
  #now = 1_764_000_000_000
  readonly #sleepers: { readonly at: number; readonly wake: () => void }[] = []

  now(): UnixMillis {
    return unixMillis(this.#now)
  }

  monotonic(): Millis {
    return millis(this.#now)
  }

  sleep(delay: Millis, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      signal?.addEventListener('abort', () => resolve(), { once: true })
      this.#sleepers.push({ at: this.#now + delay, wake: resolve })
    })
  }

  /** Lets time pass, and wakes who waited for it. */
  advance(delay: number): void {
    this.#now += delay
    for (const sleeper of this.#sleepers) if (sleeper.at <= this.#now) sleeper.wake()
  }
}
