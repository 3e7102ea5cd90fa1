/** Randomness, handed in, so that a seed replays a run. */
export interface Entropy {
  /**
   * Returns `length` fresh bytes in memory of their own (never a slice of a shared pool), so that the
   * caller can own and wipe them. Throws if the system cannot supply them.
   */
  bytes(length: number): Uint8Array
}
