import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { toHex } from '../../base/encoding.ts'
import type { CustodyRecord } from '../../custody/custody-record.ts'
import { judgeClock } from './clock.ts'
import { judgeDisk, judgeFlushes, measureFlushes, readDisk } from './disk.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import type { StoreAtListener } from './listener.ts'
import { lookAtListeners, type SubjectListener } from './listeners.ts'
import type { Machine } from './machine.ts'
import { judgeNode, judgeProcess } from './process.ts'
import { findHolder, judgeFolder } from './store-files.ts'
import { judgeRecords } from './store-records.ts'

/** The least time over which the two clocks are compared. */
const CLOCKS_COMPARED_MS = 250

/** What is to be looked at: a server as it is configured, whether it runs or not. */
export interface Subject {
  /** Of the store; `null` for one in memory. */
  readonly folder: string | null
  readonly listeners: readonly SubjectListener[]
  /** Holds what init has to be shown; `null` for none. */
  readonly initSecretFile: string | null
  readonly pidFile: string | null
}

/**
 * Looks at a machine, a store and the addresses of a server, and says of each whether it is as it has to be.
 * Nothing is changed, nothing secret is in a finding, and a server that runs goes on.
 */
export async function diagnose(subject: Subject, machine: Machine): Promise<readonly Finding[]> {
  const { clock } = machine
  const began = { wall: clock.now(), monotonic: clock.monotonic() }
  const store = subject.folder === null ? IN_MEMORY : lookAtStore(subject.folder, machine)
  const { holder, record } = store
  const listeners = await lookAtListeners(subject.listeners, machine, store)
  await machine.pause(Math.max(0, CLOCKS_COMPARED_MS - (clock.monotonic() - began.monotonic)))
  const pid = holder.held ? holder.pid : null
  return [
    judgeNode(machine.nodeVersion),
    judgeClock({
      now: clock.now(),
      wallMs: clock.now() - began.wall,
      monotonicMs: clock.monotonic() - began.monotonic,
      storeMadeAt: record?.live.createdAt ?? null,
    }),
    ...judgeProcess(machine.processFacts(pid), pid),
    ...store.findings,
    ...lookAtFiles(subject, machine),
    ...listeners,
  ]
}

interface StoreFound extends StoreAtListener {
  readonly record: CustodyRecord | null
  readonly findings: readonly Finding[]
}

const IN_MEMORY: StoreFound = {
  holder: { held: false },
  id: null,
  record: null,
  findings: [
    warning('store', 'in memory: everything is lost at the end of the server', 'configure a folder'),
  ],
}

function lookAtStore(folder: string, machine: Machine): StoreFound {
  if (isClosed(folder)) {
    const next = 'run this as the user of the server, or as root'
    return {
      ...IN_MEMORY,
      findings: [failure('store folder', `this user may not look into ${folder}`, next)],
    }
  }
  const { holder, finding } = findHolder(folder, machine)
  const records = judgeRecords(folder)
  const files = [judgeFolder(folder, machine, holder), finding, records.finding]
  const findings = [...files, ...lookAtDisk(folder, machine)]
  return { holder, id: idOf(records.record), record: records.record, findings }
}

/** Nothing can be told of a folder, or of one above it, that keeps this user out. */
function isClosed(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK)
    return false
  } catch (error) {
    return codeOf(error) === 'EACCES'
  }
}

function lookAtDisk(folder: string, machine: Machine): readonly Finding[] {
  const there = nearest(resolve(folder))
  try {
    const disk = readDisk(there)
    const findings = judgeDisk(disk)
    return disk.isReadOnly ? findings : [...findings, lookAtFlushes(there, machine)]
  } catch (error) {
    return [failure('space', `the system does not tell of ${there} (${codeOf(error)})`, 'check the path')]
  }
}

function lookAtFlushes(folder: string, { clock }: Machine): Finding {
  try {
    return judgeFlushes(measureFlushes(folder, clock))
  } catch (error) {
    const code = codeOf(error)
    // Neither is a fault of the disk: a file system or a system that has no files without names.
    if (['EOPNOTSUPP', 'EISDIR', 'EINVAL', 'ENOENT'].includes(code)) return ok('flush', 'not measured here')
    const next = code === 'EACCES' ? 'run this as the user of the server' : 'look into the log of the system'
    return failure('flush', `a page could not be made durable (${code})`, next)
  }
}

/** A store that is not there yet will be on the disk of the folder above. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder))
}

/** The files that the start reads or writes besides those of the store and of listeners. */
function lookAtFiles({ initSecretFile, pidFile }: Subject, { start }: Machine): readonly Finding[] {
  const looked = (check: string, path: string | null, look: (path: string) => string | null): Finding[] => {
    if (path === null) return []
    const fault = look(path)
    return [fault === null ? ok(check, path) : failure(check, fault, null)]
  }
  return [
    ...looked('init secret', initSecretFile, start.initSecret),
    ...looked('pid file', pidFile, start.pidFile),
  ]
}

/** As the API writes it; empty for a store that is not initialised. */
function idOf(record: CustodyRecord | null): string {
  return record === null ? '' : toHex(record.storeId)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
