/** Buckets for each doubling: a quantile is at most an eighth above what it was. */
const PARTS_LOG2 = 3
const PARTS = 2 ** PARTS_LOG2
/** 31 doublings of a microsecond: up to 35 minutes. */
const BUCKETS = 32 * PARTS
const MAX_MICROSECONDS = 2 ** 31 - 1

/**
 * How long one thing took, over and over: count, sum, extremes, and a fixed number of logarithmic buckets for
 * the quantiles. Adding costs some additions and no memory.
 */
export class Series {
  readonly #buckets = new Float64Array(BUCKETS)
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  get count(): number {
    return this.#count
  }

  /** Milliseconds, as all that follow. */
  get sum(): number {
    return this.#sum
  }

  /** 0 before the first. */
  get min(): number {
    return this.#count === 0 ? 0 : this.#min
  }

  get max(): number {
    return this.#max
  }

  add(ms: number): void {
    this.#count++
    this.#sum += ms
    if (ms < this.#min) this.#min = ms
    if (ms > this.#max) this.#max = ms
    const index = bucketOf(ms)
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1
  }

  /** What a part `rank` (0 to 1) of all stayed within, up to an eighth too much; `NaN` before the first. */
  quantile(rank: number): number {
    if (this.#count === 0) return Number.NaN
    const wanted = Math.max(1, Math.ceil(rank * this.#count))
    let seen = 0
    for (const [index, held] of this.#buckets.entries()) {
      seen += held
      if (seen >= wanted) return Math.min(this.#max, endOf(index))
    }
    return this.#max
  }
}

/** Microseconds below `PARTS` have a bucket each; above, each doubling has `PARTS`. */
function bucketOf(ms: number): number {
  const microseconds = Math.min(MAX_MICROSECONDS, Math.max(0, Math.floor(ms * 1000)))
  if (microseconds < PARTS) return microseconds
  const shift = 31 - Math.clz32(microseconds) - PARTS_LOG2
  return shift * PARTS + (microseconds >>> shift)
}

/** In milliseconds, exclusive. */
function endOf(bucket: number): number {
  if (bucket < PARTS) return (bucket + 1) / 1000
  const shift = Math.floor(bucket / PARTS) - 1
  return ((bucket - shift * PARTS + 1) * 2 ** shift) / 1000
}
