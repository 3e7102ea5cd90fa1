import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../../tests/sim/sim-clock.ts'
import { SimSlots } from '../../../tests/sim/sim-slots.ts'
import { JOURNAL_BYTES, JOURNAL_LINE_BYTES, JOURNAL_SOURCES_MAX } from '../../base/limits.ts'
import { nodePrimitives } from '../../crypto/node/primitives.ts'
import type { JournalEntry, JournalFacts } from './journal.ts'
import { SlotJournal } from './slot-journal.ts'

const SMALL_SLOTS = 16
const MINUTE = 60_000
/** Where the clock of the simulated world stands. */
const START = 1_764_000_000_000

interface Opened {
  readonly journal: SlotJournal
  readonly clock: SimClock
  readonly file: SimSlots
  readonly warned: string[]
}

function open(file = new SimSlots(), slots?: number): Opened {
  const clock = new SimClock()
  const warned: string[] = []
  const log = {
    warn: (event: string, facts = {}): void => void warned.push(`${event} ${JSON.stringify(facts)}`),
  }
  const journal = new SlotJournal({ clock, hashing: nodePrimitives, log }, file, slots)
  return { journal, clock, file, warned }
}

/** A journal of 16 slots, two of them for the state, six for acts, eight for refusals. */
function small(bytes: Uint8Array = new Uint8Array(SMALL_SLOTS * JOURNAL_LINE_BYTES)): Opened {
  return open(new SimSlots(bytes), SMALL_SLOTS)
}

function counted(share: number): JournalFacts {
  return { kind: 'unseal', event: 'share_counted', share, source: '192.0.2.1', ceremony: 'c1' }
}

function refused(source: string): JournalFacts {
  return { kind: 'unseal', event: 'refused', reason: 'share_unknown', source }
}

function sequences(entries: readonly JournalEntry[]): readonly number[] {
  return entries.map((entry) => entry.sequence)
}

test('a new process reads what the last one wrote, with nothing flushed, and counts on', () => {
  const { journal, file } = open()
  journal.record(counted(1))
  journal.record(refused('192.0.2.9'))
  const next = open(file.reopened()).journal
  assert.deepEqual(next.entries(), journal.entries())
  next.record(counted(2))
  assert.deepEqual(sequences(next.entries()), [1, 2, 3])
})

test('what is not said is null, and the time is that of the clock', () => {
  const { journal } = open()
  journal.record({ kind: 'seal', event: 'stopped' })
  assert.deepEqual(journal.entries(), [
    {
      sequence: 1,
      time: 1_764_000_000_000,
      until: 1_764_000_000_000,
      count: 1,
      kind: 'seal',
      event: 'stopped',
      ceremony: null,
      share: null,
      source: null,
      credential: null,
      reason: null,
    },
  ])
})

test('a source that could be no address is cut and made visible before it is kept', () => {
  const { journal } = open()
  journal.record(refused(`\u001b[2J"\\é${'x'.repeat(100)}`))
  assert.equal(journal.entries()[0]?.source, `?[2J???${'x'.repeat(57)}`)
})

test('what was counted becomes a line after the minute, also when nothing more comes', async () => {
  const { journal, clock } = open()
  for (let index = 0; index < 4; index++) journal.record(refused('192.0.2.9'))
  assert.equal(journal.entries().length, 1)
  clock.advance(MINUTE)
  await new Promise(setImmediate)
  assert.deepEqual(
    journal.entries().map((entry) => entry.count),
    [1, 3],
  )
})

test('a clean stop writes down what was counted', async () => {
  const { journal, file } = open()
  for (let index = 0; index < 4; index++) journal.record(refused('192.0.2.9'))
  await journal.close()
  const next = open(file.reopened()).journal
  assert.deepEqual(
    next.entries().map((entry) => entry.count),
    [1, 3],
  )
})

