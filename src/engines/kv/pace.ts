import { type Clock, millis } from '../../base/clock.ts'

/** Names or entries that are read in one go: some ten thousandths of a second. */
const READS_AT_ONCE = 5000

/** Lets others have their turn during work that only reads: storage answers at once, so it would not end. */
export class Pace {
  readonly #clock: Clock
  #reads = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async count(reads: number): Promise<void> {
    this.#reads += reads
    if (this.#reads < READS_AT_ONCE) return
    this.#reads = 0
    await this.#clock.sleep(millis(0))
  }
}
