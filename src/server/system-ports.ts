import { randomFillSync } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { cpus, freemem, hostname, machine, platform, release, totalmem, uptime } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Clock, type Millis, millis, type UnixMillis, unixMillis } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import { secretSpace } from '../base/secret-bytes.ts'
import type { Disk, HostPort, HostReadings } from '../system/host-readings.ts'

/** The real world: the only place where time, randomness and the state of the machine come from. */
export const systemClock: Clock = {
  now: (): UnixMillis => unixMillis(Date.now()),
  monotonic: (): Millis => millis(performance.now()),
  sleep: (delay: Millis, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const timer = setTimeout(resolve, delay)
      // Waiting never keeps a process alive that has nothing else to do.
      timer.unref()
      const abort = (): void => {
        clearTimeout(timer)
        resolve()
      }
      signal?.addEventListener('abort', abort, { once: true })
    }),
}

export const systemEntropy: Entropy = {
  // Memory of its own, never a slice of Buffer's shared pool: keys are made of it, and their owner wipes it.
  bytes: (length: number): Uint8Array => randomFillSync(secretSpace(length)),
}

/**
 * Collects everything that nobody refers to any more. OpenSSL holds keys in memory of its own, wipes it when
 * the object before it is collected, and an idle process collects nothing for hours: a sealed server had the
 * keys of its shares there.
 */
export function collectGarbage(): void {
  // Node.js shows V8's collector only under this flag; a context made after it is set has it.
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  setFlagsFromString('--no-expose-gc')
}

/** What this process has of memory: in use, as far as its runtime knows, and of the machine's. */
export function systemMemory(): { readonly allocatedBytes: number; readonly residentBytes: number } {
  const { heapUsed, external, rss } = process.memoryUsage()
  return { allocatedBytes: heapUsed + external, residentBytes: rss }
}

/** This machine, and the disk that holds `folder`. */
export function systemHost(folder: string): HostPort {
  return { hostname, read: () => readHost(folder) }
}

function readHost(folder: string): HostReadings {
  return {
    uptimeSeconds: uptime(),
    system: platform(),
    kernelVersion: release(),
    machine: machine(),
    processors: cpus().map(({ model, speed, times }) => ({
      model,
      megahertz: speed,
      userMs: times.user,
      niceMs: times.nice,
      systemMs: times.sys,
      idleMs: times.idle,
      interruptMs: times.irq,
    })),
    memory: { totalBytes: totalmem(), availableBytes: freemem() },
    disk: readDisk(folder),
  }
}

function readDisk(path: string): Disk | null {
  try {
    const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(path)
    return {
      path,
      totalBytes: blocks * bsize,
      unusedBytes: bfree * bsize,
      freeBytes: bavail * bsize,
      totalFiles: files,
      freeFiles: ffree,
    }
  } catch {
    // Shown as unknown: nothing depends on it.
    return null
  }
}
