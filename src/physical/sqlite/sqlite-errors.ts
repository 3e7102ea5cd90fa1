import { dirname } from 'node:path'
import { type ErrorDetail, OperatingError } from '../../base/errors.ts'
import { type WriteRefusal, whyNotWritable } from './probe.ts'

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

/**
 * Extended codes of the log's index, which is memory that processes share: SHMOPEN, SHMSIZE, SHMLOCK, SHMMAP.
 * It holds nothing durable, and a full disk keeps it from growing.
 */
const SHARED_MEMORY: ReadonlySet<number> = new Set([4618, 4874, 5130, 5386])

/** Extended code: a write failed for another reason than a full disk. Nothing was flushed yet. */
const IOERR_WRITE = 778

const REFUSALS = {
  storage_full: 'the disk is full: nothing was written; make room and try again',
  storage_read_only:
    'the file system of the store is read-only: nothing was written; look into the log of the system for ' +
    'the reason, mend it, and try again',
} as const satisfies Record<WriteRefusal, string>

/** Whether another connection holds what was asked for. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code === SQLITE_BUSY || code === SQLITE_LOCKED
}

/** Whether the file is not what SQLite wrote. */
export function isDamaged(error: unknown): boolean {
  const code = resultCode(error)
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB
}

/** Whether there was no room. SQLite reports it before anything of the transaction counts. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === SQLITE_FULL
}

/**
 * Whether the system failed to read, write or flush. What it did not write it may have thrown away, so that a
 * later success would prove nothing.
 */
function isInputOutput(error: unknown): boolean {
  return resultCode(error) === SQLITE_IOERR && !SHARED_MEMORY.has(extendedCode(error) ?? 0)
}

/**
 * Reading: what an operator can be told about `file` when it does not behave. SQLite says the same of a disk
 * that fails to read as of a file that was overwritten: EIO becomes CORRUPT.
 */
export function storageError(error: unknown, file: string): OperatingError {
  if (error instanceof OperatingError) return error
  if (isDamaged(error)) {
    return new OperatingError(
      'corrupt_store',
      'conclave.db is damaged, or the disk fails to read it: look into the log of the system, and restore ' +
        'the newest snapshot',
      { cause: error, detail: detailOf(error, file) },
    )
  }
  const text = 'the store cannot be read: look into the log of the server, and that of the system'
  return unavailable(text, error, file)
}

/**
 * Writing: a failed condition, and a system that took nothing, are known to have changed nothing; anything
 * else may have. `file` is the store.
 */
export function commitError(error: unknown, file: string): OperatingError {
  if (error instanceof OperatingError) return error
  if (isFull(error)) return refused('storage_full', error, file)
  if (resultCode(error) === SQLITE_READONLY) return refused('storage_read_only', error, file)
  const refusal = extendedCode(error) === IOERR_WRITE ? whyNotWritable(dirname(file)) : null
  return refusal === null ? unconfirmed(error, file) : refused(refusal, error, file)
}

/** A commit that failed with `failed` and could not be undone for `error`: whether it counts is unknown. */
export function rollbackError(failed: unknown, error: unknown, file: string): OperatingError {
  return unconfirmed(isInputOutput(failed) ? failed : error, file)
}

/** Nothing was written, as `refusal` says. */
export function refused(refusal: WriteRefusal, cause: unknown, file: string): OperatingError {
  // Never `io`: a system that takes nothing has not lost anything either.
  return new OperatingError(refusal, REFUSALS[refusal], { cause, detail: factsOf(cause, file) })
}

function unconfirmed(error: unknown, file: string): OperatingError {
  const text = 'the store did not confirm the write: it may or may not be there; read before you try again'
  return unavailable(text, error, file)
}

function unavailable(text: string, error: unknown, file: string): OperatingError {
  return new OperatingError('storage_unavailable', text, { cause: error, detail: detailOf(error, file) })
}

/** `sqlite` is the extended code or 0; `io` has the server seal itself and end (custody.md section 2). */
function detailOf(error: unknown, file: string): ErrorDetail {
  return isInputOutput(error) ? { ...factsOf(error, file), io: true } : factsOf(error, file)
}

function factsOf(error: unknown, file: string): ErrorDetail {
  return { sqlite: extendedCode(error) ?? 0, file }
}

/** The primary result code of an error that `node:sqlite` threw, or `null`. */
function resultCode(error: unknown): number | null {
  const code = extendedCode(error)
  return code === null ? null : code & 0xff
}

/** The extended result code, whose lowest byte is the primary one, or `null`. */
export function extendedCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  return error.errcode
}
