import { OperatingError } from '../base/errors.ts'
import { MAX_BODIES_BYTES, MAX_UNAUTHENTICATED_BODY_BYTES, SMALL_BODIES_BYTES } from '../base/limits.ts'

/** The part of a budget that one body takes. Disposing gives it back. */
export interface BodyRoom extends Disposable {
  /** Makes sure that `bytes` of the body, all in all, are within the budget. Throws `overloaded`. */
  cover(bytes: number): void
}

/**
 * The memory that bodies under way take together, those of requests or those of answers, on all listeners of
 * a server. A part of it is kept for bodies such as anybody may send: a few uploads must not keep a share
 * from being given. And of the rest one owner has half at most, but for a single body: whoever holds some
 * token must not be able to keep all others from theirs.
 */
export class BodyBudget {
  readonly #allBytes: number
  readonly #largeBytes: number
  #takenBytes = 0
  readonly #takenBy = new Map<string | null, number>()

  constructor({ allBytes, keptForSmallBytes } = DEFAULTS) {
    this.#allBytes = allBytes
    this.#largeBytes = allBytes - keptForSmallBytes
  }

  /** A body larger than this never fits. */
  get largestBytes(): number {
    return this.#largeBytes
  }

  /** Room for one body, which takes nothing until bytes are covered. `owner`: `null` for strangers. */
  open(owner: string | null): BodyRoom {
    let own = 0
    const cover = (bytes: number): void => {
      if (bytes <= own) return
      const isLarge = bytes > MAX_UNAUTHENTICATED_BODY_BYTES
      if (this.#takenBytes - own + bytes > (isLarge ? this.#largeBytes : this.#allBytes)) throw overloaded()
      const others = (this.#takenBy.get(owner) ?? 0) - own
      if (isLarge && others > 0 && others + bytes > this.#largeBytes / 2) throw overloaded()
      take(bytes - own)
    }
    const take = (more: number): void => {
      own += more
      this.#takenBytes += more
      const all = (this.#takenBy.get(owner) ?? 0) + more
      if (all === 0) this.#takenBy.delete(owner)
      else this.#takenBy.set(owner, all)
    }
    return { cover, [Symbol.dispose]: () => take(-own) }
  }
}

const DEFAULTS = { allBytes: MAX_BODIES_BYTES, keptForSmallBytes: SMALL_BODIES_BYTES }

function overloaded(): OperatingError {
  return new OperatingError(
    'overloaded',
    'the requests under way fill the memory that is meant for them: try again shortly',
  )
}
