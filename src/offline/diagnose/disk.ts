import { accessSync, closeSync, constants, fdatasyncSync, openSync, statfsSync, writeSync } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

const MIB = 1024 * 1024
/** With less than this the next writes fail. */
const LEAST_BYTES = 4 * MIB
/** With less than this somebody should look. */
const FEW_BYTES = 256 * MIB
const LEAST_FILES = 16

const FLUSHES = 20
const FLUSHED_BYTES = 4096
/** A write waits for one flush; a disk that takes longer, in the middle, is what people wait for. */
const SLOW_FLUSH_MS = 30

/** Magic numbers of statfs(2). */
const IN_MEMORY: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
])
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
])

export interface DiskReadings {
  /** Magic number of statfs(2). */
  readonly type: number
  readonly freeBytes: number
  readonly freeFiles: number
  /** 0 where the file system does not count them. */
  readonly files: number
  readonly isReadOnly: boolean
}

/** Of the file system that holds `folder`. Throws what the system throws. */
export function readDisk(folder: string): DiskReadings {
  const { type, bavail, bsize, ffree, files } = statfsSync(folder)
  return { type, freeBytes: bavail * bsize, freeFiles: ffree, files, isReadOnly: isReadOnly(folder) }
}

export function judgeDisk(readings: DiskReadings): readonly Finding[] {
  return [fileSystem(readings), space(readings)]
}

/** How long the disk takes to make one page durable, in milliseconds each, by a file without a name. */
export function measureFlushes(folder: string, clock: Clock): readonly number[] {
  const file = openUnnamed(folder)
  const page = new Uint8Array(FLUSHED_BYTES)
  try {
    return Array.from({ length: FLUSHES }, () => {
      const began = clock.monotonic()
      writeSync(file, page)
      fdatasyncSync(file)
      return clock.monotonic() - began
    })
  } finally {
    closeSync(file)
  }
}

export function judgeFlushes(measured: readonly number[]): Finding {
  const check = 'flush'
  const sorted = [...measured].sort((one, other) => one - other)
  const median = sorted[sorted.length >> 1] ?? 0
  const [least, middle, most] = [sorted[0] ?? 0, median, sorted.at(-1) ?? 0].map((ms) => ms.toFixed(2))
  const says = `${least} ms at least, ${middle} ms in the middle, ${most} ms at most, of ${measured.length}`
  if (median < SLOW_FLUSH_MS) return ok(check, says)
  return warning(check, `${says}: every write waits for one`, 'put the store on a faster disk')
}

/** `O_TMPFILE` of open(2) on Linux, which Node.js does not name: it goes with its descriptor. */
function openUnnamed(folder: string): number {
  const unnamed = 0o20000000 | (constants.O_DIRECTORY ?? 0)
  return openSync(folder, constants.O_RDWR | unnamed, 0o600)
}

function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS'
  }
}

function fileSystem({ type, isReadOnly: readOnly }: DiskReadings): Finding {
  const check = 'file system'
  if (readOnly) {
    const next = 'look into the log of the system for the reason, mend it, and mount it for writing'
    return failure(check, 'it is read-only: nothing can be written', next)
  }
  const remote = REMOTE.get(type)
  if (remote !== undefined) {
    return failure(check, `${remote} does not keep the locks that the store relies on`, 'use a local disk')
  }
  const memory = IN_MEMORY.get(type)
  if (memory !== undefined) {
    return warning(check, `${memory} is in memory: all is lost at a restart of the machine`, 'use a disk')
  }
  return ok(check, 'local, and it can be written')
}

function space({ freeBytes, freeFiles, files }: DiskReadings): Finding {
  const check = 'space'
  const free = `${Math.floor(freeBytes / MIB)} MiB free`
  const next = 'make room: writes are refused when it is gone, and reads go on'
  if (files > 0 && freeFiles < LEAST_FILES) return failure(check, `${free}, but no room for files`, next)
  if (freeBytes < LEAST_BYTES) return failure(check, free, next)
  return freeBytes < FEW_BYTES ? warning(check, free, next) : ok(check, free)
}
