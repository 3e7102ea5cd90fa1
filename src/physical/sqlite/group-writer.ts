import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { sameBytes } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'
import { whyNotWritable } from './probe.ts'
import { BUSY_TIMEOUT_MS, ensureSchema, prepareConnection, prepareWriter } from './schema.ts'
import { commitError, isFull, refused, rollbackError, storageError } from './sqlite-errors.ts'
import { StoreFiles, WRITTEN } from './store-files.ts'
import type { WriterBatch, WriterData, WriterFailure, WriterResult } from './writer-messages.ts'

/** How long emptying the log waits for other processes' readers, in milliseconds: commits wait behind it. */
const EMPTYING_TIMEOUT_MS = 500

/**
 * The connection that writes. Every commit is a group of batches, each of which stands or falls by itself.
 */
export class GroupWriter {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #files: StoreFiles
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #savepoint: StatementSync
  readonly #release: StatementSync
  readonly #select: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync

  /** Throws `store_foreign`, `store_newer`, `corrupt_store`, `storage_unavailable`. */
  constructor({ path, maxPages }: WriterData) {
    this.#path = path
    this.#database = openForWriting(path, maxPages)
    this.#files = new StoreFiles(path, WRITTEN)
    this.#begin = this.#database.prepare('BEGIN IMMEDIATE')
    this.#commit = this.#database.prepare('COMMIT')
    this.#savepoint = this.#database.prepare('SAVEPOINT batch')
    this.#release = this.#database.prepare('RELEASE batch')
    this.#select = this.#database.prepare('SELECT value FROM entries WHERE key = ?')
    this.#put = this.#database.prepare(
      'INSERT INTO entries VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    )
    this.#delete = this.#database.prepare('DELETE FROM entries WHERE key = ?')
  }

  /** Applies every batch by itself and makes all of them durable by one COMMIT. Never throws. */
  commit(batches: readonly WriterBatch[]): readonly WriterResult[] {
    try {
      this.#files.expectInPlace()
      this.#begin.run()
      const results = batches.map((batch) => this.#apply(batch))
      this.#commit.run()
      this.#files.note()
      return results
    } catch (error) {
      const failure = failureOf(this.#rollBack(error))
      // SQLite gave up all of them for one: the others may still fit.
      if (failure.code === 'storage_full' && batches.length > 1) {
        return batches.flatMap((batch) => this.commit([batch]))
      }
      return batches.map(({ id }) => ({ id, failure }))
    }
  }

  /**
   * Moves the log into the file, where `secure_delete` has overwritten what is gone, and empties the log.
   * Throws `storage_unavailable` while a reader of another process (a snapshot) holds on to the log.
   */
  scrub(): void {
    this.#files.expectInPlace()
    const done = emptyLog(this.#database)
    this.#files.note()
    if (!done)
      throw new OperatingError('storage_unavailable', 'the log of the store is being read: try again')
  }

  /**
   * Looks whether a commit could be made, without making one. Throws `store_removed`; and where `tries` is
   * set, what a write that is refused throws.
   */
  check(tries: boolean): void {
    this.#files.expectInPlace()
    const refusal = tries ? whyNotWritable(dirname(this.#path)) : null
    if (refusal !== null) throw refused(refusal, null, this.#path)
  }

  /** The last connection to close moves the log into the file and deletes it. */
  close(): void {
    this.#database.close()
  }

  #apply(batch: WriterBatch): WriterResult {
    this.#savepoint.run()
    try {
      this.#checkConditions(batch)
      for (const write of batch.writes) {
        if (write.op === 'put') this.#put.run(write.key, write.value)
        else this.#delete.run(write.key)
      }
      this.#release.run()
      return { id: batch.id, failure: null }
    } catch (error) {
      // A condition and a full disk concern one batch; after anything else the transaction is not to be
      // trusted. A full disk may also have rolled all of it back: then all batches fail together.
      const contained = error instanceof OperatingError || isFull(error)
      if (!contained || !this.#database.isTransaction) throw error
      this.#database.exec('ROLLBACK TO batch; RELEASE batch')
      return { id: batch.id, failure: failureOf(commitError(error, this.#path)) }
    }
  }

  #checkConditions(batch: WriterBatch): void {
    for (const { key, stored } of batch.conditions) {
      const row = this.#select.get(key)?.['value']
      const now = row instanceof Uint8Array ? row : null
      const holds = now === null || stored === null ? now === stored : sameBytes(now, stored)
      if (!holds) throw new OperatingError('condition_failed', 'the stored record is another by now')
    }
  }

  /** Ends a transaction that failed. A full disk is known to have changed nothing only when this succeeds. */
  #rollBack(failed: unknown): OperatingError {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      return commitError(failed, this.#path)
    } catch (error) {
      return rollbackError(failed, error, this.#path)
    }
  }
}

/** What crosses to the main thread of an error. */
export function failureOf({ code, message, detail }: OperatingError): WriterFailure {
  return { code, message, detail }
}

function openForWriting(path: string, maxPages: number | null): DatabaseSync {
  const database = new DatabaseSync(existing(path))
  try {
    prepareConnection(database)
    // Checked before the first setting that changes the file: another program's database stays as it is.
    ensureSchema(database)
    prepareWriter(database)
    recover(database)
    if (maxPages !== null) database.exec(`PRAGMA max_page_count = ${maxPages}`)
    return database
  } catch (error) {
    database.close()
    throw storageError(error, path)
  }
}

/** A URL by which SQLite opens a file that is there, and never makes one (sqlite.org/uri.html). */
function existing(path: string): URL {
  const url = pathToFileURL(path)
  url.search = 'mode=rw'
  return url
}

/**
 * Moves what a process that died left in the log into the file. After a flush that failed, the system shows
 * as written what it never wrote; what is written once more it flushes. A full disk has no room for that, and
 * then the log stays.
 */
function recover(database: DatabaseSync): void {
  try {
    emptyLog(database)
  } catch (error) {
    if (!isFull(error)) throw error
  }
}

/** Whether all of the log was moved into the file: not while a reader of another process holds on to it. */
function emptyLog(database: DatabaseSync): boolean {
  database.exec(`PRAGMA busy_timeout = ${EMPTYING_TIMEOUT_MS}`)
  try {
    return database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0
  } finally {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  }
}
