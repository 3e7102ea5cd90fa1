import type { Reading } from '../base/meter.ts'
import type { TelemetryConfig } from '../config/telemetry.ts'
import { jsonReport } from '../metrics/json-report.ts'
import type { Recorder } from '../metrics/recorder.ts'
import type { Measurements } from '../system/metrics.ts'
import { systemClock, systemMemory } from './system-ports.ts'

/** What a recorder holds, and this process, for `sys/metrics`. */
export function measurementsOf(recorder: Recorder, { prefix, prometheus }: TelemetryConfig): Measurements {
  return {
    hasPrometheus: prometheus,
    readings: () => [
      reading('vault.core.in_flight_requests', 'Requests without an answer.', recorder.inFlight),
      ...runtimeReadings(),
    ],
    prometheus: async (readings) => {
      // The library takes longer to load than a start may: it comes with the first who asks.
      const { prometheusText } = await import('../metrics/prometheus.ts')
      return prometheusText({ ...recorder.report, readings, prefix })
    },
    json: (readings) => jsonReport(systemClock.now(), { ...recorder.report, readings, prefix }),
  }
}

/** Those that mean the same in this runtime as in that of the peers. */
function runtimeReadings(): readonly Reading[] {
  const { allocatedBytes, residentBytes } = systemMemory()
  return [
    reading('vault.runtime.alloc_bytes', 'Bytes of objects and of buffers.', allocatedBytes),
    reading('vault.runtime.sys_bytes', 'Bytes that the system gave to the process.', residentBytes),
  ]
}

function reading(name: string, help: string, value: number): Reading {
  return { name, help, value, labels: {} }
}
