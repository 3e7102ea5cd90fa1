import { uuidFrom } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'

const ID_BYTES = 16
/** 256 identifiers: one call to the system for each would be a twentieth of a small answer. */
const BLOCK_BYTES = 256 * ID_BYTES

/**
 * Makes the identifier of each request: a random UUID, never given before. They are no secrets; what is left
 * of a block says which will come next, to whoever can read this memory anyway.
 */
export function requestIds(entropy: Entropy): () => string {
  let block: Uint8Array = new Uint8Array(0)
  let next = 0
  return () => {
    if (next === block.length) {
      block = entropy.bytes(BLOCK_BYTES)
      next = 0
    }
    const id = uuidFrom(block.subarray(next, next + ID_BYTES))
    next += ID_BYTES
    return id
  }
}
