import { assert } from '../../base/assert.ts'
import type { JournalEntry } from './journal.ts'

/** A file of `JOURNAL_BYTES` in slots of `JOURNAL_LINE_BYTES`, whose room was reserved. */
export interface SlotFile {
  /** All of it, zeros where nothing was ever written. Throws what the system throws. */
  read(): Uint8Array
  /** Survives the process when it returns, and a power cut after the next `sync`. Throws as `read`. */
  write(slot: number, line: Uint8Array): void
  /** Resolves once what was written is on the disk. It takes no time of the caller's. Rejects as `read`. */
  sync(): Promise<void>
  close(): void
}

/** Slots one after the other, in which the newest entry takes the place of the oldest. */
export class Ring {
  readonly #firstSlot: number
  readonly #entries: (JournalEntry | null)[]
  #next: number

  /** `loaded` is what stands in its slots, `null` where nothing readable does. */
  constructor(firstSlot: number, loaded: readonly (JournalEntry | null)[]) {
    assert(loaded.length > 0, 'a ring has slots')
    this.#firstSlot = firstSlot
    this.#entries = [...loaded]
    const sequences = loaded.map((entry) => entry?.sequence ?? 0)
    const newest = Math.max(...sequences)
    this.#next = newest === 0 ? 0 : (sequences.indexOf(newest) + 1) % loaded.length
  }

  /** Keeps `entry`; the slot in which it belongs. */
  add(entry: JournalEntry): number {
    const index = this.#next
    this.#entries[index] = entry
    this.#next = (index + 1) % this.#entries.length
    return this.#firstSlot + index
  }

  entries(): readonly JournalEntry[] {
    return this.#entries.filter((entry) => entry !== null)
  }
}
