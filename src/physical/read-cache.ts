import { Recent } from '../base/recent.ts'
import { type Condition, changedNothing, type Page, type StorageBackend, type Write } from './backend.ts'

/** What a read cache may hold. */
export interface ReadCacheBounds {
  /** Of the stored bytes, their keys, and what the engine needs for both. */
  readonly bytes: number
  /** Longer values are read from the storage each time. */
  readonly valueBytes: number
}

/** Roughly what the engine spends on an entry besides the bytes of key and value. */
const OVERHEAD_BYTES = 200

/** Commits under way that change one key. */
interface Changing {
  count: number
  /** Whether no other could have changed it meanwhile: then what this one wrote is what is stored. */
  alone: boolean
}

/**
 * Stored bytes that were read or written of late, as they stand in the storage: sealed, so nothing is in
 * memory that is not on the disk. It shows exactly what the storage would: it is told of every commit,
 * forgets what one changes before it begins, and keeps what it wrote once that is durable. That takes a
 * storage which nobody else writes to. What is not there is not remembered: nobody can fill it by asking.
 */
export class ReadCache implements StorageBackend {
  readonly #storage: StorageBackend
  readonly #valueBytes: number
  readonly #mayKeep: (key: string) => boolean
  readonly #kept: Recent<string, Uint8Array>
  readonly #changing = new Map<string, Changing>()
  /** Counts what may have changed what a read under way has seen: that a commit began, or ended. */
  #changes = 0
  /** Since a commit of which nobody knows how it ended, until the storage has settled. */
  #unsure = false

  /** `mayKeep` says of a key whether its value is kept; all others are read from the storage each time. */
  constructor(storage: StorageBackend, bounds: ReadCacheBounds, mayKeep: (key: string) => boolean) {
    this.#storage = storage
    this.#valueBytes = bounds.valueBytes
    this.#kept = new Recent(bounds.bytes, sizeOf)
    this.#mayKeep = mayKeep
  }

  async get(key: string): Promise<Uint8Array | null> {
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const changes = this.#changes
    const stored = await this.#storage.get(key)
    if (stored !== null && changes === this.#changes) this.#keep(key, stored)
    return stored
  }

  list(prefix: string, page: Page): Promise<readonly string[]> {
    return this.#storage.list(prefix, page)
  }

  async commit(batch: readonly Write[], conditions?: readonly Condition[]): Promise<void> {
    this.#begin(batch)
    try {
      await this.#storage.commit(batch, conditions)
      for (const write of this.#end(batch)) if (write.op === 'put') this.#keep(write.key, write.value)
    } catch (error) {
      this.#end(batch)
      if (!changedNothing(error)) this.#unsure = true
      // Also where a condition did not hold: then what is stored is not what we believed.
      this.forget()
      for (const changing of this.#changing.values()) changing.alone = false
      throw error
    }
  }

  async settle(): Promise<void> {
    await this.#storage.settle()
    this.#unsure = false
  }

  scrub(): Promise<void> {
    return this.#storage.scrub()
  }

  close(): Promise<void> {
    this.forget()
    return this.#storage.close()
  }

  /** What is read next is what stands in the storage. */
  forget(): void {
    this.#changes++
    this.#kept.clear()
  }

  #begin(batch: readonly Write[]): void {
    this.#changes++
    for (const { key } of batch) {
      this.#kept.delete(key)
      const others = this.#changing.get(key)
      this.#changing.set(key, {
        count: (others?.count ?? 0) + 1,
        alone: others === undefined && !this.#unsure,
      })
    }
  }

  /** The writes of `batch` beside which nobody wrote the same key. */
  #end(batch: readonly Write[]): readonly Write[] {
    this.#changes++
    return batch.filter(({ key }) => {
      const changing = this.#changing.get(key)
      if (changing === undefined || changing.count === 1) {
        this.#changing.delete(key)
        return changing?.alone === true
      }
      changing.count--
      return false
    })
  }

  #keep(key: string, stored: Uint8Array): void {
    if (this.#unsure || this.#changing.has(key) || !this.#mayKeep(key)) return
    if (stored.length > this.#valueBytes) return
    this.#kept.set(key, stored)
  }
}

function sizeOf(key: string, value: Uint8Array): number {
  return OVERHEAD_BYTES + 2 * key.length + value.length
}
