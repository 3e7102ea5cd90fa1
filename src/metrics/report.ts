import type { Reading } from '../base/meter.ts'
import type { Series } from './series.ts'

/** All that is told when somebody asks. */
export interface Report {
  readonly series: ReadonlyMap<string, Series>
  readonly counts: readonly Reading[]
  readonly readings: readonly Reading[]
  /** In the place of `vault`, with which all names begin here. */
  readonly prefix: string
}

export function nameIn(prefix: string, name: string): string {
  return prefix + name.slice('vault'.length)
}
