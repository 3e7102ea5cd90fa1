import { jsonReport } from '../metrics/json-report.ts'
import type { Recorder } from '../metrics/recorder.ts'
import type { Measurements } from '../system/metrics.ts'
import { systemClock } from './system-ports.ts'

/** What a recorder holds, for `sys/metrics`. */
export function measurementsOf(recorder: Recorder): Measurements {
  return {
    inFlight: () => recorder.inFlight,
    prometheus: async (readings) => {
      // The library takes longer to load than a start may: it comes with the first who asks.
      const { prometheusText } = await import('../metrics/prometheus.ts')
      return prometheusText(recorder.series, readings)
    },
    json: (readings) => jsonReport(systemClock.now(), recorder.series, readings),
  }
}
