import { rfc3339, type UnixMillis } from '../base/clock.ts'
import type { Reading } from '../base/meter.ts'
import type { JsonOut } from '../logical/json.ts'
import type { Recorder } from './recorder.ts'
import type { Series } from './series.ts'

/** The other form of `sys/metrics` (surface.md section 12), without an envelope. */
export function jsonReport(
  now: UnixMillis,
  { series, counts }: Pick<Recorder, 'series' | 'counts'>,
  readings: readonly Reading[],
): { readonly [member: string]: JsonOut } {
  return {
    Timestamp: `${rfc3339(now).slice(0, 19).replace('T', ' ')} +0000 UTC`,
    Gauges: readings.map(({ name, value, labels }) => ({ Name: name, Value: value, Labels: labels })),
    Points: [],
    Counters: counts.map(({ name, value, labels }) => ({
      Name: name,
      Count: value,
      Sum: value,
      Labels: labels,
    })),
    Samples: [...series].filter(([, { count }]) => count > 0).map(sampleOf),
  }
}

function sampleOf([name, { count, sum, min, max }]: readonly [string, Series]): JsonOut {
  return { Name: name, Count: count, Sum: sum, Min: min, Max: max, Mean: sum / count, Labels: {} }
}
