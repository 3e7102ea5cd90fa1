import { sameBytes } from '../../src/base/encoding.ts'
import { OperatingError } from '../../src/base/errors.ts'
import type { Condition, Page, StorageBackend, Write } from '../../src/physical/backend.ts'
import { SimSlots } from './sim-slots.ts'

/**
 * The fault model. Storage fails as disks do, at one chosen operation, counted from 1 over reads and writes
 * alike:
 *
 * - `lost`: not applied, and reported with an unknown outcome;
 * - `kept`: applied, and reported with an unknown outcome all the same;
 * - `full`: not applied, and known not to be;
 * - `gone`: applied, and reported with an unknown outcome; and so is, unapplied, every operation after it;
 * - `crash`: applied, and the last one before the process dies: nothing after it happens or answers.
 */
export type FaultMode = 'lost' | 'kept' | 'full' | 'gone' | 'crash'

export interface Fault {
  readonly at: number
  readonly mode: FaultMode
}

/** The process has died: whoever sees this in a test must not go on. */
export class Crashed extends Error {
  override name = 'Crashed'
}

/** In-memory storage that fails where a test says. */
export class SimStorage implements StorageBackend {
  readonly entries: Map<string, Uint8Array>
  /** The file of the journal, on the same disk beside the store. Faults are the store's alone. */
  readonly journal: SimSlots
  #fault: Fault | null = null
  #operations = 0
  #crashed = false
  #held: Promise<void> | null = null

  constructor(entries: ReadonlyMap<string, Uint8Array> = new Map(), journal = new SimSlots()) {
    this.entries = new Map([...entries].map(([key, value]) => [key, value.slice()]))
    this.journal = journal
  }

  /** Operations since the last `arm`. */
  get operations(): number {
    return this.#operations
  }

  get isCrashed(): boolean {
    return this.#crashed
  }

  /** Counts from now on, and fails at `fault.at`. */
  arm(fault: Fault | null): void {
    this.#fault = fault
    this.#operations = 0
  }

  /** From now on every operation hangs, until what this returns is called: then all of them happen. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held = promise
    return () => {
      this.#held = null
      resolve()
    }
  }

  /** What a new process finds. */
  reopened(): SimStorage {
    return new SimStorage(this.entries, this.journal.reopened())
  }

  async get(key: string): Promise<Uint8Array | null> {
    return await this.#operate(true, () => this.entries.get(key)?.slice() ?? null)
  }

  async list(prefix: string, page: Page): Promise<readonly string[]> {
    return await this.#operate(true, () => {
      const names = new Set<string>()
      for (const key of this.entries.keys()) {
        if (!key.startsWith(prefix)) continue
        const rest = key.slice(prefix.length)
        const slash = rest.indexOf('/')
        names.add(slash === -1 ? rest : rest.slice(0, slash + 1))
      }
      return [...names]
        .sort()
        .filter((name) => name > page.after)
        .slice(0, page.limit)
    })
  }

  async commit(batch: readonly Write[], conditions: readonly Condition[] = []): Promise<void> {
    await this.#operate(false, () => {
      for (const { key, stored } of conditions) {
        const now = this.entries.get(key) ?? null
        const holds = now === null || stored === null ? now === stored : sameBytes(now, stored)
        if (!holds) throw new OperatingError('condition_failed', 'the stored record is another')
      }
      for (const write of batch) {
        if (write.op === 'put') this.entries.set(write.key, write.value.slice())
        else this.entries.delete(write.key)
      }
    })
  }

  async settle(): Promise<void> {
    await this.#operate(true, () => undefined)
  }

  async scrub(): Promise<void> {
    await this.#operate(true, () => undefined)
  }

  async close(): Promise<void> {}

  async #operate<Result>(readOnly: boolean, apply: () => Result): Promise<Result> {
    if (this.#crashed) throw new Crashed('the process has died')
    this.#operations++
    const operation = this.#operations
    if (this.#held !== null) await this.#held
    if (this.#isGoneBefore(operation)) throw new OperatingError('storage_unavailable', 'the disk is gone')
    if (this.#fault?.at !== operation) return apply()
    switch (this.#fault.mode) {
      case 'crash': {
        this.#crashed = true
        apply()
        throw new Crashed('the process dies here')
      }
      case 'full':
        if (readOnly) return apply()
        throw new OperatingError('storage_full', 'no room')
      case 'kept':
      case 'gone':
        apply()
        throw new OperatingError('storage_unavailable', 'applied, but told failed')
      case 'lost':
        throw new OperatingError('storage_unavailable', 'not applied')
    }
  }

  #isGoneBefore(operation: number): boolean {
    return this.#fault?.mode === 'gone' && operation > this.#fault.at
  }
}
