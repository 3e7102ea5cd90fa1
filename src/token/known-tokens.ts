import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { hasCode } from '../base/errors.ts'
import { MAX_TOKEN_GENERATIONS } from '../base/limits.ts'
import type { TokenEntry } from './entry.ts'
import { isEndedForGood, type StoredToken } from './places.ts'

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
  readonly #endingAlone = new Map<string, EndingAlone>()
  /** Tokens whose end was begun in the store, or may have been, and is not complete. */
  readonly #begun: Set<string>

  /** `begun`: what a process before us did not complete. */
  constructor(entries: TokenEntries, clock: Clock, begun: readonly string[]) {
    this.#entries = entries
    this.#clock = clock
    this.#begun = new Set(begun)
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
    // have ended by itself and none is being ended, now or since an end that failed. A batch token has
    // nothing but its parent.
    const isNoneEnded = this.#ending.size === 0 && this.#begun.size === 0
    const mustLook = key === null || entry.ancestorEnds || !isNoneEnded
    return !mustLook || (await this.#isAncestryGood(entry))
  }

  async #isAncestryGood(entry: TokenEntry): Promise<boolean> {
    return await this.#isEachAbove(entry, (key) => !this.#ending.has(key))
  }

  /** Whether the store has all above a token, none past its end. Throws `corrupt_entry`. */
  async hasAllAbove(entry: TokenEntry): Promise<boolean> {
    return await this.#isEachAbove(entry, () => true)
  }

  async #isEachAbove(entry: TokenEntry, isGood: (key: string) => boolean): Promise<boolean> {
    let parent = entry.parent
    for (let steps = 0; parent !== null; steps++) {
      assert(steps <= MAX_TOKEN_GENERATIONS, 'tokens are nested to a limit')
      if (!isGood(parent)) return false
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
   * being ended already is waited for, and so are those below it that are being ended alone. Where `work`
   * fails they are what the store says, nobody was told otherwise; and where it says that the end was begun,
   * none of them is good until another `work` has completed it.
   */
  async whileEnding(key: string, work: () => Promise<void>): Promise<void> {
    const running = this.#ending.get(key)
    if (running !== undefined) return await running
    const { promise, resolve, reject } = told()
    this.#ending.set(key, promise)
    try {
      await this.#endedAloneBelow(key)
      await work()
      this.#begun.delete(key)
      resolve()
    } catch (error) {
      if (await this.#isMaybeBegun(key)) this.#begun.add(key)
      reject(error)
      throw error
    } finally {
      this.#ending.delete(key)
    }
  }

  /** Whether the store says so, or does not answer. */
  async #isMaybeBegun(key: string): Promise<boolean> {
    try {
      const stored = await this.read(key)
      return stored !== null && isEndedForGood(stored)
    } catch {
      return true
    }
  }

  /**
   * The same for a token alone, while `work` has those below it leave the tree. That is not done beside the
   * end of a tree that it stands in: what that end deletes could be written again. Whoever came first is
   * waited for; in a token's own end nothing is waited for but what stands below it, so that no two wait for
   * each other. Throws `corrupt_entry` where one above it cannot be read.
   */
  async whileEndingAlone(key: string, work: () => Promise<void>): Promise<void> {
    const running = this.#endingAlone.get(key)
    if (running !== undefined) return await running.done
    const { promise, resolve, reject } = told()
    const ending: EndingAlone = { done: promise, above: null }
    this.#endingAlone.set(key, ending)
    try {
      const above = await this.#withAncestors(key)
      for (let tree = this.#treeOf(above); tree !== null; tree = this.#treeOf(above)) await over(tree)
      // Nothing awaits between that look and this: a tree that is ended from now on waits for us.
      ending.above = above
      await work()
      resolve()
    } catch (error) {
      reject(error)
      throw error
    } finally {
      this.#endingAlone.delete(key)
    }
  }

  /** The end of a token that is being made by itself, once that is over; `null` where none is. */
  ownEnd(key: string): Promise<void> | null {
    const alone = this.#endingAlone.get(key)
    const end = this.#ending.get(key) ?? (alone?.above == null ? undefined : alone.done)
    return end === undefined ? null : over(end)
  }

  async #endedAloneBelow(key: string): Promise<void> {
    const below = [...this.#endingAlone.values()].filter(({ above }) => above?.has(key) === true)
    await Promise.all(below.map(({ done }) => over(done)))
  }

  #treeOf(above: ReadonlySet<string>): Promise<void> | null {
    for (const key of above) {
      const tree = this.#ending.get(key)
      if (tree !== undefined) return tree
    }
    return null
  }

  /** A token and all above it. Tokens only ever lose those above them: later there are no more. */
  async #withAncestors(key: string): Promise<ReadonlySet<string>> {
    const keys = new Set<string>()
    for (let next: string | null = key; next !== null; ) {
      assert(keys.size <= MAX_TOKEN_GENERATIONS, 'tokens are nested to a limit')
      keys.add(next)
      next = (await this.read(next))?.entry.parent ?? null
    }
    return keys
  }
}

/** A token that is being ended alone. */
interface EndingAlone {
  readonly done: Promise<void>
  /** It and those above it, none of which ends meanwhile; `null` while it waits for one that does. */
  above: ReadonlySet<string> | null
}

function told(): PromiseWithResolvers<void> {
  const ending = Promise.withResolvers<void>()
  // Whoever waits for it is told; if nobody does, our own caller still is.
  ending.promise.catch(() => undefined)
  return ending
}

/** Resolves once `ending` has come to an end, whatever came of it. */
async function over(ending: Promise<void>): Promise<void> {
  await ending.catch(() => undefined)
}
