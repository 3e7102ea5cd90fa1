import { type ErrorDetail, OperatingError } from '../../base/errors.ts'

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

/**
 * Extended codes of the log's index, which is memory that processes share: SHMOPEN, SHMSIZE, SHMLOCK, SHMMAP.
 * It holds nothing durable, and a full disk keeps it from growing.
 */
const SHARED_MEMORY: ReadonlySet<number> = new Set([4618, 4874, 5130, 5386])

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

/** Reading and opening: what an operator can be told about a file that does not behave. */
export function storageError(error: unknown): OperatingError {
  if (error instanceof OperatingError) return error
  if (isDamaged(error)) {
    return new OperatingError(
      'corrupt_store',
      'conclave.db is damaged or no database: restore the newest snapshot',
      {
        cause: error,
        detail: detailOf(error),
      },
    )
  }
  return unavailable(error)
}

/**
 * Writing: only a failed condition and a full disk are known to have changed nothing; anything else may have.
 */
export function commitError(error: unknown): OperatingError {
  if (error instanceof OperatingError) return error
  if (!isFull(error)) return unavailable(error)
  return new OperatingError(
    'storage_full',
    'the disk is full: nothing was written; make room and try again',
    {
      cause: error,
    },
  )
}

/** A commit that failed with `failed` and could not be undone for `error`: whether it counts is unknown. */
export function rollbackError(failed: unknown, error: unknown): OperatingError {
  return unavailable(isInputOutput(failed) ? failed : error)
}

function unavailable(error: unknown): OperatingError {
  return new OperatingError('storage_unavailable', 'the store cannot be read or written', {
    cause: error,
    detail: detailOf(error),
  })
}

/** `sqlite` is the code; `io` tells the server to seal itself and end (custody.md section 2). */
function detailOf(error: unknown): ErrorDetail {
  const sqlite = resultCode(error) ?? 0
  return isInputOutput(error) ? { sqlite, io: true } : { sqlite }
}

/** The primary result code of an error that `node:sqlite` threw, or `null`. */
function resultCode(error: unknown): number | null {
  const code = extendedCode(error)
  return code === null ? null : code & 0xff
}

/** The extended result code, whose lowest byte is the primary one, or `null`. */
function extendedCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  return error.errcode
}
