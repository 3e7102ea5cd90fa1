import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { JOURNAL_BYTES, JOURNAL_LINE_BYTES } from '../../base/limits.ts'
import type { Journal } from './journal.ts'
import { type JournalPorts, SlotJournal } from './slot-journal.ts'
import type { SlotFile } from './slots.ts'

/** Beside the store, in its folder, which is the owner's alone. */
export const JOURNAL_FILE = 'ceremony.journal'

/** The unit of `blocks` in stat(2), whatever the file system's own blocks are. */
const STAT_BLOCK_BYTES = 512

/**
 * The journal in `folder`, made where there is none. It never throws: a file that cannot be used is a line in
 * the log, and a journal in memory. The caller holds the store's lock, so that nobody else writes here.
 */
export function openFileJournal(folder: string, ports: JournalPorts): Journal {
  const path = join(folder, JOURNAL_FILE)
  try {
    return new SlotJournal(ports, openSlotFile(path, ports.log))
  } catch (error) {
    ports.log.warn('the ceremony journal cannot be opened; it is kept in memory', { code: codeOf(error) })
    return new SlotJournal(ports, null)
  }
}

/** Throws what the system throws. A journal whose room could not be reserved is used all the same. */
function openSlotFile(path: string, log: JournalPorts['log']): SlotFile {
  // A link could lead anywhere. Windows has no such flag.
  const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)
  const descriptor = openSync(path, flags, 0o600)
  try {
    // The umask may have taken bits from the owner.
    fchmodSync(descriptor, 0o600)
    if (!isReserved(descriptor)) reserve(path, descriptor, log)
    return slotFile(descriptor)
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** A file can be long and have no room, as after a copy that leaves out zeros. */
function isReserved(descriptor: number): boolean {
  const { size, blocks } = fstatSync(descriptor)
  return size >= JOURNAL_BYTES && blocks * STAT_BLOCK_BYTES >= JOURNAL_BYTES
}

/**
 * Writes every byte once, so that a disk that is full later still has room for them. Not so on a file system
 * that never writes in place, or that compresses (docs/operating.md).
 */
function reserve(path: string, descriptor: number, log: JournalPorts['log']): void {
  try {
    writeAll(descriptor, readAll(descriptor), 0)
    fsyncSync(descriptor)
    syncFolder(dirname(path))
  } catch (error) {
    log.warn('there is no room to reserve for the ceremony journal', { code: codeOf(error) })
  }
}

function slotFile(descriptor: number): SlotFile {
  let last: Promise<void> = Promise.resolve()
  return {
    read: () => readAll(descriptor),
    write: (slot, line) => writeAll(descriptor, line, slot * JOURNAL_LINE_BYTES),
    // One after the other, so that none is under way when the file is closed.
    sync: () => {
      const synced = last.catch(() => undefined).then(() => syncData(descriptor))
      last = synced
      return synced
    },
    close: () => closeSync(descriptor),
  }
}

/** On a thread of the system's pool: a disk that hangs does not hold up anybody here. */
function syncData(descriptor: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)))
  return promise
}

function readAll(descriptor: number): Uint8Array {
  const bytes = new Uint8Array(JOURNAL_BYTES)
  for (let offset = 0; offset < bytes.length; ) {
    const length = readSync(descriptor, bytes, offset, bytes.length - offset, offset)
    if (length === 0) break
    offset += length
  }
  return bytes
}

function writeAll(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let offset = 0; offset < bytes.length; ) {
    offset += writeSync(descriptor, bytes, offset, bytes.length - offset, position + offset)
  }
}

/** Makes the name survive a power cut. Windows can neither open nor flush a folder. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
