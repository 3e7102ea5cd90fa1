import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unixMillis } from '../../base/clock.ts'
import { ERROR_CODES } from '../../base/errors.ts'
import { JOURNAL_LINE_BYTES, JOURNAL_TEXT_MAX } from '../../base/limits.ts'
import { nodePrimitives } from '../../crypto/node/primitives.ts'
import { JOURNAL_EVENTS, JOURNAL_KINDS, type JournalEntry } from './journal.ts'
import { decodeEntry, decodeState, encodeEntry, encodeState } from './line-format.ts'

const ENTRY: JournalEntry = {
  sequence: 7,
  time: unixMillis(1_764_000_000_000),
  until: unixMillis(1_764_000_000_000),
  count: 1,
  kind: 'unseal',
  event: 'share_counted',
  ceremony: '7d444840-9dc0-11d1-b245-5ffdce74fad2',
  share: 3,
  source: '192.0.2.7',
  credential: null,
  reason: null,
}

// The sums were made with Python's hashlib, from the text in docs/storage-format.md.
const ENTRY_LINE =
  '{"ceremony":"7d444840-9dc0-11d1-b245-5ffdce74fad2","count":1,"credential":null,"event":"share_counted",' +
  '"format":1,"kind":"unseal","reason":null,"sequence":7,"share":3,"source":"192.0.2.7",' +
  '"sum":"e61c18f3d5c5cb6b","time":1764000000000,"until":1764000000000}'
const STATE_LINE = '{"format":1,"handed_over":6,"seal_mark":1764000000000,"sum":"8bc9e5f045a6c7e5","turn":2}'

function textOf(slot: Uint8Array): string {
  return Buffer.from(slot).toString()
}

test('an entry is one line of JSON with its sum, in a sector of its own', () => {
  const slot = encodeEntry(nodePrimitives, ENTRY)
  assert.equal(textOf(slot), `${ENTRY_LINE.padEnd(511)}\n`)
  assert.deepEqual(decodeEntry(nodePrimitives, slot), ENTRY)
})

test('the state is such a line too, and neither is taken for the other', () => {
  const state = { turn: 2, handedOver: 6, sealMark: unixMillis(1_764_000_000_000) }
  const slot = encodeState(nodePrimitives, state)
  assert.equal(textOf(slot), `${STATE_LINE.padEnd(511)}\n`)
  assert.deepEqual(decodeState(nodePrimitives, slot), state)
  assert.equal(decodeEntry(nodePrimitives, slot), null)
  assert.equal(decodeState(nodePrimitives, encodeEntry(nodePrimitives, ENTRY)), null)
})

test('the longest entry and the longest state there can be fit', () => {
  const longest = (words: readonly string[]): number => Math.max(...words.map((word) => word.length))
  const kind = JOURNAL_KINDS.find((word) => word.length === longest(JOURNAL_KINDS))!
  const event = JOURNAL_EVENTS.find((word) => word.length === longest(JOURNAL_EVENTS))!
  const reason = ERROR_CODES.find((word) => word.length === longest(ERROR_CODES))!
  const text = 'x'.repeat(JOURNAL_TEXT_MAX)
  const most = Number.MAX_SAFE_INTEGER
  const time = unixMillis(253_402_300_799_999)
  const facts = {
    kind,
    event,
    reason,
    ceremony: text,
    source: text,
    share: 255,
    credential: 'token',
  } as const
  const slot = encodeEntry(nodePrimitives, { ...facts, sequence: most, count: most, time, until: time })
  assert.equal(slot.length, JOURNAL_LINE_BYTES)
  const state = { turn: most, handedOver: most, sealMark: time }
  assert.deepEqual(decodeState(nodePrimitives, encodeState(nodePrimitives, state)), state)
})

test('a line with any one bit flipped is none', () => {
  const slot = encodeEntry(nodePrimitives, ENTRY)
  const length = ENTRY_LINE.length
  for (let bit = 0; bit < length * 8; bit++) {
    const flipped = slot.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    assert.equal(decodeEntry(nodePrimitives, flipped), null, `bit ${bit}`)
  }
})

test('a line cut at any length is none, and so is an empty slot', () => {
  const slot = encodeEntry(nodePrimitives, ENTRY)
  for (let length = 0; length < ENTRY_LINE.length; length++) {
    const torn = new Uint8Array(JOURNAL_LINE_BYTES)
    torn.set(slot.subarray(0, length))
    assert.equal(decodeEntry(nodePrimitives, torn), null, `${length} bytes`)
  }
})

test('refuses what another version may have written, though its sum is right', () => {
  const foreign = { ...ENTRY, event: 'juggled' } as unknown as JournalEntry
  assert.equal(decodeEntry(nodePrimitives, encodeEntry(nodePrimitives, foreign)), null)
})
