import { randomFillSync } from 'node:crypto'
import { type Clock, type Millis, millis, type UnixMillis, unixMillis } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'

/** The real world: the only place where time and randomness come from. */
export const systemClock: Clock = {
  now: (): UnixMillis => unixMillis(Date.now()),
  monotonic: (): Millis => millis(performance.now()),
  sleep: (delay: Millis, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const timer = setTimeout(resolve, delay)
      // Waiting never keeps a process alive that has nothing else to do.
      timer.unref()
      const abort = (): void => {
        clearTimeout(timer)
        resolve()
      }
      signal?.addEventListener('abort', abort, { once: true })
    }),
}

export const systemEntropy: Entropy = {
  // Memory of its own, never a slice of Buffer's shared pool: whoever owns it can wipe it.
  bytes: (length: number): Uint8Array => randomFillSync(new Uint8Array(length)),
}
