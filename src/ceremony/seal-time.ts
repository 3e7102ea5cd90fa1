import { type Clock, millis } from '../base/clock.ts'
import { SEAL_COMMIT_MS } from '../base/limits.ts'

/** How a task went that a seal waits for. */
export type Ended = { readonly name: 'done' | 'late' } | { readonly name: 'failed'; readonly error: unknown }

/**
 * What came of `task`, or `late` once it has taken as long as a seal waits (custody.md section 3); it goes on
 * then, and its end is its caller's. Never rejects.
 */
export async function withinSealTime(clock: Clock, task: Promise<void>): Promise<Ended> {
  const timer = new AbortController()
  const late = clock.sleep(millis(SEAL_COMMIT_MS), timer.signal).then((): Ended => ({ name: 'late' }))
  const ended = task.then(
    (): Ended => ({ name: 'done' }),
    (error: unknown): Ended => ({ name: 'failed', error }),
  )
  const first = await Promise.race([ended, late])
  timer.abort()
  return first
}
