/** Numbers that a seed replays, cheap enough for a hundred thousand cases: xorshift32 (Marsaglia 2003). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state >>> 0
    return this.#state % bound
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  some<Item>(items: readonly Item[], most: number): readonly Item[] {
    return Array.from({ length: this.below(most + 1) }, () => this.pick(items))
  }
}
