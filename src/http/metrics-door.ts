import { OperatingError } from '../base/errors.ts'

/** Where metrics are, on a listener that says nothing else of them. */
export const METRICS_PATH = '/v1/sys/metrics'

/**
 * What a listener makes of the path that is asked for: the path that is served in its place. Throws
 * `permission_denied` and `not_found` for what this listener does not serve (surface.md section 13.3,
 * `telemetry`).
 */
export type Door = (path: string) => string

/** Of a listener that keeps metrics away from its clients. */
export const withoutMetrics: Door = (path) => {
  // With a slash behind it no route takes it; that this is so is not to be relied on here.
  if (path !== METRICS_PATH && !path.startsWith(`${METRICS_PATH}/`)) return path
  throw new OperatingError('permission_denied', 'metrics endpoint is disabled for this listener')
}

/** Of a listener that serves metrics at `place` and nothing else anywhere. */
export function onlyMetricsAt(place: string): Door {
  return (path) => {
    if (path === place) return METRICS_PATH
    throw new OperatingError('not_found', 'this listener only serves the metrics endpoint')
  }
}
