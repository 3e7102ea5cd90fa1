import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Page } from '../backend.ts'
import { behind, namesBelow } from '../keys.ts'
import { prepareConnection } from './schema.ts'
import { storageError } from './sqlite-errors.ts'
import type { StoreFiles } from './store-files.ts'

/** Reads on the main thread: a prepared statement is faster than a message to another thread. */
export class Reader {
  readonly #path: string
  readonly #files: StoreFiles
  readonly #database: DatabaseSync
  readonly #get: StatementSync
  readonly #next: StatementSync

  /** Opens a store that the writer has opened before. Throws `storage_unavailable` or `corrupt_store`. */
  constructor(path: string, files: StoreFiles) {
    this.#path = path
    this.#files = files
    this.#database = openForReading(path)
    this.#get = this.#database.prepare('SELECT value FROM entries WHERE key = ?')
    this.#next = this.#database.prepare(
      'SELECT key FROM entries WHERE key >= ? AND key < ? ORDER BY key LIMIT 1',
    )
  }

  /**
   * The stored bytes in memory of their own, or `null`. Throws `storage_unavailable`, `corrupt_store`, or
   * `store_removed` where that is why.
   */
  get(key: string): Uint8Array | null {
    try {
      const value = this.#get.get(key)?.['value']
      return value instanceof Uint8Array ? value : null
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** Throws as `get` does. */
  list(prefix: string, page: Page): readonly string[] {
    const end = behindAll(prefix)
    try {
      return namesBelow(prefix, page, (from) => {
        const key = this.#next.get(from, end)?.['key']
        return typeof key === 'string' ? key : null
      })
    } catch (error) {
      throw this.#failure(error)
    }
  }

  close(): void {
    this.#database.close()
  }

  /** A file that somebody has cut short looks damaged; then restoring it is not the first thing to do. */
  #failure(error: unknown): unknown {
    try {
      this.#files.expectInPlace()
      return storageError(error, this.#path)
    } catch (removed) {
      return removed
    }
  }
}

function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    prepareConnection(database)
    return database
  } catch (error) {
    database.close()
    throw storageError(error, path)
  }
}

/**
 * The first key that does not begin with `prefix`; for the root a blob, which SQLite sorts behind every text.
 */
function behindAll(prefix: string): string | Uint8Array {
  return prefix === '' ? new Uint8Array(1) : behind(prefix)
}
