/** A block that is longer is cut in two: moving so many references costs less than finding their place. */
const MAX_BLOCK = 512

/**
 * Storage keys in byte order of their UTF-8, each once. Adding, taking away and finding one cost the
 * logarithm of how many there are, and at most a block.
 */
export class SortedKeys {
  /** In order, and none of them empty. */
  readonly #blocks: string[][] = []

  constructor(keys: Iterable<string> = []) {
    const sorted = [...new Set(keys)].sort(compareUtf8)
    for (let at = 0; at < sorted.length; at += MAX_BLOCK / 2) {
      this.#blocks.push(sorted.slice(at, at + MAX_BLOCK / 2))
    }
  }

  add(key: string): void {
    // What comes before everything goes into the first block.
    const at = Math.max(0, this.#blockOf(key))
    const block = this.#blocks[at]
    if (block === undefined) {
      this.#blocks.push([key])
      return
    }
    const place = placeIn(block, key)
    if (block[place] === key) return
    block.splice(place, 0, key)
    if (block.length > MAX_BLOCK) this.#blocks.splice(at + 1, 0, block.splice(MAX_BLOCK / 2))
  }

  delete(key: string): void {
    const at = this.#blockOf(key)
    const block = this.#blocks[at]
    if (block === undefined) return
    const place = placeIn(block, key)
    if (block[place] !== key) return
    block.splice(place, 1)
    if (block.length === 0) this.#blocks.splice(at, 1)
  }

  /** The first key that is not before `bound`, or `null`. */
  next(bound: string): string | null {
    const at = Math.max(0, this.#blockOf(bound))
    const block = this.#blocks[at]
    if (block === undefined) return null
    return block[placeIn(block, bound)] ?? this.#blocks[at + 1]?.[0] ?? null
  }

  /** The last block that begins at the key or before it; -1 where all begin behind it. */
  #blockOf(key: string): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const first = this.#blocks[middle]?.[0] ?? ''
      if (compareUtf8(first, key) <= 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

/** The first place whose key is not before `key`. */
function placeIn(block: readonly string[], key: string): number {
  let low = 0
  let high = block.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareUtf8(block[middle] ?? '', key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Byte order of UTF-8, of well-formed texts, without encoding them: this runs at every step of a search. */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const [one, other] = [left.charCodeAt(at), right.charCodeAt(at)]
    if (one !== other) return rank(one) - rank(other)
  }
  return left.length - right.length
}

/**
 * UTF-16 has what lies beyond U+FFFF in halves from 0xD800 to 0xDFFF, before U+E000; in UTF-8, which keeps
 * the order of code points, it comes last.
 */
function rank(unit: number): number {
  return unit >= FIRST_HALF && unit <= LAST_HALF ? unit + BEHIND_ALL : unit
}

const FIRST_HALF = 0xd800
const LAST_HALF = 0xdfff
const BEHIND_ALL = 0x10000
