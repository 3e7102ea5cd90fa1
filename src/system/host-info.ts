import { rfc3339 } from '../base/clock.ts'
import type { Route } from '../logical/backend.ts'
import type { JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { listOf, NUMBER, shape, TEXT, WHOLE } from '../logical/schema.ts'
import type { Disk, HostReadings, Processor } from './host-readings.ts'
import type { Lifecycle } from './lifecycle.ts'

const TIMES = { user: NUMBER, system: NUMBER, idle: NUMBER, nice: NUMBER, irq: NUMBER }
const USE = { total: WHOLE, used: WHOLE, usedPercent: NUMBER }
const FILES = { inodesTotal: WHOLE, inodesUsed: WHOLE, inodesFree: WHOLE, inodesUsedPercent: NUMBER }
const HOST = shape({
  timestamp: TEXT,
  cpu: listOf(shape({ cpu: WHOLE, cores: WHOLE, modelName: TEXT, mhz: NUMBER })),
  cpu_times: listOf(shape({ cpu: TEXT, ...TIMES })),
  disk: listOf(shape({ path: TEXT, free: WHOLE, ...USE, ...FILES })),
  host: shape({
    hostname: TEXT,
    uptime: WHOLE,
    bootTime: WHOLE,
    os: TEXT,
    kernelVersion: TEXT,
    kernelArch: TEXT,
  }),
  memory: shape({ available: WHOLE, ...USE }),
})

/**
 * `GET sys/host-info` (key-lifecycle.md section 3.10): the machine, in the field names of the peer, which are
 * those of Go's gopsutil. What the runtime does not tell is left out.
 */
export function hostInfoRoute({ host, clock }: Lifecycle): Route {
  const read = async (): Promise<LogicalResponse> => {
    const readings = host.read()
    const now = clock.now()
    return {
      data: {
        timestamp: rfc3339(now),
        cpu: readings.processors.map(processorInfo),
        cpu_times: readings.processors.map(processorTimes),
        disk: readings.disk === null ? [] : [diskInfo(readings.disk)],
        host: {
          hostname: host.hostname(),
          uptime: Math.floor(readings.uptimeSeconds),
          bootTime: Math.floor(now / 1000 - readings.uptimeSeconds),
          os: readings.system,
          kernelVersion: readings.kernelVersion,
          kernelArch: readings.machine,
        },
        memory: memoryInfo(readings.memory),
      },
      ...(readings.disk === null ? { warnings: ['the file system of the store cannot be read'] } : {}),
    }
  }
  return {
    pattern: 'host-info',
    summary: 'The machine that this server runs on.',
    access: 'token',
    answers: { read: HOST },
    handlers: { read },
  }
}

function processorInfo({ model, megahertz }: Processor, index: number): JsonOut {
  return { cpu: index, cores: 1, modelName: model, mhz: megahertz }
}

function processorTimes(processor: Processor, index: number): JsonOut {
  return {
    cpu: `cpu${index}`,
    user: processor.userMs / 1000,
    system: processor.systemMs / 1000,
    idle: processor.idleMs / 1000,
    nice: processor.niceMs / 1000,
    irq: processor.interruptMs / 1000,
  }
}

function memoryInfo({ totalBytes, availableBytes }: HostReadings['memory']): JsonOut {
  const used = totalBytes - availableBytes
  return { total: totalBytes, available: availableBytes, used, usedPercent: percent(used, totalBytes) }
}

function diskInfo(disk: Disk): JsonOut {
  const used = disk.totalBytes - disk.unusedBytes
  const usedFiles = disk.totalFiles - disk.freeFiles
  return {
    path: disk.path,
    total: disk.totalBytes,
    free: disk.freeBytes,
    used,
    usedPercent: percent(used, used + disk.freeBytes),
    inodesTotal: disk.totalFiles,
    inodesUsed: usedFiles,
    inodesFree: disk.freeFiles,
    inodesUsedPercent: percent(usedFiles, disk.totalFiles),
  }
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100
}
