import { type Millis, millis, type UnixMillis } from '../../base/clock.ts'
import { JOURNAL_SOURCES_MAX, JOURNAL_WINDOW_MAX_MS, JOURNAL_WINDOW_MS } from '../../base/limits.ts'
import { sourceOfAddress } from '../../base/source-of-address.ts'
import type { JournalFacts } from './journal.ts'

/** Stands for every source beyond `JOURNAL_SOURCES_MAX`. No address is spelled like it. */
export const OTHER_SOURCES = 'others'

/** The two times of one moment: for the line, and for measuring. */
export interface Moment {
  readonly wall: UnixMillis
  readonly monotonic: Millis
}

/** The same facts, `count` times from `first` to `last`. */
export interface Counted {
  readonly facts: JournalFacts
  readonly count: number
  readonly first: UnixMillis
  readonly last: UnixMillis
}

interface Window {
  readonly facts: JournalFacts
  readonly lengthMs: number
  readonly ends: number
  /** `null`: nothing since the window began. */
  readonly counted: Omit<Counted, 'facts'> | null
}

/**
 * Keeps whoever can cause lines without end from doing so. The first of its kind from one source is a line at
 * once; what follows is counted, and becomes one line when its window ends. While it goes on the windows
 * double, so that a script which fails once a second makes some thirty lines a day.
 *
 * The addresses of one /64 are one source. Bounded: `JOURNAL_SOURCES_MAX` windows, and one more for each
 * kind, event and reason of all further sources together, which are closed lists. No clock of its own.
 */
export class RefusalCounter {
  readonly #windows = new Map<string, Window>()
  #nextEnd = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#windows.size
  }

  get isCounting(): boolean {
    return [...this.#windows.values()].some((window) => window.counted !== null)
  }

  /** The facts to write down now, or `null` when they were only counted. Call `ended` first. */
  offer(facts: JournalFacts, now: Moment): JournalFacts | null {
    const hasRoom = this.#windows.size < JOURNAL_SOURCES_MAX || this.#windows.has(keyOf(facts))
    const own = hasRoom ? facts : { ...facts, source: OTHER_SOURCES, ceremony: null, share: null }
    const key = keyOf(own)
    const window = this.#windows.get(key)
    if (window === undefined) {
      this.#begin(key, own, { now: now.monotonic, lengthMs: JOURNAL_WINDOW_MS })
      return own
    }
    const { count, first } = window.counted ?? { count: 0, first: now.wall }
    const told = toldTogether(window.facts, own)
    this.#windows.set(key, { ...window, facts: told, counted: { count: count + 1, first, last: now.wall } })
    return null
  }

  /** What was counted in windows that are over. */
  ended(now: Millis): readonly Counted[] {
    if (now < this.#nextEnd) return []
    const over = [...this.#windows].filter(([, window]) => window.ends <= now)
    for (const [key, { facts, lengthMs, counted }] of over) {
      this.#windows.delete(key)
      if (counted === null) continue
      this.#begin(key, facts, { now, lengthMs: Math.min(lengthMs * 2, JOURNAL_WINDOW_MAX_MS) })
    }
    this.#nextEnd = Math.min(...[...this.#windows.values()].map((window) => window.ends))
    return over.flatMap(([, window]) => countedOf(window))
  }

  /** What was counted so far, in all windows, which end with it. */
  endAll(): readonly Counted[] {
    const all = [...this.#windows.values()].flatMap(countedOf)
    this.#windows.clear()
    this.#nextEnd = Number.POSITIVE_INFINITY
    return all
  }

  #begin(
    key: string,
    facts: JournalFacts,
    window: { readonly now: Millis; readonly lengthMs: number },
  ): void {
    const ends = millis(window.now + window.lengthMs)
    this.#windows.set(key, { facts, lengthMs: window.lengthMs, ends, counted: null })
    this.#nextEnd = Math.min(this.#nextEnd, ends)
  }
}

function countedOf({ facts, counted }: Window): readonly Counted[] {
  return counted === null ? [] : [{ facts, ...counted }]
}

function keyOf({ kind, event, reason, source, ceremony, share }: JournalFacts): string {
  const counted = source == null ? null : sourceOfAddress(source)
  return JSON.stringify([kind, event, reason, counted, ceremony, share])
}

/** Several addresses of one source are told as that source; one alone as it is. */
function toldTogether(counted: JournalFacts, added: JournalFacts): JournalFacts {
  const { source } = added
  if (source == null || source === counted.source) return counted
  return { ...counted, source: sourceOfAddress(source) }
}
