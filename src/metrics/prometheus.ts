import { Counter, collectDefaultMetrics, Gauge, Registry, Summary } from 'prom-client'
import type { Reading } from '../base/meter.ts'
import { nameIn, type Report } from './report.ts'
import type { Series } from './series.ts'

/** As the peers have them (surface.md section 12). */
const QUANTILES = [0.5, 0.9, 0.99]

/** Of each of them; what took the time, its name says. */
const SUMMARY_HELP = 'How many milliseconds it took, each time since the start of the server.'

/**
 * The library starts this one anew each time it is asked, and until the next sample it is the largest number
 * there is.
 */
const NO_LAG_YET =
  /^# HELP nodejs_eventloop_lag_min_seconds .*\n# TYPE .*\nnodejs_eventloop_lag_min_seconds 9223372036\S*\n+/m

/** `process_*` and `nodejs_*`; kept, since some of them count from when they were made. */
let defaults: Registry | null = null

/**
 * The text format 0.0.4 of Prometheus. This file loads the library: who imports it does so when somebody
 * asks for the first time.
 */
export async function prometheusText({ series, counts, readings, prefix }: Report): Promise<string> {
  if (defaults === null) {
    defaults = new Registry()
    collectDefaultMetrics({ register: defaults })
  }
  const own = new Registry()
  for (const [name, recorded] of series) new Recorded(own, nameFor(prefix, name), recorded)
  for (const { head, all } of families(prefix, readings)) {
    const gauge = new Gauge({ ...head, registers: [own] })
    for (const { labels, value } of all) gauge.set(labels, value)
  }
  for (const { head, all } of families(prefix, counts)) {
    const counter = new Counter({ ...head, registers: [own] })
    for (const { labels, value } of all) counter.inc(labels, value)
  }
  const text = (await own.metrics()) + (await defaults.metrics())
  // The library writes `Nan`, which is no number of the format. Nothing but a value ends a line so.
  return text.replaceAll(/ Nan$/gm, ' NaN').replace(NO_LAG_YET, '')
}

/** One name, and all that stands under it. */
interface Family {
  readonly head: { readonly name: string; readonly help: string; readonly labelNames: string[] }
  readonly all: readonly Reading[]
}

function families(prefix: string, readings: readonly Reading[]): readonly Family[] {
  return [...Map.groupBy(readings, ({ name }) => nameFor(prefix, name))].map(([name, all]) => {
    const labelNames = Object.keys(all[0]?.labels ?? {})
    return { head: { name, help: all[0]?.help ?? '', labelNames }, all }
  })
}

/** A summary of the library whose numbers are ours: its own would cost a tree for every request. */
class Recorded extends Summary {
  readonly #series: Series
  readonly #name: string

  constructor(registry: Registry, name: string, series: Series) {
    super({ name, help: SUMMARY_HELP, registers: [registry] })
    this.#series = series
    this.#name = name
  }

  override async get(): ReturnType<Summary['get']> {
    const { count, sum } = this.#series
    const quantiles = QUANTILES.map((quantile) => ({
      labels: { quantile },
      value: this.#series.quantile(quantile),
    }))
    const totals = [
      { metricName: `${this.#name}_sum`, labels: {}, value: sum },
      { metricName: `${this.#name}_count`, labels: {}, value: count },
    ]
    return { ...(await super.get()), values: [...quantiles, ...totals] }
  }
}

/** Prometheus takes letters, digits, `_` and `:` in a name. */
function nameFor(prefix: string, name: string): string {
  return nameIn(prefix, name).replaceAll(/[^A-Za-z0-9_:]/g, '_')
}
