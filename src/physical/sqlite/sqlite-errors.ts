import { OperatingError } from '../../base/errors.ts'

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const SQLITE_FULL = 13
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

/** The primary result code of an error that `node:sqlite` threw, or `null`. */
export function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  return error.errcode & 0xff
}

/** Reading and opening: what an operator can be told about a file that does not behave. */
export function storageError(error: unknown): OperatingError {
  if (error instanceof OperatingError) return error
  const code = resultCode(error)
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return new OperatingError('corrupt_store', 'conclave.db is damaged or no database: restore the newest snapshot', {
      cause: error,
      detail: { sqlite: code },
    })
  }
  return new OperatingError('storage_unavailable', 'the store cannot be read or written', {
    cause: error,
    detail: { sqlite: code ?? 0 },
  })
}

/** Writing: only a full disk is known to have changed nothing; anything else may have. */
export function commitError(error: unknown): OperatingError {
  if (error instanceof OperatingError) return error
  if (resultCode(error) !== SQLITE_FULL) return storageError(error)
  return new OperatingError('storage_full', 'the disk is full: nothing was written; make room and try again', {
    cause: error,
  })
}
