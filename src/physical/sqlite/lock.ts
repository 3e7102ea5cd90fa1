import { DatabaseSync } from 'node:sqlite'
import { OperatingError } from '../../base/errors.ts'
import { resultCode } from './sqlite-errors.ts'

const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6

/** Held for life by the one process that serves a store; a crash releases it. */
export interface StoreLock {
  release(): void
}

/**
 * Takes the store for this process: an exclusive transaction on a database of its own, since SQLite's exclusive mode
 * on the store would lock out our reader too. The file is never opened in another way: closing any descriptor of it
 * would drop the lock (POSIX advisory locks).
 *
 * Throws `store_in_use`.
 */
export function lockStore(path: string): StoreLock {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 0')
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const code = resultCode(error)
    if (code !== SQLITE_BUSY && code !== SQLITE_LOCKED) throw error
    throw new OperatingError(
      'store_in_use',
      'another process serves this store: use that server, or stop it first; two would destroy each other\'s writes',
      { cause: error },
    )
  }
  return { release: () => database.close() }
}
