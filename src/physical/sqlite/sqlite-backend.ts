import { OperatingError } from '../../base/errors.ts'
import type { Condition, Page, StorageBackend, Write } from '../backend.ts'
import { assertBatch, assertKey, assertPrefix } from '../keys.ts'
import { makePrivateFile, prepareFolder } from './folder.ts'
import { lockStore, type StoreLock } from './lock.ts'
import { openingError } from './opening-error.ts'
import { Reader } from './reader.ts'
import { LASTING, StoreFiles } from './store-files.ts'
import { WriterClient } from './writer-client.ts'
import type { WriterData } from './writer-messages.ts'

/** Where a store is, and how large it may grow. */
export interface SqliteStoreOptions {
  /** The store's own folder; made when it is not there. */
  readonly folder: string
  /** The most pages of 4,096 bytes that the file may have; tests make a full disk of it. */
  readonly maxPages?: number
}

/** What a backend has of its store as long as it lives. */
interface Held {
  readonly lock: StoreLock
  readonly files: StoreFiles
}

interface Connections {
  readonly reader: Reader
  readonly writer: WriterClient
}

/**
 * Opens the store in `folder` and keeps it for this process.
 *
 * Throws `store_in_use`, `store_unsafe`, `store_foreign`, `store_newer`, `corrupt_store`, `storage_full`,
 * `storage_read_only`, `storage_unavailable`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteBackend> {
  try {
    return await open(options)
  } catch (error) {
    throw openingError(error, options.folder)
  }
}

async function open(options: SqliteStoreOptions): Promise<SqliteBackend> {
  const paths = prepareFolder(options.folder)
  const data = { path: paths.store, maxPages: options.maxPages ?? null }
  const lock = lockStore(paths.lock)
  try {
    makePrivateFile(paths.store)
    const files = new StoreFiles(paths.store, LASTING)
    return new SqliteBackend(data, { lock, files }, await connect(data, files))
  } catch (error) {
    lock.release()
    throw error
  }
}

/** One SQLite file: written by one thread in groups, read here, both on write-ahead logging. */
export class SqliteBackend implements StorageBackend {
  readonly #data: WriterData
  readonly #lock: StoreLock
  readonly #files: StoreFiles
  /** `null` while `settle` opens them anew, after it could not, and after `close`. */
  #connections: Connections | null
  #settling: Promise<void> | null = null
  #closing: Promise<void> | null = null

  /** Takes ownership of the lock and the connections. For callers there is `openSqliteStore`. */
  constructor(data: WriterData, held: Held, connections: Connections) {
    this.#data = data
    this.#lock = held.lock
    this.#files = held.files
    this.#connections = connections
  }

  async get(key: string): Promise<Uint8Array | null> {
    assertKey(key)
    const { reader } = this.#connections ?? (await this.#settled())
    return reader.get(key)
  }

  async list(prefix: string, page: Page): Promise<readonly string[]> {
    assertPrefix(prefix, page)
    const { reader } = this.#connections ?? (await this.#settled())
    return reader.list(prefix, page)
  }

  async commit(batch: readonly Write[], conditions: readonly Condition[] = []): Promise<void> {
    assertBatch(batch, conditions)
    const { writer } = this.#connections ?? (await this.#settled())
    await writer.commit(batch, conditions)
  }

  async settle(): Promise<void> {
    if (this.#closing !== null) throw closed()
    // Two commits may fail at once; what settles the one settles the other.
    this.#settling ??= this.#reconnect().finally(() => {
      this.#settling = null
    })
    await this.#settling
  }

  async scrub(): Promise<void> {
    const { writer } = this.#connections ?? (await this.#settled())
    await writer.scrub()
  }

  /**
   * Looks whether a commit could be made, without making one. Rejects with `store_removed`, and where `tries`
   * is set and the system takes no write with `storage_full` or `storage_read_only`.
   */
  async check(tries: boolean): Promise<void> {
    const { writer } = this.#connections ?? (await this.#settled())
    await writer.check(tries)
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end()
    await this.#closing
  }

  /** What is asked while the store settles waits for that. */
  async #settled(): Promise<Connections> {
    await this.#settling
    if (this.#connections === null) throw closed()
    return this.#connections
  }

  async #reconnect(): Promise<void> {
    const connections = this.#connections
    try {
      // Another store may be in its place, which is not to be touched.
      this.#files.expectInPlace()
      this.#connections = null
      connections?.reader.close()
      // A writer that cannot even close has ended: its transaction is rolled back by the next that opens the
      // store.
      await connections?.writer.close().catch(() => undefined)
      this.#connections = await connect(this.#data, this.#files)
    } catch (error) {
      throw new OperatingError('storage_unavailable', 'the store cannot be opened again', { cause: error })
    }
  }

  async #end(): Promise<void> {
    try {
      // Its failure went to its own caller; here it only means that there is nothing left to close.
      if (this.#settling !== null) await this.#settling.catch(() => undefined)
      const connections = this.#connections
      this.#connections = null
      connections?.reader.close()
      await connections?.writer.close()
    } finally {
      this.#lock.release()
    }
  }
}

async function connect(data: WriterData, files: StoreFiles): Promise<Connections> {
  const writer = await WriterClient.start(data)
  try {
    return { writer, reader: new Reader(data.path, files) }
  } catch (error) {
    await writer.close().catch(() => undefined)
    throw error
  }
}

function closed(): OperatingError {
  return new OperatingError('storage_unavailable', 'the store is closed')
}
