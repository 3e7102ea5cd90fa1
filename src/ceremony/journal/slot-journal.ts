import { type Clock, millis, type UnixMillis } from '../../base/clock.ts'
import type { ErrorDetail } from '../../base/errors.ts'
import {
  JOURNAL_BYTES,
  JOURNAL_LINE_BYTES,
  JOURNAL_SYNC_MS,
  JOURNAL_TEXT_MAX,
  JOURNAL_WINDOW_MS,
} from '../../base/limits.ts'
import type { Journal, JournalEntry, JournalEvent, JournalFacts } from './journal.ts'
import {
  decodeEntry,
  decodeState,
  encodeEntry,
  encodeState,
  type Hashing,
  isBlank,
  type JournalState,
} from './line-format.ts'
import { type Counted, type Moment, RefusalCounter } from './refusal-counter.ts'
import { Ring, type SlotFile } from './slots.ts'

export interface JournalPorts {
  readonly clock: Clock
  readonly hashing: Hashing
  readonly log: { warn(event: string, facts?: ErrorDetail): void }
}

const SLOTS = JOURNAL_BYTES / JOURNAL_LINE_BYTES
/** Slots 0 and 1 hold the state, twice: one that is torn or damaged leaves the other. */
const STATE_SLOTS = [0, 1] as const

/** What can be repeated without end by whoever reaches the server, or by one holder. */
const COUNTED: ReadonlySet<JournalEvent> = new Set([
  'share_repeated',
  'refused',
  'throttled',
  'reset',
  'answered_again',
])

/**
 * A journal in two rings. What took a share, a token or the server itself has one for itself, so that no
 * stranger, however many lines they cause in the other, can wash away who opened the store.
 *
 * Lines are kept in memory, and written through where there is a file. A write is one sector, synchronous and
 * without waiting for the disk: some microseconds, after which the death of the process costs nothing. The
 * disk is asked once a second, beside the path.
 */
export class SlotJournal implements Journal {
  readonly #ports: JournalPorts
  readonly #acts: Ring
  readonly #knocks: Ring
  readonly #counter = new RefusalCounter()
  #file: SlotFile | null
  #state: JournalState = { turn: 0, handedOver: 0, sealMark: null }
  #sequence = 0
  #isWaking = false
  #isSyncing = false
  #hasFailed = false

  /** Takes ownership of `file`; without one the journal lives as long as the process. */
  constructor(ports: JournalPorts, file: SlotFile | null, slotCount = SLOTS) {
    this.#ports = ports
    this.#file = file
    const lines = this.#load(slotCount)
    const half = slotCount / 2
    this.#acts = new Ring(STATE_SLOTS.length, lines.slice(STATE_SLOTS.length, half))
    this.#knocks = new Ring(half, lines.slice(half))
  }

  get sealMark(): UnixMillis | null {
    return this.#state.sealMark
  }

  get handedOver(): number {
    return this.#state.handedOver
  }

  record(facts: JournalFacts): void {
    this.#writeEnded()
    const now = this.#moment()
    const bounded = withinBounds(facts)
    if (!COUNTED.has(facts.event)) {
      this.#add({ facts: bounded, count: 1, first: now.wall, last: now.wall })
      return
    }
    const own = this.#counter.offer(bounded, now)
    if (own !== null) this.#add({ facts: own, count: 1, first: now.wall, last: now.wall })
    else this.#wakeLater()
  }

