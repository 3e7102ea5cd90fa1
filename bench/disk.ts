import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from './plan.ts'
import { type Figure, median } from './report.ts'

const PAGE = Buffer.alloc(4096, 1)
/** Of each run; the median counts. */
const FLUSHES = 50

/** What no durable write can be faster than: a page at the end of a file, and its flush to this disk. */
export function measureDisk(plan: Plan, folder: string): readonly Figure[] {
  mkdirSync(folder)
  const file = openSync(join(folder, 'page'), 'a')
  const values = Array.from({ length: plan.runs }, () => {
    return median(Array.from({ length: FLUSHES }, () => flush(file)))
  })
  closeSync(file)
  return [{ name: 'append a page and flush it (fdatasync)', unit: 'ms', values }]
}

function flush(file: number): number {
  const started = performance.now()
  writeSync(file, PAGE)
  fdatasyncSync(file)
  return performance.now() - started
}