test('100,000 refusals from 1,000 sources: bounded in memory and file, none uncounted, no act lost', async (t) => {
  const { journal, clock, file } = open()
  for (const share of [1, 2, 3]) journal.record(counted(share))
  globalThis.gc?.()
  const heapBefore = process.memoryUsage().heapUsed
  const started = performance.now()
  // A hundred rounds of all sources, in a minute and a half.
  for (let round = 0; round < 100; round++) {
    for (let source = 0; source < 1000; source++)
      journal.record(refused(`198.51.${source >> 8}.${source & 255}`))
    clock.advance(900)
  }
  const ms = performance.now() - started
  await journal.close()
  const entries = journal.entries()
  const refusals = entries.filter((entry) => entry.event === 'refused')
  assert.equal(
    refusals.reduce((total, entry) => total + entry.count, 0),
    100_000,
  )
  // A line at once, one after the minute, one at the stop, for each source with a place and for all others.
  assert.ok(refusals.length <= 3 * (JOURNAL_SOURCES_MAX + 1), `${refusals.length} lines`)
  assert.equal(file.writes, entries.length)
  assert.deepEqual(
    entries.filter((entry) => entry.event === 'share_counted').map((entry) => entry.share),
    [1, 2, 3],
  )
  assert.equal(file.bytes.length, JOURNAL_BYTES)
  const heapKiB = Math.round((process.memoryUsage().heapUsed - heapBefore) / 1024)
  t.diagnostic(`${refusals.length} lines, ${(ms / 100).toFixed(2)} µs a refusal, heap +${heapKiB} KiB`)
})

test('strangers who fill their ring for days wash away nothing that took a share, a token or the server', () => {
  const { journal, clock, file } = open()
  journal.record(counted(1))
  journal.record({ kind: 'rekey', event: 'opened', credential: 'token', ceremony: 'claimed' })
  for (let hour = 0; hour < 100; hour++) {
    for (let source = 0; source < 300; source++) journal.record(refused(`2001:db8:${hour}:${source}::1`))
    // What an open listener lets anybody do is theirs to fill as well.
    journal.record({ kind: 'rekey', event: 'opened', credential: 'nobody', ceremony: `c${hour}` })
    journal.record({ kind: 'rekey', event: 'cancelled', credential: 'nobody', ceremony: `c${hour}` })
    clock.advance(60 * MINUTE)
  }
  const entries = open(file.reopened()).journal.entries()
  assert.deepEqual(sequences(entries).slice(0, 2), [1, 2])
  assert.equal(entries.length, 2 + 1024, 'and their ring is full')
})

test('a ring forgets its oldest entry for its newest', () => {
  const { journal, file } = small()
  for (let share = 1; share <= 9; share++) journal.record(counted(share))
  assert.deepEqual(
    journal.entries().map((entry) => entry.share),
    [4, 5, 6, 7, 8, 9],
  )
  const next = small(file.bytes).journal
  next.record(counted(10))
  assert.deepEqual(
    next.entries().map((entry) => entry.share),
    [5, 6, 7, 8, 9, 10],
  )
})

/** What is in the small journal whose bytes are damaged below. */
function written(): Opened {
  const opened = small()
  for (const share of [1, 2, 3]) opened.journal.record(counted(share))
  for (const source of ['a', 'b']) opened.journal.record(refused(source))
  opened.journal.mark()
  opened.journal.markHandedOver(2)
  return opened
}

test('whichever byte is flipped, at most its own line is lost, and never the mark of a seal', () => {
  const { file } = written()
  let lost = 0
  for (let index = 0; index < file.bytes.length; index++) {
    const bytes = file.bytes.slice()
    bytes[index]! ^= 0xff
    const { journal } = small(bytes)
    const kept = sequences(journal.entries())
    assert.ok(kept.length >= 4, `byte ${index}: ${kept}`)
    lost += 5 - kept.length
    assert.equal(journal.sealMark, START, `byte ${index}`)
    assert.equal(journal.handedOver, 2, `byte ${index}`)
    journal.record(counted(4))
    assert.equal(journal.entries().at(-1)?.share, 4, `byte ${index}: it goes on`)
  }
  assert.equal(lost, 5 * JOURNAL_LINE_BYTES, 'every byte of the five lines was one of them')
})

