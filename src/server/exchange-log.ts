import { InvariantError } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { REFUSAL_LINES_PER_SECOND } from '../base/limits.ts'
import type { ExchangeFacts } from '../http/exchange.ts'
import type { Log } from './log.ts'
import { ownFrames } from './own-frames.ts'

type Facts = ExchangeFacts & { readonly ms: number }

/**
 * What the log says of requests: each at `debug`, a refusal at `info` with its code and where it came from, a
 * failure of ours at `error`. Strangers cannot fill a disk with it: refusals beyond 50 a second are counted.
 */
export class ExchangeLog {
  readonly #log: Log
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #fatal: (error: unknown) => void
  #secondBegan = Number.NEGATIVE_INFINITY
  #refusals = 0

  constructor(log: Log, clock: Pick<Clock, 'monotonic'>, fatal: (error: unknown) => void) {
    this.#log = log
    this.#clock = clock
    this.#fatal = fatal
  }

  /** `fatal` is called for a broken promise of our own: an unknown state must not go on holding keys. */
  write(facts: Facts): void {
    const { id, method, route, status, code, fault, ms } = facts
    const failed = code === null ? {} : { code }
    this.#log.debug('request', { id, method, route, status, ...failed, ms: Math.round(ms * 100) / 100 })
    if (fault === null) this.#refusal(facts)
    else if (fault instanceof OperatingError) {
      this.#log.error('request failed', { id, route, code: fault.code, why: fault.message, ...fault.detail })
    } else {
      const why = fault instanceof Error ? fault.name : 'unknown'
      this.#log.error('request failed', { id, route, why, at: ownFrames(fault) })
      if (fault instanceof InvariantError) this.#fatal(fault)
    }
  }

  #refusal({ id, method, route, status, code, source }: Facts): void {
    // Nothing there, and not open: the state of things, and no refusal of whoever asked.
    if (code === null || code === 'not_found' || code === 'sealed') return
    const now = this.#clock.monotonic()
    if (now - this.#secondBegan >= 1000) {
      const unwritten = this.#refusals - REFUSAL_LINES_PER_SECOND
      if (unwritten > 0) this.#log.info('requests refused, not written', { count: unwritten })
      this.#secondBegan = now
      this.#refusals = 0
    }
    if (++this.#refusals > REFUSAL_LINES_PER_SECOND) return
    this.#log.info('request refused', { id, method, route, status, code, source })
  }
}
