import type { Entropy } from '../base/entropy.ts'
import { AEAD_NONCE_BYTES } from './primitives.ts'

/**
 * 341 nonces in a block of nearly 4 KiB: one call to the system for each nonce would be half the cost of
 * sealing.
 */
const BLOCK_BYTES = 341 * AEAD_NONCE_BYTES

/** Random 96-bit nonces, drawn from the system in blocks that are wiped as they are used. */
export class NoncePool {
  readonly #entropy: Entropy
  #block: Uint8Array = new Uint8Array(0)
  #next = 0

  constructor(entropy: Entropy) {
    this.#entropy = entropy
  }

  /** Twelve fresh random bytes in memory of their own, never given before. Throws if the system has none. */
  take(): Uint8Array {
    if (this.#next === this.#block.length) {
      this.#block = this.#entropy.bytes(BLOCK_BYTES)
      this.#next = 0
    }
    const end = this.#next + AEAD_NONCE_BYTES
    const nonce = this.#block.slice(this.#next, end)
    this.#block.fill(0, this.#next, end)
    this.#next = end
    return nonce
  }
}
