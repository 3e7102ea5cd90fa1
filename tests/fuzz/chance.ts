/** Randomness that a seed replays: mulberry32, good enough to wander through a grammar. For tests only. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** From 0 to `bound` - 1. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }

  /** From 0 to `most`, small numbers more often. */
  few(most: number): number {
    return this.below(this.below(most + 1) + 1)
  }

  oneIn(count: number): boolean {
    return this.below(count) === 0
  }

  oneOf<Item>(choices: readonly Item[]): Item {
    const choice = choices[this.below(choices.length)]
    if (choice === undefined) throw new Error('nothing to choose from')
    return choice
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  /** `count` of what `make` makes, in one text. */
  text(count: number, make: () => string): string {
    let text = ''
    for (let left = count; left > 0; left--) text += make()
    return text
  }
}
