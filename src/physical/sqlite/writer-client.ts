import { Worker } from 'node:worker_threads'
import { OperatingError } from '../../base/errors.ts'
import type { Condition, Write } from '../backend.ts'
import {
  type FromWriter,
  OPENED_ID,
  type ToWriter,
  type WriterBatch,
  type WriterData,
  type WriterFailure,
} from './writer-messages.ts'

/** The most commits of one message; it leaves at once when it has them. */
const MAX_MESSAGE_BATCHES = 256

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: OperatingError) => void
}

/** The main thread's end of the writer thread. */
export class WriterClient {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiter>()
  /** Commits that have not been sent yet. */
  #outbox: WriterBatch[] = []
  #lastId = OPENED_ID
  #ended = false

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (message: FromWriter) => this.#take(message))
    // A writer that dies leaves every commit that it held with an unknown outcome.
    worker.on('error', (error) => this.#end(error))
    worker.on('messageerror', (error) => this.#end(error))
    worker.on('exit', () => this.#end(null))
  }

  /** Starts the thread on a store. Rejects with what opening the store throws; then the thread has ended. */
  static async start(data: WriterData): Promise<WriterClient> {
    // Unbuilt the thread runs the source, built its translation.
    const file = import.meta.url.endsWith('.ts') ? './writer.ts' : './writer.js'
    // Flags of the main program (`--eval`, `--input-type`) may not fit a thread, and this one needs none.
    const options = { workerData: data, execArgv: [] }
    const client = new WriterClient(new Worker(new URL(file, import.meta.url), options))
    try {
      await client.#result(OPENED_ID)
      return client
    } catch (error) {
      await client.#worker.terminate()
      throw error
    }
  }

  /**
   * Resolves when the batch is durable; rejects as `StorageBackend.commit` does. The bytes stay the caller's.
   */
  commit(writes: readonly Write[], conditions: readonly Condition[]): Promise<void> {
    if (this.#ended) return Promise.reject(gone(null))
    const id = this.#newId()
    const result = this.#result(id)
    this.#outbox.push(ownBatch(id, writes, conditions))
    // Those of one turn go together: a message costs as much as what most of them carry.
    if (this.#outbox.length === 1) setImmediate(() => this.#sendCommits())
    if (this.#outbox.length === MAX_MESSAGE_BATCHES) this.#sendCommits()
    return result
  }

  /** Rejects with `storage_unavailable` when the log could not be emptied. */
  scrub(): Promise<void> {
    return this.#ask((id) => ({ type: 'scrub', id }))
  }

  /** Rejects as `GroupWriter.check` throws. */
  check(tries: boolean): Promise<void> {
    return this.#ask((id) => ({ type: 'check', id, tries }))
  }

  /** Finishes what is queued and closes the store. Settles, either way, only once the thread has ended. */
  async close(): Promise<void> {
    try {
      if (!this.#ended) await this.#ask((id) => ({ type: 'close', id }))
    } finally {
      await this.#worker.terminate()
    }
  }

  #ask(message: (id: number) => ToWriter): Promise<void> {
    // What is asked stands behind the commits that came before it.
    this.#sendCommits()
    if (this.#ended) return Promise.reject(gone(null))
    const id = this.#newId()
    const result = this.#result(id)
    this.#worker.postMessage(message(id))
    return result
  }

  #sendCommits(): void {
    if (this.#outbox.length === 0) return
    const message: ToWriter = { type: 'commit', batches: this.#outbox }
    this.#outbox = []
    try {
      this.#worker.postMessage(message)
    } catch (error) {
      // There is no memory for it: who waits is told that nobody knows, and `settle` starts anew.
      this.#end(error)
    }
  }

  #newId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  #result(id: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  #take(results: FromWriter): void {
    for (const { id, failure } of results) {
      const waiter = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (failure === null) waiter?.resolve()
      else waiter?.reject(asError(failure))
    }
  }

  #end(cause: unknown): void {
    this.#ended = true
    // Who asked for them is told here that nobody knows: they are not to be made after that.
    this.#outbox = []
    for (const waiter of this.#waiting.values()) waiter.reject(gone(cause))
    this.#waiting.clear()
  }
}

/** In memory of its own: the message leaves later, and the caller may do with its bytes what it likes. */
function ownBatch(id: number, writes: readonly Write[], conditions: readonly Condition[]): WriterBatch {
  return {
    id,
    writes: writes.map(ownWrite),
    conditions: conditions.map(({ key, stored }) => ({
      key,
      stored: stored === null ? null : copied(stored),
    })),
  }
}

function ownWrite(write: Write): Write {
  const { key } = write
  return write.op === 'put' ? { op: 'put', key, value: copied(write.value) } : { op: 'delete', key }
}

/** Not by `slice`, which for Node's buffers is a window on the same memory. */
function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

function asError(failure: WriterFailure): OperatingError {
  return new OperatingError(failure.code, failure.message, { detail: failure.detail })
}

function gone(cause: unknown): OperatingError {
  return new OperatingError('storage_unavailable', 'the writer of the store has ended', { cause })
}
