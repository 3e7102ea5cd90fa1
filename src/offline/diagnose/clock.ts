import { rfc3339, type UnixMillis } from '../../base/clock.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** When the first version of this program was written, and when no certificate of today is good any more. */
const EARLIEST = Date.UTC(2025, 0)
const LATEST = Date.UTC(2100, 0)
/** How far the two clocks may come apart while somebody looks, in milliseconds. */
const MAX_APART_MS = 100
/** Clocks of two machines may differ by this much. */
const TOLERANCE_MS = 5 * 60 * 1000

/** Both clocks over the same time, in milliseconds. */
export interface ClockReadings {
  readonly now: UnixMillis
  readonly wallMs: number
  readonly monotonicMs: number
  /** When the newest key set of the store was made, where there is one. */
  readonly storeMadeAt: UnixMillis | null
}

/** Ceremonies expire by the clock, and certificates are judged by it. */
export function judgeClock({ now, wallMs, monotonicMs, storeMadeAt }: ClockReadings): Finding {
  const check = 'clock'
  const next = 'set the clock, and keep it by NTP'
  if (now < EARLIEST || now > LATEST) return failure(check, `it says ${rfc3339(now)}`, next)
  if (storeMadeAt !== null && storeMadeAt > now + TOLERANCE_MS) {
    return failure(check, `it says ${rfc3339(now)}, but a key set was made at ${rfc3339(storeMadeAt)}`, next)
  }
  const apart = Math.round(wallMs - monotonicMs)
  if (Math.abs(apart) <= MAX_APART_MS) return ok(check, rfc3339(now))
  const says = `it was moved by ${apart} ms while ${Math.round(monotonicMs)} ms passed`
  return warning(check, says, 'find out what sets it, and have it slew instead of step')
}
