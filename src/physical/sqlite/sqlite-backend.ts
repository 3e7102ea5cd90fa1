import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { OperatingError } from '../../base/errors.ts'
import type { Condition, Page, StorageBackend, Write } from '../backend.ts'
import { assertBatch, assertKey, assertPrefix } from '../keys.ts'
import { prepareFolder } from './folder.ts'
import { lockStore, type StoreLock } from './lock.ts'
import { prepareReader } from './schema.ts'
import { storageError } from './sqlite-errors.ts'
import { WriterClient } from './writer-client.ts'

interface Connections {
  readonly reader: Reader
  readonly writer: WriterClient
}

/**
 * Opens the store in `folder`, which is made when it is not there, and keeps it for this process.
 *
 * Throws `store_in_use`, `store_unsafe`, `store_foreign`, `store_newer`, `corrupt_store`.
 */
export async function openSqliteStore(options: { readonly folder: string }): Promise<SqliteBackend> {
  const paths = prepareFolder(options.folder)
  const lock = lockStore(paths.lock)
  try {
    return new SqliteBackend(paths.store, lock, await connect(paths.store))
  } catch (error) {
    lock.release()
    throw storageError(error)
  }
}

/** One SQLite file: written by one thread in groups, read here, both on write-ahead logging. */
export class SqliteBackend implements StorageBackend {
  readonly #path: string
  readonly #lock: StoreLock
  #connections: Connections | null

  constructor(path: string, lock: StoreLock, connections: Connections) {
    this.#path = path
    this.#lock = lock
    this.#connections = connections
  }

  async get(key: string): Promise<Uint8Array | null> {
    assertKey(key)
    return this.#connected().reader.get(key)
  }

  async list(prefix: string, page: Page): Promise<readonly string[]> {
    assertPrefix(prefix, page)
    return this.#connected().reader.list(prefix, page)
  }

  async commit(batch: readonly Write[], conditions: readonly Condition[] = []): Promise<void> {
    assertBatch(batch, conditions)
    await this.#connected().writer.commit(batch, conditions)
  }

  async settle(): Promise<void> {
    const { reader, writer } = this.#connected()
    this.#connections = null
    try {
      reader.close()
      // A writer that cannot even close has ended: its transaction is rolled back by the next that opens the store.
      await writer.close().catch(() => undefined)
      this.#connections = await connect(this.#path)
    } catch (error) {
      throw storageError(error)
    }
  }

  async scrub(): Promise<void> {
    await this.#connected().writer.scrub()
  }

  async close(): Promise<void> {
    const connections = this.#connections
    this.#connections = null
    connections?.reader.close()
    await connections?.writer.close()
    this.#lock.release()
  }

  #connected(): Connections {
    if (this.#connections === null) throw new OperatingError('storage_unavailable', 'the store is closed')
    return this.#connections
  }
}

async function connect(path: string): Promise<Connections> {
  const writer = await WriterClient.start(path)
  try {
    return { writer, reader: new Reader(path) }
  } catch (error) {
    await writer.close().catch(() => undefined)
    throw error
  }
}

/** Reads on the main thread: a prepared statement is faster than a message to another thread. */
class Reader {
  readonly #database: DatabaseSync
  readonly #get: StatementSync
  readonly #after: StatementSync

  constructor(path: string) {
    this.#database = new DatabaseSync(path)
    prepareReader(this.#database)
    this.#get = this.#database.prepare('SELECT value FROM entries WHERE key = ?')
    this.#after = this.#database.prepare('SELECT key FROM entries WHERE key >= ? AND key < ? ORDER BY key LIMIT 1')
  }

  get(key: string): Uint8Array | null {
    try {
      const value = this.#get.get(key)?.['value']
      return value instanceof Uint8Array ? value : null
    } catch (error) {
      throw storageError(error)
    }
  }

  /** Seeks from name to name: a folder of a million entries costs one step. */
  list(prefix: string, page: Page): readonly string[] {
    try {
      const names: string[] = []
      const end = beyond(prefix)
      let from = page.after === '' ? prefix : skip(prefix + page.after)
      while (names.length < page.limit) {
        const key = this.#after.get(from, end)?.['key']
        if (typeof key !== 'string') break
        const rest = key.slice(prefix.length)
        const slash = rest.indexOf('/')
        const name = slash === -1 ? rest : rest.slice(0, slash + 1)
        names.push(name)
        from = skip(prefix + name)
      }
      return names
    } catch (error) {
      throw storageError(error)
    }
  }

  close(): void {
    this.#database.close()
  }
}

/** The smallest key behind a name: behind all that is in a folder, `0` being the character after `/`. */
function skip(name: string): string {
  return name.endsWith('/') ? `${name.slice(0, -1)}0` : `${name}\0`
}

/** The first key that does not begin with `prefix`; for the root a blob, which sorts behind every text. */
function beyond(prefix: string): string | Uint8Array {
  return prefix === '' ? new Uint8Array(1) : skip(prefix)
}
