import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { prepareConnection } from '../physical/sqlite/schema.ts'

/**
 * Opens the file of a store to look at it, whether a server runs on it or not, and leaves no trace where it
 * can: SQLite makes a log and its index beside a file that it only reads, unless it is told that nobody
 * changes it. That is so where there is no log: no server runs, and the last one stopped cleanly.
 *
 * Throws what `node:sqlite` throws.
 */
export function openToLook(file: string): DatabaseSync {
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false })
  const url = pathToFileURL(file)
  url.search = (log?.size ?? 0) > 0 ? 'mode=ro' : 'mode=ro&immutable=1'
  const store = new DatabaseSync(url, { readOnly: true })
  try {
    prepareConnection(store)
    return store
  } catch (error) {
    store.close()
    throw error
  }
}

/** The stored bytes under a key, or `null`. */
export function bytesAt(store: DatabaseSync, key: string): Uint8Array | null {
  const value = store.prepare('SELECT value FROM entries WHERE key = ?').get(key)?.['value']
  return value instanceof Uint8Array ? value : null
}
