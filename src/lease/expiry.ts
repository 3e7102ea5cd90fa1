import { type Clock, millis, type UnixMillis } from '../base/clock.ts'
import { type ErrorDetail, hasCode, OperatingError } from '../base/errors.ts'
import { EXPIRIES_PER_SECOND, EXPIRY_LOOK_MS } from '../base/limits.ts'

/** Things that end by themselves. */
export interface ExpirySource {
  /** For the log. */
  readonly name: string
  /** When the next one ends; in the past where it should have; `null` where none does. */
  nextDue(): Promise<UnixMillis | null>
  /** Ends what is due, at most `limit` of them. How many it has dealt with. */
  sweep(now: UnixMillis, limit: number): Promise<number>
}

const WINDOW_MS = 1000
/** After a failure of the storage, and where a source left what is due. */
const PAUSE_MS = 5000
const LEAST_NAP_MS = 50

/**
 * Waits for what ends, as long as a store is open. Each source has a lane of its own, so that none waits for
 * another, and of each at most `EXPIRIES_PER_SECOND` end within a second: a clock that jumps by a year, or a
 * server that was down for one, makes no storm.
 */
export class ExpiryLoop {
  readonly #clock: Clock
  readonly #log: { warn(event: string, facts?: ErrorDetail): void }
  readonly #lanes: readonly Lane[]

  constructor(
    ports: { readonly clock: Clock; readonly log: { warn(event: string, facts?: ErrorDetail): void } },
    sources: readonly ExpirySource[],
  ) {
    this.#clock = ports.clock
    this.#log = ports.log
    this.#lanes = sources.map((source) => new Lane(ports.clock, source))
  }

  /** Until `stop`. Rejects with what nobody expected. */
  async run(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => this.#run(lane)))
  }

  /** Something ends at `time`, which nobody knew when the lanes went to sleep. */
  wake(time: UnixMillis): void {
    for (const lane of this.#lanes) lane.wake(time)
  }

  /** What is under way comes to its end, or fails with `sealed`. */
  stop(): void {
    for (const lane of this.#lanes) lane.stop()
  }

  async #run(lane: Lane): Promise<void> {
    while (!lane.isStopped) {
      try {
        await lane.round()
      } catch (error) {
        if (hasCode(error, 'sealed')) return
        if (!(error instanceof OperatingError)) throw error
        this.#log.warn('what has ended could not be removed; tried again', {
          code: error.code,
          source: lane.name,
        })
        await lane.nap(this.#clock.now() + PAUSE_MS)
      }
    }
  }
}

/** One source, its share of a second, and its sleep. */
class Lane {
  readonly #clock: Clock
  readonly #source: ExpirySource
  /** What was ended within the last second. */
  #batches: { readonly at: number; readonly ended: number }[] = []
  /** How often it was woken: a call that comes between looking and sleeping is not lost. */
  #calls = 0
  #sleep: { readonly until: number; readonly end: AbortController } | null = null
  isStopped = false

  constructor(clock: Clock, source: ExpirySource) {
    this.#clock = clock
    this.#source = source
  }

  get name(): string {
    return this.#source.name
  }

  /** Ends what is due, as far as it may this second, and sleeps until there is more to do. */
  async round(): Promise<void> {
    const began = this.#clock.monotonic()
    this.#batches = this.#batches.filter(({ at }) => began - at < WINDOW_MS)
    const [oldest] = this.#batches
    const room = EXPIRIES_PER_SECOND - this.#batches.reduce((sum, { ended }) => sum + ended, 0)
    if (oldest !== undefined && room <= 0) {
      return await this.#sleepFor(oldest.at + WINDOW_MS - began, Number.NEGATIVE_INFINITY)
    }
    const calls = this.#calls
    const ended = await this.#source.sweep(this.#clock.now(), room)
    // It counts from its end on, whenever in between it asked.
    if (ended > 0) this.#batches.push({ at: this.#clock.monotonic(), ended })
    if (ended > 0 || this.isStopped) return
    const next = await this.#source.nextDue()
    if (calls === this.#calls) await this.nap(next ?? Number.POSITIVE_INFINITY)
  }

  /** Until `time`, by the wall clock, but never long: it may jump, while sleep goes by another one. */
  async nap(time: number): Promise<void> {
    const wait = Math.min(Math.max(time - this.#clock.now(), LEAST_NAP_MS), EXPIRY_LOOK_MS)
    await this.#sleepFor(wait, this.#clock.now() + wait)
  }

  wake(time: UnixMillis): void {
    this.#calls++
    if (this.#sleep !== null && time < this.#sleep.until) this.#sleep.end.abort()
  }

  stop(): void {
    this.isStopped = true
    this.#sleep?.end.abort()
  }

  async #sleepFor(wait: number, until: number): Promise<void> {
    if (this.isStopped) return
    const end = new AbortController()
    this.#sleep = { until, end }
    await this.#clock.sleep(millis(wait), end.signal)
    this.#sleep = null
  }
}
