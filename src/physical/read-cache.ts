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

/**
 * Stored bytes that were read of late, as they stand in the storage: sealed, so nothing is in memory that is
 * not on the disk. It shows exactly what the storage would: it is told of every commit, forgets what one
 * changes before it begins, and keeps nothing of that until it has ended. That takes a storage which nobody
 * else writes to. What is not there is not remembered, so nobody can fill it by asking.
 */
export class ReadCache implements StorageBackend {
  readonly #storage: StorageBackend
  readonly #bounds: ReadCacheBounds
  readonly #mayKeep: (key: string) => boolean
  /** In the order of their last use. */
  readonly #kept = new Map<string, Uint8Array>()
  #bytes = 0
  /** Keys that commits under way change, and by how many. */
  readonly #changing = new Map<string, number>()
  /** Counts what may have changed what a read under way has seen: that a commit began, or ended. */
  #changes = 0
  /** Since a commit of which nobody knows how it ended, until the storage has settled. */
  #unsure = false

  /** `mayKeep` says of a key whether its value is kept; all others are read from the storage each time. */
  constructor(storage: StorageBackend, bounds: ReadCacheBounds, mayKeep: (key: string) => boolean) {
    this.#storage = storage
    this.#bounds = bounds
    this.#mayKeep = mayKeep
  }

  async get(key: string): Promise<Uint8Array | null> {
    const kept = this.#kept.get(key)
    if (kept !== undefined) {
      this.#kept.delete(key)
      this.#kept.set(key, kept)
      return kept
    }
    const changes = this.#changes
    const stored = await this.#storage.get(key)
    if (stored !== null && changes === this.#changes) this.#keep(key, stored)
    return stored
  }

  list(prefix: string, page: Page): Promise<readonly string[]> {
    return this.#storage.list(prefix, page)
  }

  async commit(batch: readonly Write[], conditions?: readonly Condition[]): Promise<void> {
    this.#changes++
    for (const { key } of batch) {
      this.#forget(key)
      this.#changing.set(key, (this.#changing.get(key) ?? 0) + 1)
    }
    try {
      await this.#storage.commit(batch, conditions)
    } catch (error) {
      if (!changedNothing(error)) this.#unsure = true
      // Also where a condition did not hold: then what is stored is not what we believed.
      this.#forgetAll()
      throw error
    } finally {
      this.#changes++
      for (const { key } of batch) {
        const others = (this.#changing.get(key) ?? 1) - 1
        if (others === 0) this.#changing.delete(key)
        else this.#changing.set(key, others)
      }
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
    this.#forgetAll()
    return this.#storage.close()
  }

  #keep(key: string, stored: Uint8Array): void {
    if (this.#unsure || this.#changing.has(key) || !this.#mayKeep(key)) return
    if (stored.length > this.#bounds.valueBytes) return
    // Two readers may have missed it at the same time.
    this.#forget(key)
    this.#kept.set(key, stored)
    this.#bytes += sizeOf(key, stored)
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#bounds.bytes) break
      this.#forget(oldest)
    }
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#bytes -= sizeOf(key, kept)
  }

  #forgetAll(): void {
    this.#changes++
    this.#kept.clear()
    this.#bytes = 0
  }
}

function sizeOf(key: string, value: Uint8Array): number {
  return OVERHEAD_BYTES + 2 * key.length + value.length
}
