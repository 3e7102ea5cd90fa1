import { OperatingError } from '../base/errors.ts'
import { MAX_BODIES_BYTES, MAX_UNAUTHENTICATED_BODY_BYTES, SMALL_BODIES_BYTES } from '../base/limits.ts'

/** The part of a budget that one body takes. Disposing gives it back. */
export interface BodyRoom extends Disposable {
  /** Makes sure that `bytes` of the body, all in all, are within the budget. Throws `overloaded`. */
  cover(bytes: number): void
}

/**
 * The memory that the bodies of all requests under way take together, on all listeners of a server. A part of
 * it is kept for bodies such as anybody may send: a few uploads must not keep a share from being given.
 */
export class BodyBudget {
  readonly #allBytes: number
  readonly #largeBytes: number
  #takenBytes = 0

  constructor({ allBytes, keptForSmallBytes } = DEFAULTS) {
    this.#allBytes = allBytes
    this.#largeBytes = allBytes - keptForSmallBytes
  }

  /** A body larger than this never fits. */
  get largestBytes(): number {
    return this.#largeBytes
  }

  /** Room for one body, which takes nothing until bytes are covered. */
  open(): BodyRoom {
    let own = 0
    const cover = (bytes: number): void => {
      if (bytes <= own) return
      const limit = bytes > MAX_UNAUTHENTICATED_BODY_BYTES ? this.#largeBytes : this.#allBytes
      if (this.#takenBytes - own + bytes > limit) throw overloaded()
      this.#takenBytes += bytes - own
      own = bytes
    }
    const giveBack = (): void => {
      this.#takenBytes -= own
      own = 0
    }
    return { cover, [Symbol.dispose]: giveBack }
  }
}

const DEFAULTS = { allBytes: MAX_BODIES_BYTES, keptForSmallBytes: SMALL_BODIES_BYTES }

function overloaded(): OperatingError {
  return new OperatingError(
    'overloaded',
    'the requests under way fill the memory that is meant for them: try again shortly',
  )
}
