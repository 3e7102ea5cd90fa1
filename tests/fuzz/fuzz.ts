import type { TestContext } from 'node:test'
import { Chance } from './chance.ts'

const SLOW = process.env['CONCLAVE_SLOW'] === '1'
/** What a reader is shown at a commit; the slow run shows it twenty times as much, the coverage run less. */
const INPUTS = Number(process.env['CONCLAVE_INPUTS'] ?? (SLOW ? 2_000_000 : 100_000))
/** One seed at every commit, so that a failure is the patch's; another one at every slow run. */
const SEED = Number(process.env['CONCLAVE_SEED'] ?? (SLOW ? Date.now() % 2 ** 31 : 20_261_128))
const MAX_KEPT = 1000
const MAX_INPUT_BYTES = 4096
const SHRINK_STEPS = 20_000

/** A reader of bytes from strangers, or of stored ones, and what it promises. */
export interface Target {
  /** Inputs to begin with: valid ones. */
  readonly examples: readonly Uint8Array[]
  /** Pieces that its grammar is made of, to be put in anywhere. */
  readonly pieces: readonly string[]
  /** An input from the grammar, which need not be valid. */
  readonly make: (chance: Chance) => Uint8Array
  /**
   * Throws when a promise is broken. What it returns says which way the reader went: an input that went a new
   * way is kept, and others are made of it.
   */
  readonly check: (input: Uint8Array) => string
}

/** Feeds `target` and reports what came of it. Fails with the seed, and the smallest input that was found. */
export function fuzz(t: TestContext, target: Target): void {
  const chance = new Chance(SEED)
  const pieces = target.pieces.map((piece) => new Uint8Array(Buffer.from(piece)))
  const kept = [...target.examples]
  const ways = new Map<string, number>()
  const cpu = process.cpuUsage()
  for (let count = 1; count <= INPUTS; count++) {
    const isFresh = kept.length === 0 || chance.oneIn(3)
    const input = isFresh ? target.make(chance) : mutate(chance, kept, pieces)
    let way: string
    try {
      way = target.check(input)
    } catch (error) {
      const least = shrink(input, target.check)
      const shown = `${JSON.stringify(Buffer.from(least).toString('latin1'))} (latin1)`
      throw new Error(`input ${count} breaks a promise; CONCLAVE_SEED=${SEED} replays it: ${shown}`, {
        cause: error,
      })
    }
    const times = ways.get(way) ?? 0
    ways.set(way, times + 1)
    if (times === 0 && kept.length < MAX_KEPT) kept.push(input)
  }
  const { user, system } = process.cpuUsage(cpu)
  const most = [...ways].sort(([, one], [, other]) => other - one).slice(0, 8)
  const seconds = ((user + system) / 1e6).toFixed(1)
  t.diagnostic(
    `${INPUTS} inputs, seed ${SEED}, ${seconds} s of one core, ${ways.size} ways; 0 promises broken`,
  )
  t.diagnostic(most.map(([way, times]) => `${way}: ${times}`).join('; '))
}

/** One to four changes to one that was kept. */
function mutate(chance: Chance, kept: readonly Uint8Array[], pieces: readonly Uint8Array[]): Uint8Array {
  let input = chance.oneOf(kept)
  for (let left = 1 + chance.few(3); left > 0; left--) input = change(chance, input, { kept, pieces })
  return input.subarray(0, MAX_INPUT_BYTES)
}

interface Material {
  readonly kept: readonly Uint8Array[]
  readonly pieces: readonly Uint8Array[]
}

function change(chance: Chance, input: Uint8Array, { kept, pieces }: Material): Uint8Array {
  const at = chance.below(input.length + 1)
  const end = Math.min(input.length, at + 1 + chance.few(16))
  switch (chance.below(8)) {
    case 0:
      return join(input.subarray(0, at), input.subarray(end))
    case 1:
      return input.subarray(0, at)
    case 2:
      return join(input.subarray(0, end), input.subarray(at))
    case 3: {
      const other = chance.oneOf(kept)
      return join(input.subarray(0, at), other.subarray(chance.below(other.length + 1)))
    }
    case 4: {
      const flipped = input.slice()
      if (at < input.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << chance.below(8))
      return flipped
    }
    case 5:
      return join(input.subarray(0, at), chance.bytes(1), input.subarray(at))
    default: {
      const piece = pieces.length === 0 ? chance.bytes(2) : chance.oneOf(pieces)
      return join(input.subarray(0, at), piece, input.subarray(chance.oneIn(2) ? at : end))
    }
  }
}

/** The smallest that taking parts away leaves, and that still breaks a promise. */
function shrink(input: Uint8Array, check: (input: Uint8Array) => unknown): Uint8Array {
  const breaks = (candidate: Uint8Array): boolean => {
    try {
      check(candidate)
      return false
    } catch {
      return true
    }
  }
  let least = input
  let steps = 0
  for (let size = input.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < least.length && steps < SHRINK_STEPS; steps++) {
      const candidate = join(least.subarray(0, at), least.subarray(at + size))
      if (breaks(candidate)) least = candidate
      else at += size
    }
  }
  return least
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
