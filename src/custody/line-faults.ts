import { OperatingError } from '../base/errors.ts'

/** A line that cannot be what the ceremony wrote, counted from 0, and why. */
export interface BadLine {
  readonly line: number
  readonly fault: string
}

/** Gathers what is wrong, so that the first bad line is told, and not the one that was looked at first. */
export class LineFaults {
  readonly #bad: BadLine[] = []

  add(line: number, fault: string): void {
    this.#bad.push({ line, fault })
  }

  /** Runs `read`; a record that cannot be read is a fault of `line`, and gives `null`. */
  reading<Value>(line: number, read: () => Value): Value | null {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error
      this.add(line, error.message)
      return null
    }
  }

  /** The first bad line; of one line, the fault that was found first. */
  first(): BadLine | null {
    return this.#bad.reduce<BadLine | null>(
      (first, bad) => (first === null || bad.line < first.line ? bad : first),
      null,
    )
  }
}
