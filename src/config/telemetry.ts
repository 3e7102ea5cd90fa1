import { type Millis, millis } from '../base/clock.ts'
import { MAX_USAGE_PERIOD_MS, MIN_USAGE_PERIOD_MS, USAGE_PERIOD_MS } from '../base/limits.ts'
import { LISTENER_TELEMETRY_KEYS, TELEMETRY_KEYS } from './keys.ts'
import type { Section } from './section.ts'

/** Numbers do not age here: it only says whether there is a form for Prometheus. */
const RETENTION = { min: 1, max: Number.MAX_SAFE_INTEGER, zero: 0 }
const PERIOD = { min: MIN_USAGE_PERIOD_MS, max: MAX_USAGE_PERIOD_MS, zero: 0 }
/** Of a name of Prometheus; `:` is for rules. */
const PREFIX = /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/
/** As they come from a client that writes paths plainly, so that nobody reads one of them in another way. */
const METRICS_PATH = /^(?:\/[\w-]+)+$/
const METRICS_PATH_DEFAULT = '/v1/sys/metrics'

/** Who may read metrics on a listener, and whether it serves anything besides. */
export interface MetricsTerms {
  readonly access: 'token' | 'anyone' | 'nobody'
  /** Where they are, as the only thing that is served; `null`: at their place, beside all else. */
  readonly onlyAt: string | null
}

export const DEFAULT_METRICS: MetricsTerms = { access: 'token', onlyAt: null }

/** What is told, and how it is called. */
export interface TelemetryConfig {
  /** In the place of `vault` in every name. */
  readonly prefix: string
  /** Whether there is a form for Prometheus. */
  readonly prometheus: boolean
  /** How old a count of tokens and leases may be; `null`: they are not counted. */
  readonly usagePeriod: Millis | null
}

export const DEFAULT_TELEMETRY: TelemetryConfig = {
  prefix: 'vault',
  prometheus: true,
  usagePeriod: millis(USAGE_PERIOD_MS),
}

/** Reads `telemetry { … }` (surface.md section 13.5). Throws `config_invalid`. */
export function parseTelemetry(top: Section): TelemetryConfig {
  const section = top.block('telemetry', TELEMETRY_KEYS)
  if (section === null) return DEFAULT_TELEMETRY
  const prefix = section.text('metrics_prefix') ?? DEFAULT_TELEMETRY.prefix
  if (!PREFIX.test(prefix)) {
    throw section.invalid('metrics_prefix', 'must be 64 letters, digits and "_" at most, no digit first')
  }
  if (section.boolean('disable_hostname') === false) {
    section.warn('disable_hostname', 'has no effect: no metric has the name of the host in it')
  }
  const retention = section.duration('prometheus_retention_time', RETENTION)
  if (retention !== undefined && retention > 0) {
    const text = 'has no effect but for 0: numbers do not age'
    section.warn('prometheus_retention_time', text)
  }
  return { prefix, prometheus: retention !== 0, usagePeriod: parsePeriod(section) }
}

function parsePeriod(section: Section): Millis | null {
  if (section.says('usage_gauge_period', 'none')) return null
  const period = section.duration('usage_gauge_period', PERIOD)
  return period === 0 ? null : (period ?? DEFAULT_TELEMETRY.usagePeriod)
}

/** Reads `telemetry { … }` of a listener (surface.md section 13.3). Throws `config_invalid`. */
export function parseMetricsTerms(listener: Section): MetricsTerms {
  const section = listener.block('telemetry', LISTENER_TELEMETRY_KEYS)
  if (section === null) return DEFAULT_METRICS
  const isOpen = section.boolean('unauthenticated_metrics_access') === true
  const isClosed = section.boolean('disallow_metrics') === true
  const isAlone = section.boolean('metrics_only') === true
  const path = section.text('metrics_path')
  if (isClosed && (isOpen || isAlone)) {
    throw section.invalid(
      'disallow_metrics',
      'is the opposite of what stands beside it; take one of the two away',
    )
  }
  if (path !== undefined && !isAlone) throw section.invalid('metrics_path', 'needs "metrics_only" beside it')
  if (path !== undefined && !METRICS_PATH.test(path)) {
    const text = 'must be letters, digits, "_" and "-" between slashes, for example "/metrics"'
    throw section.invalid('metrics_path', text)
  }
  return {
    access: isClosed ? 'nobody' : isOpen ? 'anyone' : 'token',
    onlyAt: isAlone ? (path ?? METRICS_PATH_DEFAULT) : null,
  }
}
