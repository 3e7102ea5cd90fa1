import { createHash } from 'node:crypto'
import type { Entropy } from '../../src/base/entropy.ts'

/** Randomness that a seed replays: SHA-256 of seed and counter. For tests only. */
export class SeededEntropy implements Entropy {
  readonly #seed: string
  #counter = 0

  constructor(seed: string | number) {
    this.#seed = String(seed)
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let offset = 0; offset < length; offset += 32) {
      const block = createHash('sha256')
        .update(`${this.#seed}/${this.#counter++}`)
        .digest()
      out.set(block.subarray(0, Math.min(32, length - offset)), offset)
    }
    return out
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return new DataView(this.bytes(4).buffer).getUint32(0) % bound
  }
}
