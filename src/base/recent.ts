import { assert } from './assert.ts'

interface Entry<Value> {
  readonly value: Value
  readonly weight: number
  isUsed: boolean
}

/** After as many entries without need of room the hand is let go of. */
const IDLE_ENTRIES = 256

/** What was used of late, within a bound: where room is needed, what was not used lately goes first. */
export class Recent<Key, Value> {
  readonly #bound: number
  readonly #weigh: (key: Key, value: Value) => number
  readonly #entries = new Map<Key, Entry<Value>>()
  /**
   * Goes round the entries, of which the first is always the next: those that it was at are gone, or behind
   * all others. It is kept while it is in use, as a new one first steps over all that was deleted before it;
   * and no longer, as it holds on to every table that the `Map` has had since.
   */
  #hand: MapIterator<[Key, Entry<Value>]> | null = null
  /** How many entries came since room was made. */
  #idle = 0
  #weight = 0

  /** `bound` is on the sum of what `weigh` says of each entry: without it, on their number. */
  constructor(bound: number, weigh: (key: Key, value: Value) => number = () => 1) {
    assert(bound > 0, 'a cache holds something')
    this.#bound = bound
    this.#weigh = weigh
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    entry.isUsed = true
    return entry.value
  }

  set(key: Key, value: Value): void {
    this.delete(key)
    const weight = this.#weigh(key, value)
    this.#entries.set(key, { value, weight, isUsed: false })
    this.#weight += weight
    this.#idle++
    while (this.#weight > this.#bound) this.#makeRoom()
    if (this.#idle > IDLE_ENTRIES) this.#hand = null
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#weight -= entry.weight
  }

  clear(): void {
    this.#entries.clear()
    this.#hand = null
    this.#weight = 0
  }

  /**
   * Deletes the next entry that was not used since the hand came by last, and puts those that were behind all
   * others: their second chance. To put a key there at each use would be dear: a `Map` keeps a hole where it
   * stood, and each look-up of that key steps over all of its holes until the whole is laid out anew.
   */
  #makeRoom(): void {
    this.#idle = 0
    this.#hand ??= this.#entries.entries()
    const { done, value: next } = this.#hand.next()
    if (done === true) {
      this.#hand = null
      return
    }
    const [key, entry] = next
    if (!entry.isUsed) {
      this.delete(key)
      return
    }
    entry.isUsed = false
    this.#entries.delete(key)
    this.#entries.set(key, entry)
  }
}