  entries(): readonly JournalEntry[] {
    const all = [...this.#acts.entries(), ...this.#knocks.entries()]
    return all.sort((one, other) => one.sequence - other.sequence)
  }

  mark(): void {
    this.#change({ sealMark: this.#ports.clock.now() })
    // The next process may find nothing else that says so: no second is lost.
    void this.#sync()
  }

  clearMark(): void {
    if (this.#state.sealMark !== null) this.#change({ sealMark: null })
  }

  markHandedOver(sequence: number): void {
    if (sequence > this.#state.handedOver) this.#change({ handedOver: sequence })
  }

  async close(): Promise<void> {
    for (const counted of this.#counter.endAll()) this.#add(counted)
    await this.#sync()
    this.#file?.close()
    this.#file = null
  }

  #load(slotCount: number): readonly (JournalEntry | null)[] {
    const { hashing, log } = this.#ports
    const bytes = this.#read() ?? new Uint8Array(slotCount * JOURNAL_LINE_BYTES)
    const slots = Array.from({ length: slotCount }, (_, index) =>
      bytes.subarray(index * JOURNAL_LINE_BYTES, (index + 1) * JOURNAL_LINE_BYTES),
    )
    const states = slots.slice(0, STATE_SLOTS.length).map((slot) => decodeState(hashing, slot))
    for (const state of states) if (state !== null && state.turn > this.#state.turn) this.#state = state
    const lines = slots.map((slot) => (isBlank(slot) ? null : decodeEntry(hashing, slot)))
    const isRead = (index: number): boolean => (lines[index] ?? states[index] ?? null) !== null
    const damaged = slots.filter((slot, index) => !isRead(index) && !isBlank(slot)).length
    if (damaged > 0) log.warn('lines of the ceremony journal are damaged and left out', { damaged })
    this.#sequence = Math.max(this.#state.handedOver, ...lines.map((entry) => entry?.sequence ?? 0))
    return lines
  }

  #read(): Uint8Array | null {
    try {
      return this.#file?.read() ?? null
    } catch {
      this.#ports.log.warn('the ceremony journal cannot be read; what it held is left out')
      return null
    }
  }

  #add({ facts, count, first, last }: Counted): void {
    this.#sequence++
    const entry = { ...NOTHING, ...facts, sequence: this.#sequence, time: first, until: last, count }
    const slot = (isKnock(entry) ? this.#knocks : this.#acts).add(entry)
    this.#write(slot, encodeEntry(this.#ports.hashing, entry))
  }

  #change(change: Partial<JournalState>): void {
    this.#state = { ...this.#state, ...change, turn: this.#state.turn + 1 }
    const line = encodeState(this.#ports.hashing, this.#state)
    for (const slot of STATE_SLOTS) this.#write(slot, line)
  }

  #write(slot: number, line: Uint8Array): void {
    try {
      this.#file?.write(slot, line)
      this.#syncLater()
    } catch {
      this.#failed()
    }
  }

  /** Said once, not once a line; and again when it fails after it had worked again. */
  #failed(): void {
    if (!this.#hasFailed) this.#ports.log.warn('the ceremony journal cannot be written; it goes on in memory')
    this.#hasFailed = true
  }

  #writeEnded(): void {
    for (const counted of this.#counter.ended(this.#ports.clock.monotonic())) this.#add(counted)
  }

  /** So that what was counted becomes a line also when nothing more comes. */
  #wakeLater(): void {
    if (this.#isWaking) return
    this.#isWaking = true
    void this.#ports.clock.sleep(millis(JOURNAL_WINDOW_MS)).then(() => {
      this.#isWaking = false
      this.#writeEnded()
      if (this.#counter.isCounting) this.#wakeLater()
    })
  }

  #syncLater(): void {
    if (this.#isSyncing || this.#file === null) return
    this.#isSyncing = true
    void this.#ports.clock.sleep(millis(JOURNAL_SYNC_MS)).then(() => {
      this.#isSyncing = false
      return this.#sync()
    })
  }

  async #sync(): Promise<void> {
    try {
      await this.#file?.sync()
      this.#hasFailed = false
    } catch {
      this.#failed()
    }
  }

  #moment(): Moment {
    return { wall: this.#ports.clock.now(), monotonic: this.#ports.clock.monotonic() }
  }
}

const NOTHING = { ceremony: null, share: null, source: null, credential: null, reason: null }

/** Whether anybody who reaches the server can cause it: what is counted, and what took no credential. */
function isKnock({ event, credential }: JournalEntry): boolean {
  return COUNTED.has(event) || credential === 'nobody'
}

function withinBounds(facts: JournalFacts): JournalFacts {
  const { source = null, ceremony = null } = facts
  return {
    ...facts,
    source: source === null ? null : bounded(source),
    ceremony: ceremony === null ? null : bounded(ceremony),
  }
}

/** Visible ASCII, so that its length in JSON is known and a terminal shows it as it is. */
function bounded(text: string): string {
  return text.slice(0, JOURNAL_TEXT_MAX).replace(/[^\x21-\x7e]|["\\]/g, '?')
}
