import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { hasCode } from '../base/errors.ts'
import { MAX_TOKEN_GENERATIONS } from '../base/limits.ts'
import type { TokenEntry } from './entry.ts'
import type { StoredToken } from './places.ts'

/** Reads what is stored of tokens. Throws `corrupt_entry` for what no version up to this one wrote. */
export interface TokenEntries {
  get(key: string): Promise<TokenEntry | null>
}

/**
 * Which stored tokens are good at this moment. A token whose end has come, or is being made, is not, whatever
 * still stands in the store; nor is one below it.
 */
export class KnownTokens {
  readonly #entries: TokenEntries
  readonly #clock: Clock
  /** Tokens that are being ended with all below them, and when that is done. */
  readonly #ending = new Map<string, Promise<void>>()
  /** Tokens that are being ended alone. */
  readonly #endingAlone = new Set<string>()

  constructor(entries: TokenEntries, clock: Clock) {
    this.#entries = entries
    this.#clock = clock
  }

  /** What is stored, good or not. Throws `corrupt_entry`. */
  async read(key: string): Promise<StoredToken | null> {
    const entry = await this.#entries.get(key)
    return entry === null ? null : { key, entry }
  }

  /** The same, where one that cannot be read is as good as none. */
  async readable(key: string): Promise<StoredToken | null> {
    try {
      return await this.read(key)
    } catch (error) {
      if (hasCode(error, 'corrupt_entry')) return null
      throw error
    }
  }

  /** What is stored, if it is good. A last use does not count: it is being made. */
  async good(key: string): Promise<StoredToken | null> {
    const stored = await this.read(key)
    return stored !== null && (await this.isGood(key, stored.entry)) ? stored : null
  }

  /** Whether a token is good with this entry. `key` is `null` for one that is not stored. */
  async isGood(key: string | null, entry: TokenEntry): Promise<boolean> {
    if (this.#isPast(entry)) return false
    if (key !== null && (this.#ending.has(key) || this.#endingAlone.has(key))) return false
    // A stored token goes with those above it, so that it stands there says enough where none of them can
    // have ended by itself and none is being ended. A batch token has nothing but its parent.
    const mustLook = key === null || entry.ancestorEnds || this.#ending.size > 0
    return !mustLook || (await this.#isAncestryGood(entry))
  }

  async #isAncestryGood(entry: TokenEntry): Promise<boolean> {
    let parent = entry.parent
    for (let steps = 0; parent !== null; steps++) {
      assert(steps <= MAX_TOKEN_GENERATIONS, 'tokens are nested to a limit')
      if (this.#ending.has(parent)) return false
      const above: StoredToken | null = await this.read(parent)
      if (above === null || this.#isPast(above.entry)) return false
      parent = above.entry.parent
    }
    return true
  }

  #isPast({ expireTime }: TokenEntry): boolean {
    return expireTime !== null && this.#clock.now() >= expireTime
  }

  /**
   * Ends a token with all below it by `work`: from now on, synchronously, none of them is good. One that is
   * being ended already is waited for. Where `work` fails they are what they were: nobody was told otherwise.
   */
  async whileEnding(key: string, work: () => Promise<void>): Promise<void> {
    const running = this.#ending.get(key)
    if (running !== undefined) return await running
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#ending.set(key, promise)
    // Whoever waits for it is told; if nobody does, our own caller still is.
    promise.catch(() => undefined)
    try {
      await work()
      resolve()
    } catch (error) {
      reject(error)
      throw error
    } finally {
      this.#ending.delete(key)
    }
  }

  /** The same for a token alone. */
  async whileEndingAlone(key: string, work: () => Promise<void>): Promise<void> {
    this.#endingAlone.add(key)
    try {
      await work()
    } finally {
      this.#endingAlone.delete(key)
    }
  }
}
