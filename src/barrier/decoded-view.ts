import type { Barrier } from './barrier.ts'

/**
 * What `decode` makes of the entries below a prefix, made once for the same stored bytes: as long as a
 * storage hands out the same array, nothing has changed in it. Only for what is no secret, as it stays in
 * memory beside the sealed bytes that it came from. Values are shared and never changed.
 */
export class DecodedView<Value extends object> {
  readonly #barrier: Barrier
  readonly #prefix: string
  readonly #decode: (plaintext: Uint8Array) => Value
  readonly #made = new WeakMap<Uint8Array, Value>()

  /** `prefix` ends in `/`. */
  constructor(barrier: Barrier, prefix: string, decode: (plaintext: Uint8Array) => Value) {
    this.#barrier = barrier
    this.#prefix = prefix
    this.#decode = decode
  }

  /** Throws as `Barrier.get` and `decode` do. */
  async get(key: string): Promise<Value | null> {
    const path = this.#prefix + key
    const stored = await this.#barrier.stored(path)
    if (stored === null) return null
    const known = this.#made.get(stored)
    if (known !== undefined) return known
    const plaintext = this.#barrier.open(path, stored)
    try {
      const made = this.#decode(plaintext)
      this.#made.set(stored, made)
      return made
    } finally {
      plaintext.fill(0)
    }
  }
}
