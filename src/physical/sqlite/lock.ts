import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { hasCode, OperatingError } from '../../base/errors.ts'
import { makePrivateFile } from './folder.ts'
import { isBusy, isDamaged, storageError } from './sqlite-errors.ts'

/** Held for life by the one process that serves a store; a crash releases it. */
export interface StoreLock {
  /** Lets go; a second call does nothing. */
  release(): void
}

/**
 * Takes the store for this process: an exclusive transaction on a database of its own, since SQLite's
 * exclusive mode on the store would lock out our reader too. The file is never opened in another way: closing
 * any descriptor of it would drop the lock (fcntl(2), "Advisory record locking").
 *
 * Throws `store_in_use`, also for a second attempt of one process, and `corrupt_store` for a file that is no
 * lock.
 */
export function lockStore(path: string): StoreLock {
  const database = openLockFile(path)
  try {
    database.exec('PRAGMA busy_timeout = 0')
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    // No side file: there is nothing to roll back to.
    database.exec('PRAGMA journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw lockError(error, path)
  }
  return {
    release: () => {
      if (database.isOpen) database.close()
    },
  }
}

/** Whether a process serves the store whose lock is at `path`; nothing is made. Throws as `lockStore`. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    lockStore(path).release()
    return false
  } catch (error) {
    if (hasCode(error, 'store_in_use')) return true
    throw error
  }
}

function openLockFile(path: string): DatabaseSync {
  try {
    makePrivateFile(path)
    return new DatabaseSync(path)
  } catch (error) {
    throw storageError(error, path)
  }
}

function lockError(error: unknown, path: string): OperatingError {
  if (isBusy(error)) {
    return new OperatingError(
      'store_in_use',
      `another process serves the store in ${dirname(path)}: use that server, or stop it first; two at ` +
        "once would destroy each other's writes",
      { cause: error },
    )
  }
  if (isDamaged(error)) {
    return new OperatingError(
      'corrupt_store',
      `${path} is no lock file; while no server runs, delete it: it holds no data and is made anew`,
      { cause: error },
    )
  }
  return storageError(error, path)
}
