import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { sameBytes } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'
import { ensureSchema, prepareWriter } from './schema.ts'
import { commitError } from './sqlite-errors.ts'
import type { FromWriter, ToWriter, WriterBatch, WriterResult } from './writer-messages.ts'

/**
 * The one writer of a store, in a thread of its own. It commits in groups: all batches that came while a commit was
 * under way go into the next transaction, each behind a savepoint, so that one that fails takes no other with it.
 */
class Writer {
  readonly #database: DatabaseSync
  readonly #select: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync

  constructor(path: string) {
    this.#database = new DatabaseSync(path)
    prepareWriter(this.#database)
    ensureSchema(this.#database)
    this.#select = this.#database.prepare('SELECT value FROM entries WHERE key = ?')
    this.#put = this.#database.prepare('INSERT INTO entries VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
    this.#delete = this.#database.prepare('DELETE FROM entries WHERE key = ?')
  }

  /** Every batch by itself, all made durable by one COMMIT. */
  commit(batches: readonly WriterBatch[]): readonly WriterResult[] {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      const results = batches.map((batch) => this.#apply(batch))
      this.#database.exec('COMMIT')
      return results
    } catch (error) {
      this.#rollBack()
      const { code, message, detail } = commitError(error)
      return batches.map(({ id }) => ({ id, failure: { code, message, detail } }))
    }
  }

  scrub(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  close(): void {
    this.#database.close()
  }

  #apply(batch: WriterBatch): WriterResult {
    this.#database.exec('SAVEPOINT batch')
    try {
      this.#checkConditions(batch)
      for (const write of batch.writes) {
        if (write.op === 'put') this.#put.run(write.key, write.value)
        else this.#delete.run(write.key)
      }
      this.#database.exec('RELEASE batch')
      return { id: batch.id, failure: null }
    } catch (error) {
      // A full disk may have rolled the whole transaction back: then all batches fail together.
      if (!this.#database.isTransaction) throw error
      this.#database.exec('ROLLBACK TO batch; RELEASE batch')
      const { code, message, detail } = commitError(error)
      return { id: batch.id, failure: { code, message, detail } }
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

  #rollBack(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
    } catch {
      // The transaction ended by itself; what the caller is told comes from the first error.
    }
  }
}

const port = parentPort
assert(port !== null, 'the writer runs in a worker thread')
const writer = openWriter(String(workerData))
const waiting: WriterBatch[] = []

port.on('message', (message: ToWriter) => {
  switch (message.type) {
    case 'commit':
      waiting.push(message.batch)
      // Batches that are already in the mailbox join this group: they are delivered before the next immediate.
      if (waiting.length === 1) setImmediate(flush)
      return
    case 'scrub':
      flush()
      return answer({ type: 'done', id: message.id, failure: attempt(() => writer.scrub()) })
    case 'close':
      flush()
      answer({ type: 'done', id: message.id, failure: attempt(() => writer.close()) })
      port.close()
  }
})

function flush(): void {
  if (waiting.length === 0) return
  const batches = waiting.splice(0)
  answer({ type: 'committed', results: writer.commit(batches) })
}

function attempt(act: () => void): WriterResult['failure'] {
  try {
    act()
    return null
  } catch (error) {
    const { code, message, detail } = commitError(error)
    return { code, message, detail }
  }
}

function openWriter(path: string): Writer {
  try {
    const opened = new Writer(path)
    answer({ type: 'opened', failure: null })
    return opened
  } catch (error) {
    const { code, message, detail } = commitError(error)
    answer({ type: 'opened', failure: { code, message, detail } })
    throw error
  }
}

function answer(message: FromWriter): void {
  port?.postMessage(message)
}
