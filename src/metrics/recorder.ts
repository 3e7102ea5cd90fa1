import { assert } from '../base/assert.ts'
import { MAX_METRIC_SERIES } from '../base/limits.ts'
import { type Meter, TIMERS, type TimerName } from '../base/meter.ts'
import { Series } from './series.ts'

/** Where routes are counted for which there is no room any more. */
const OTHER = 'vault.route.other'

/**
 * Keeps what a `Meter` is told, from the start of the process on. Mounts come and go by the API, so the
 * number of series is bounded: those past `MAX_METRIC_SERIES` are counted together.
 */
export class Recorder implements Meter {
  readonly #series = new Map<string, Series>(TIMERS.map((name) => [name, new Series()]))
  /** By mount, then by operation: found without making a name on every request. */
  readonly #routes = new Map<string, Map<string, Series>>()
  #inFlight = 0

  /**
   * By name, `vault.route.<operation>.<mount>` among them. A mount stands there in the letters that a name of
   * Prometheus takes, so two mounts that differ in others only are counted together.
   */
  get series(): ReadonlyMap<string, Series> {
    return this.#series
  }

  /** Requests that came in and have no answer yet. */
  get inFlight(): number {
    return this.#inFlight
  }

  observe(name: TimerName, ms: number): void {
    this.#series.get(name)?.add(ms)
  }

  routed(operation: string, mount: string, ms: number): void {
    const known = this.#routes.get(mount)?.get(operation)
    const series = known ?? this.#newRoute(operation, mount)
    series.add(ms)
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
