import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { MAX_METRIC_SERIES } from '../base/limits.ts'
import {
  COUNTERS,
  type CounterName,
  type Meter,
  type Reading,
  TIMERS,
  type TimerName,
} from '../base/meter.ts'
import type { Report } from './report.ts'
import { Series } from './series.ts'

/** Where routes are counted for which there is no room any more. */
const OTHER = 'vault.route.other'
/** Kinds for which there is no room any more. No rule and no type of token is called so. */
const OTHER_KIND = '*'

/**
 * Keeps what a `Meter` is told, from the start of the process on. Mounts and rules come and go by the API, so
 * the number of series is bounded: those past `MAX_METRIC_SERIES` are counted together.
 */
export class Recorder implements Meter {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #series = new Map<string, Series>(TIMERS.map((name) => [name, new Series()]))
  /** By mount, then by operation: found without making a name on every request. */
  readonly #routes = new Map<string, Map<string, Series>>()
  readonly #counters = new Map<string, Map<string, number>>(
    Object.keys(COUNTERS).map((name) => [name, new Map()]),
  )
  #inFlight = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /**
   * By name, `vault.route.<operation>.<mount>` among them. A mount stands there in the letters that a name of
   * Prometheus takes, so two mounts that differ in others only are counted together.
   */
  get series(): ReadonlyMap<string, Series> {
    return this.#series
  }

  /** What was counted, each kind that there was. */
  get counts(): readonly Reading[] {
    return Object.entries(COUNTERS).flatMap(([name, label]) =>
      [...(this.#counters.get(name) ?? [])].map(([kind, value]) => ({
        name,
        help: 'How often since the start of the server.',
        value,
        labels: { [label]: kind },
      })),
    )
  }

  /** Both, for who tells them. */
  get report(): Pick<Report, 'series' | 'counts'> {
    return { series: this.series, counts: this.counts }
  }

  /** Requests that came in and have no answer yet. */
  get inFlight(): number {
    return this.#inFlight
  }

  now(): number {
    return this.#clock.monotonic()
  }

  since(name: TimerName, began: number): number {
    const now = this.#clock.monotonic()
    this.#series.get(name)?.add(now - began)
    return now
  }

  routed(operation: string, mount: string, began: number): void {
    const ms = this.#clock.monotonic() - began
    const known = this.#routes.get(mount)?.get(operation)
    const series = known ?? this.#newRoute(operation, mount)
    series.add(ms)
  }

  count(name: CounterName, kind: string): void {
    const kinds = this.#counters.get(name)
    if (kinds === undefined) return
    const kept = kinds.has(kind) || kinds.size < MAX_METRIC_SERIES ? kind : OTHER_KIND
    kinds.set(kept, (kinds.get(kept) ?? 0) + 1)
  }

  began(): void {
    this.#inFlight++
  }

  ended(): void {
    assert(this.#inFlight > 0, 'a request ends once')
    this.#inFlight--
  }

  #newRoute(operation: string, mount: string): Series {
    if (this.#series.size >= MAX_METRIC_SERIES) return this.#named(OTHER)
    const series = this.#named(`vault.route.${operation}.${mount.replaceAll(/[^A-Za-z0-9]/g, '_')}`)
    const operations = this.#routes.get(mount) ?? new Map<string, Series>()
    this.#routes.set(mount, operations.set(operation, series))
    return series
  }

  #named(name: string): Series {
    const series = this.#series.get(name) ?? new Series()
    this.#series.set(name, series)
    return series
  }
}
