import { sameBytes, utf8 } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'
import type { Condition, Page, StorageBackend, Write } from '../backend.ts'
import { assertBatch, assertKey, assertPrefix } from '../keys.ts'

/** Storage that lives as long as its process: `inmem` in a configuration. */
export class MemoryBackend implements StorageBackend {
  readonly #entries: Map<string, Uint8Array>
  #closed = false

  /** Starts from copies of `entries`. */
  constructor(entries: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#entries = new Map([...entries].map(([key, value]) => [key, ownCopy(value)]))
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
    const names = new Set<string>()
    for (const key of this.#entries.keys()) {
      if (!key.startsWith(prefix)) continue
      const rest = key.slice(prefix.length)
      const slash = rest.indexOf('/')
      names.add(slash === -1 ? rest : rest.slice(0, slash + 1))
    }
    const after = utf8(page.after)
    return [...names]
      .map((name) => ({ name, bytes: utf8(name) }))
      .sort((left, right) => compareBytes(left.bytes, right.bytes))
      .filter(({ bytes }) => compareBytes(bytes, after) > 0)
      .slice(0, page.limit)
      .map(({ name }) => name)
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
      if (write.op === 'put') this.#entries.set(write.key, ownCopy(write.value))
      else this.#entries.delete(write.key)
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

  #expectUsable(): void {
    if (this.#closed) throw new OperatingError('storage_unavailable', 'the store is closed')
  }
}

/** A copy by constructor, since `slice` of a `Buffer` would share its memory. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