test('whichever byte the file ends at, what is whole before it is read, and the journal goes on', () => {
  const { file } = written()
  for (let length = 0; length < file.bytes.length; length++) {
    const bytes = new Uint8Array(file.bytes.length)
    bytes.set(file.bytes.subarray(0, length))
    const { journal } = small(bytes)
    const whole = [2, 3, 4, 8, 9].filter((slot) => length >= (slot + 1) * JOURNAL_LINE_BYTES).length
    assert.ok(journal.entries().length >= whole, `${length} bytes`)
    journal.record(counted(4))
    assert.equal(journal.entries().at(-1)?.share, 4)
  }
})

test('a line torn at any byte loses that line and none before it', () => {
  const { journal, file } = written()
  const before = file.bytes.slice()
  const kept = journal.entries()
  journal.record(counted(4))
  const after = file.bytes
  const start = after.findIndex((byte, index) => byte !== before[index])
  for (let length = 0; length < JOURNAL_LINE_BYTES; length++) {
    const torn = before.slice()
    torn.set(after.subarray(start, start + length), start)
    const entries = small(torn).journal.entries()
    assert.deepEqual(entries.slice(0, kept.length), kept, `${length} bytes`)
  }
})

test('a change of the mark torn at any byte leaves the old one or the new one', () => {
  const { journal, file } = written()
  const before = file.bytes.slice()
  journal.clearMark()
  const after = file.bytes
  for (let length = 0; length <= 2 * JOURNAL_LINE_BYTES; length++) {
    const torn = before.slice()
    torn.set(after.subarray(0, length))
    const { sealMark } = small(torn).journal
    assert.ok(sealMark === null || sealMark === START, `${length} bytes`)
    if (length === 0) assert.equal(sealMark, START)
    if (length >= JOURNAL_LINE_BYTES) assert.equal(sealMark, null)
  }
})

test('a file of anything at all is an empty journal, and a line in the log says how much is lost', () => {
  const { journal, warned } = open(new SimSlots(new Uint8Array(JOURNAL_BYTES).fill(0x7b)))
  assert.deepEqual(journal.entries(), [])
  assert.deepEqual(warned, ['lines of the ceremony journal are damaged and left out {"damaged":2048}'])
  journal.record(counted(1))
  assert.equal(journal.entries().length, 1)
})

test('a sequence is not given twice, though the line that had it is lost', () => {
  const { journal, file } = small()
  for (const share of [1, 2, 3]) journal.record(counted(share))
  journal.markHandedOver(3)
  file.bytes.fill(0, 4 * JOURNAL_LINE_BYTES, 5 * JOURNAL_LINE_BYTES)
  const next = small(file.bytes).journal
  next.record(counted(4))
  assert.deepEqual(sequences(next.entries()), [1, 2, 4])
})

test('where the disk is gone it says so once, goes on in memory, and says so again after it had come back', async () => {
  const { journal, file, clock, warned } = open()
  file.isBroken = true
  for (const share of [1, 2, 3]) journal.record(counted(share))
  journal.mark()
  assert.deepEqual([journal.entries().length, journal.sealMark], [3, START])
  await journal.close()
  assert.equal(warned.length, 1)
  const again = open(file)
  file.isBroken = false
  again.journal.record(counted(4))
  again.clock.advance(1000)
  await new Promise(setImmediate)
  file.isBroken = true
  again.journal.record(counted(5))
  file.isBroken = false
  again.journal.record(counted(6))
  again.clock.advance(1000)
  await new Promise(setImmediate)
  file.isBroken = true
  again.journal.record(counted(7))
  assert.equal(again.warned.length, 2)
  clock.advance(1000)
})

test('a journal without a file is bounded as well', () => {
  const clock = new SimClock()
  const journal = new SlotJournal({ clock, hashing: nodePrimitives, log: { warn: () => undefined } }, null)
  for (let index = 0; index < 5000; index++) journal.record({ kind: 'seal', event: 'completed' })
  assert.equal(journal.entries().length, 1022)
})
