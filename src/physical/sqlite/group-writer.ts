import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { sameBytes } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'
import { BUSY_TIMEOUT_MS, ensureSchema, prepareConnection, prepareWriter } from './schema.ts'
import { commitError, isFull, rollbackError, storageError } from './sqlite-errors.ts'
import type { WriterBatch, WriterData, WriterFailure, WriterResult } from './writer-messages.ts'

/** How long a scrub waits for readers of other processes, in milliseconds: commits wait behind it. */
const SCRUB_TIMEOUT_MS = 500

/**
 * The connection that writes. Every commit is a group of batches, each of which stands or falls by itself.
 */
export class GroupWriter {
  readonly #database: DatabaseSync
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #savepoint: StatementSync
  readonly #release: StatementSync
  readonly #select: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync

  /** Throws `store_foreign`, `store_newer`, `corrupt_store`, `storage_unavailable`. */
  constructor({ path, maxPages }: WriterData) {
    this.#database = openForWriting(path, maxPages)
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
      this.#begin.run()
      const results = batches.map((batch) => this.#apply(batch))
      this.#commit.run()
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
    this.#database.exec(`PRAGMA busy_timeout = ${SCRUB_TIMEOUT_MS}`)
    const blocked = this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy']
    this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    if (blocked !== 0)
      throw new OperatingError('storage_unavailable', 'the log of the store is being read: try again')
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
      return { id: batch.id, failure: failureOf(commitError(error)) }
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
      return commitError(failed)
    } catch (error) {
      return rollbackError(failed, error)
    }
  }
}

/** What crosses to the main thread of an error. */
export function failureOf({ code, message, detail }: OperatingError): WriterFailure {
  return { code, message, detail }
}

function openForWriting(path: string, maxPages: number | null): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    prepareConnection(database)
    // Checked before the first setting that changes the file: another program's database stays as it is.
    ensureSchema(database)
    prepareWriter(database)
    if (maxPages !== null) database.exec(`PRAGMA max_page_count = ${maxPages}`)
    return database
  } catch (error) {
    database.close()
    throw storageError(error)
  }
}
