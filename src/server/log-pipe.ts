import type { Output } from './dev.ts'

/** Characters of lines that may wait for whoever reads the log. */
const MAX_WAITING = 1024 * 1024

/**
 * The lines of the log on their way out. Whoever started the server may read them slowly, or never: then no
 * more than a bound of them waits, and the rest is dropped and counted. `resumed` is told how many those were
 * once lines go out again.
 */
export class LogPipe {
  readonly #out: Output
  readonly #resumed: (dropped: number) => void
  #waiting = 0
  #dropped = 0

  constructor(out: Output, resumed: (dropped: number) => void) {
    this.#out = out
    this.#resumed = resumed
  }

  write(line: string): void {
    // A line is short: the one that passes the bound may still wait.
    if (this.#waiting >= MAX_WAITING) {
      this.#dropped += 1
      return
    }
    this.#waiting += line.length
    this.#out.write(line, () => this.#wrote(line.length))
  }

  #wrote(length: number): void {
    this.#waiting -= length
    if (this.#waiting > 0 || this.#dropped === 0) return
    const dropped = this.#dropped
    this.#dropped = 0
    this.#resumed(dropped)
  }
}
