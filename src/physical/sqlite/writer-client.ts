import { Worker } from 'node:worker_threads'
import { OperatingError } from '../../base/errors.ts'
import type { Condition, Write } from '../backend.ts'
import type { FromWriter, ToWriter, WriterFailure } from './writer-messages.ts'

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The main thread's end of the writer thread. */
export class WriterClient {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiter>()
  #next = 1
  #ended = false

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (message: FromWriter) => this.#take(message))
    // A writer that dies leaves every commit that it held with an unknown outcome.
    worker.on('error', (error) => this.#end(error))
    worker.on('exit', () => this.#end(null))
  }

  /** Starts the thread on the store at `path`. Rejects with what opening it throws. */
  static async start(path: string): Promise<WriterClient> {
    const file = import.meta.url.endsWith('.ts') ? './writer.ts' : './writer.js'
    const worker = new Worker(new URL(file, import.meta.url), { workerData: path })
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', (message: FromWriter) => {
        if (message.type !== 'opened') return
        if (message.failure === null) return resolve()
        // The thread ends by itself after this; its own error says nothing more.
        worker.removeAllListeners('error')
        worker.on('error', () => undefined)
        reject(asError(message.failure))
      })
    })
    worker.removeAllListeners('error')
    return new WriterClient(worker)
  }

  commit(writes: readonly Write[], conditions: readonly Condition[]): Promise<void> {
    return this.#ask((id) => ({ type: 'commit', batch: { id, writes, conditions } }))
  }

  scrub(): Promise<void> {
    return this.#ask((id) => ({ type: 'scrub', id }))
  }

  /** Finishes what is queued and closes the store. Resolves once the thread has ended. */
  async close(): Promise<void> {
    const exited = new Promise<void>((resolve) => {
      if (this.#ended) return resolve()
      this.#worker.once('exit', () => resolve())
    })
    try {
      if (!this.#ended) await this.#ask((id) => ({ type: 'close', id }))
    } finally {
      await exited
    }
  }

  #ask(message: (id: number) => ToWriter): Promise<void> {
    if (this.#ended) return Promise.reject(gone(null))
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage(message(id))
    })
  }

  #take(message: FromWriter): void {
    if (message.type === 'opened') return
    const results = message.type === 'committed' ? message.results : [message]
    for (const { id, failure } of results) {
      const waiter = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (failure === null) waiter?.resolve()
      else waiter?.reject(asError(failure))
    }
  }

  #end(cause: unknown): void {
    this.#ended = true
    for (const waiter of this.#waiting.values()) waiter.reject(gone(cause))
    this.#waiting.clear()
  }
}

function asError(failure: WriterFailure): OperatingError {
  return new OperatingError(failure.code, failure.message, { detail: failure.detail })
}

function gone(cause: unknown): OperatingError {
  return new OperatingError('storage_unavailable', 'the writer of the store has ended', { cause })
}
