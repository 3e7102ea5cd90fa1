import { OperatingError } from '../../../base/errors.ts'
import type { StorageView } from '../../../logical/backend.ts'
import { commitWiping, type Writes } from '../writes.ts'
import { type Key, type Version, versionOf } from './key.ts'
import { decodeKey, decodeVersion } from './key-entry.ts'
import { KEYS_ROOT, versionKey, writesBetween } from './key-writes.ts'

/** Changes of one key that wait; one more is told to come again. */
export const MAX_CHANGES_WAITING = 4096
/** Changes of one key that are made in one commit. */
const MAX_CHANGES_AT_ONCE = 64
/** How often a version is looked for while others remove the key and write it anew. */
const MAX_LOOKS = 3

/** What a change makes of a key; the same key again: nothing is stored. */
export interface Changed<Answer> {
  readonly key: Key | null
  readonly answer: Answer
}

/** May refuse by throwing; it gets `null` where there is no such key. */
export type Change<Answer> = (key: Key | null) => Changed<Answer> | Promise<Changed<Answer>>

/** A version, and its value where it can be read. */
export interface Found {
  readonly key: Key
  readonly number: number
  readonly version: Version
  readonly bytes: Uint8Array | null
}

/** A change that waits for its turn. Neither rejects. */
interface Waiting {
  readonly apply: (key: Key | null) => Promise<{ readonly key: Key | null; readonly tell: () => void }>
  readonly fail: (error: unknown) => void
}

/**
 * The keys of a mount. Changes of one key are made in the order they came, each on what the one before it
 * made, and those that wait together are stored by one commit: then all are told. Reads wait for nobody.
 */
export class Keys {
  readonly #storage: StorageView
  readonly #writes: Writes
  /** By path, while changes of a key are under way. */
  readonly #waiting = new Map<string, Waiting[]>()

  constructor(storage: StorageView, writes: Writes) {
    this.#storage = storage
    this.#writes = writes
  }

  async read(path: string): Promise<Key | null> {
    const stored = await this.#storage.get(KEYS_ROOT + path)
    return stored === null ? null : decodeKey(stored)
  }

  async has(path: string): Promise<boolean> {
    return await this.#storage.has(KEYS_ROOT + path)
  }

  /** The value of a version that is not destroyed; `null` where the key has changed meanwhile. */
  async value(path: string, number: number, version: Version): Promise<Uint8Array | null> {
    if (version.value.at === 'hand') return version.value.bytes
    const stored = await this.#storage.get(versionKey(path, number))
    return stored === null ? null : decodeVersion(version, stored)
  }

  /**
   * A version (0: the newest), with its value where `isReadable` says so. `null`: no such key or version.
   * Throws `corrupt_entry`.
   */
  async find(path: string, wanted: number, isReadable: (version: Version) => boolean): Promise<Found | null> {
    for (let look = 0; look < MAX_LOOKS; look++) {
      const key = await this.read(path)
      const number = wanted > 0 ? wanted : (key?.current ?? 0)
      const version = key === null ? null : versionOf(key, number)
      if (key === null || version === null) return null
      if (!isReadable(version)) return { key, number, version, bytes: null }
      const bytes = await this.value(path, number, version)
      if (bytes !== null) return { key, number, version, bytes }
    }
    throw missingValue()
  }

  /**
   * Makes one change and resolves with its answer once it is durable. Rejects with what `change` throws, as
   * the storage does, and with `overloaded`.
   */
  async change<Answer>(path: string, change: Change<Answer>): Promise<Answer> {
    return await this.#writes.run(() => this.#enqueue(path, change))
  }

  /** How many keys are being changed. */
  get busy(): number {
    return this.#waiting.size
  }

  async #enqueue<Answer>(path: string, change: Change<Answer>): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const waiting: Waiting = {
      apply: async (key) => {
        try {
          const changed = await change(key)
          return { key: changed.key, tell: () => resolve(changed.answer) }
        } catch (error) {
          // A refusal stands once what it was judged by is stored.
          return { key, tell: () => reject(error) }
        }
      },
      fail: reject,
    }
    const others = this.#waiting.get(path)
    if (others === undefined) {
      const queue = [waiting]
      this.#waiting.set(path, queue)
      void this.#work(path, queue)
    } else {
      if (others.length >= MAX_CHANGES_WAITING) {
        throw new OperatingError('overloaded', 'too many changes of one secret wait for each other')
      }
      others.push(waiting)
    }
    return await promise
  }

  /** Never rejects. */
  async #work(path: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) await this.#store(path, queue.splice(0, MAX_CHANGES_AT_ONCE))
    this.#waiting.delete(path)
  }

  async #store(path: string, changes: readonly Waiting[]): Promise<void> {
    try {
      const before = await this.read(path)
      const told: (() => void)[] = []
      let after = before
      for (const { apply } of changes) {
        const { key, tell } = await apply(after)
        after = key
        told.push(tell)
      }
      if (after !== before) await commitWiping(this.#storage, writesBetween(path, before, after))
      for (const tell of told) tell()
    } catch (error) {
      for (const { fail } of changes) fail(error)
    }
  }
}

/** A version whose value has to be there, and is not. */
export function missingValue(): OperatingError {
  return new OperatingError('corrupt_entry', 'the value of a stored version is missing')
}
