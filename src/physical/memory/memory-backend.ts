import { sameBytes } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'
import type { Condition, Page, StorageBackend, Write } from '../backend.ts'
import { assertBatch, assertKey, assertPrefix, namesBelow } from '../keys.ts'
import { SortedKeys } from './sorted-keys.ts'

/** Storage that lives as long as its process: `inmem` in a configuration. */
export class MemoryBackend implements StorageBackend {
  readonly #entries: Map<string, Uint8Array>
  /** Those of the entries. */
  readonly #keys: SortedKeys
  #closed = false

  /** Starts from copies of `entries`. */
  constructor(entries: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#entries = new Map([...entries].map(([key, value]) => [key, ownCopy(value)]))
    this.#keys = new SortedKeys(this.#entries.keys())
  }

  /** What a new process would find, as copies. */
  snapshot(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#entries].map(([key, value]) => [key, ownCopy(value)]))
  }

  async get(key: string): Promise<Uint8Array | null> {
    assertKey(key)
    this.#expectUsable()
    const value = this.#entries.get(key)
    return value === undefined ? null : ownCopy(value)
  }

  async list(prefix: string, page: Page): Promise<readonly string[]> {
    assertPrefix(prefix, page)
    this.#expectUsable()
    return namesBelow(prefix, page, (from) => this.#keys.next(from))
  }

  async commit(batch: readonly Write[], conditions: readonly Condition[] = []): Promise<void> {
    assertBatch(batch, conditions)
    this.#expectUsable()
    for (const { key, stored } of conditions) {
      const now = this.#entries.get(key) ?? null
      const holds = now === null || stored === null ? now === stored : sameBytes(now, stored)
      if (!holds) throw new OperatingError('condition_failed', 'the stored record is another by now')
    }
    for (const write of batch) {
      if (write.op === 'put') this.#put(write.key, ownCopy(write.value))
      else if (this.#entries.delete(write.key)) this.#keys.delete(write.key)
    }
  }

  async settle(): Promise<void> {
    this.#expectUsable()
  }

  async scrub(): Promise<void> {
    this.#expectUsable()
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #put(key: string, value: Uint8Array): void {
    if (!this.#entries.has(key)) this.#keys.add(key)
    this.#entries.set(key, value)
  }

  #expectUsable(): void {
    if (this.#closed) throw new OperatingError('storage_unavailable', 'the store is closed')
  }
}

/** A copy by constructor, since `slice` of a `Buffer` would share its memory. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
