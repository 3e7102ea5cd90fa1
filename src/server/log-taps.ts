import type { ErrorDetail } from '../base/errors.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_LOG_FOLLOWERS, MAX_LOG_LINES_WAITING } from '../base/limits.ts'
import type { LogLevel } from '../config/config.ts'
import type { LineStream } from '../logical/response.ts'
import { type Log, openLog } from './log.ts'

/** A log that others may follow while it is written. */
export interface FollowedLog extends Log {
  /** Throws `overloaded` when as many follow as may. */
  follow(how: { readonly level: LogLevel; readonly format: 'standard' | 'json' }): Promise<LineStream>
  /** Every follower has seen the last line. */
  endFollowing(): void
}

/** Hands each line to the operator's log, and to everybody who follows it, each from a level of their own. */
export class LogTaps<Inner extends Log> implements FollowedLog {
  readonly inner: Inner
  readonly #taps = new Set<Tap>()

  constructor(inner: Inner) {
    this.inner = inner
  }

  debug(event: string, facts?: ErrorDetail): void {
    this.#each((log) => log.debug(event, facts))
  }

  info(event: string, facts?: ErrorDetail): void {
    this.#each((log) => log.info(event, facts))
  }

  warn(event: string, facts?: ErrorDetail): void {
    this.#each((log) => log.warn(event, facts))
  }

  error(event: string, facts?: ErrorDetail): void {
    this.#each((log) => log.error(event, facts))
  }

  flush(): void {
    this.inner.flush()
  }

  async follow(how: Parameters<FollowedLog['follow']>[0]): Promise<LineStream> {
    if (this.#taps.size >= MAX_LOG_FOLLOWERS) {
      throw new OperatingError('overloaded', `${MAX_LOG_FOLLOWERS} follow the log already`)
    }
    const tap = new Tap((one) => this.#taps.delete(one))
    this.#taps.add(tap)
    tap.log = await openLog({ ...how, write: (line) => tap.push(line) })
    return { contentType: 'text/plain; charset=utf-8', lines: tap.lines(), end: () => tap.end() }
  }

  endFollowing(): void {
    for (const tap of [...this.#taps]) tap.end()
  }

  #each(write: (log: Log) => void): void {
    write(this.inner)
    for (const { log } of this.#taps) if (log !== null) write(log)
  }
}

/** One follower: lines wait for it, as many as may; those beyond are dropped, and their number told. */
class Tap {
  log: Log | null = null
  readonly #onEnd: (tap: Tap) => void
  readonly #waiting: string[] = []
  #dropped = 0
  #ended = false
  #wake: () => void = () => undefined

  constructor(onEnd: (tap: Tap) => void) {
    this.#onEnd = onEnd
  }

  push(line: string): void {
    if (this.#waiting.length >= MAX_LOG_LINES_WAITING) this.#dropped++
    else this.#waiting.push(line)
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#onEnd(this)
    this.#wake()
  }

  async *lines(): AsyncGenerator<string> {
    try {
      for (;;) {
        const line = this.#waiting.shift()
        if (line !== undefined) yield line
        else if (this.#dropped > 0) yield this.#tellDropped()
        else if (this.#ended) return
        else await this.#more()
      }
    } finally {
      this.end()
    }
  }

  #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    return promise
  }

  #tellDropped(): string {
    const count = this.#dropped
    this.#dropped = 0
    return `[${count} lines were dropped, as they were not read]\n`
  }
}
