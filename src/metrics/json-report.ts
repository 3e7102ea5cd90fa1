import { rfc3339, type UnixMillis } from '../base/clock.ts'
import type { JsonOut } from '../logical/json.ts'
import { nameIn, type Report } from './report.ts'
import type { Series } from './series.ts'

/** The other form of `sys/metrics` (surface.md section 12), without an envelope. */
export function jsonReport(
  now: UnixMillis,
  { series, counts, readings, prefix }: Report,
): { readonly [member: string]: JsonOut } {
  return {
    Timestamp: `${rfc3339(now).slice(0, 19).replace('T', ' ')} +0000 UTC`,
    Gauges: readings.map(({ name, value, labels }) => ({
      Name: nameIn(prefix, name),
      Value: value,
      Labels: labels,
    })),
    Points: [],
    Counters: counts.map(({ name, value, labels }) => ({
      Name: nameIn(prefix, name),
      Count: value,
      Sum: value,
      Labels: labels,
    })),
    Samples: [...series]
      .filter(([, { count }]) => count > 0)
      .map(([name, one]) => sampleOf(nameIn(prefix, name), one)),
  }
}

function sampleOf(name: string, { count, sum, min, max }: Series): JsonOut {
  return { Name: name, Count: count, Sum: sum, Min: min, Max: max, Mean: sum / count, Labels: {} }
}
