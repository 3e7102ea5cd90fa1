import { assert } from '../../base/assert.ts'
import { canonicalJson, parseCanonicalJson } from '../../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../../base/clock.ts'
import { toHex, utf8 } from '../../base/encoding.ts'
import { ERROR_CODES, hasCode } from '../../base/errors.ts'
import { JOURNAL_LINE_BYTES } from '../../base/limits.ts'
import type { Primitives } from '../../crypto/primitives.ts'
import { corrupt, RecordFields, type RecordObject } from '../../custody/record-fields.ts'
import { JOURNAL_CREDENTIALS, JOURNAL_EVENTS, JOURNAL_KINDS, type JournalEntry } from './journal.ts'

export type Hashing = Pick<Primitives, 'sha256'>

/** What a journal knows besides its entries. */
export interface JournalState {
  /** Counts the changes: of two copies the later one holds. */
  readonly turn: number
  readonly handedOver: number
  readonly sealMark: UnixMillis | null
}

const FORMAT = 1
const SUM_PREFIX = utf8('conclave journal line v1\n')
const SUM_BYTES = 8
const MAX_INTEGER = Number.MAX_SAFE_INTEGER
const MAX_TIME = 253_402_300_799_999
const REASONS = [...ERROR_CODES, 'internal'] as const
const WHAT = 'a line of the journal'
const SPACE = 0x20
const LINE_END = 0x0a

/**
 * A line of the file: RFC 8785 JSON, blanks, and a line end, `JOURNAL_LINE_BYTES` in all. Its sum finds what
 * a disk does to it and nothing else: whoever may write to the file can make one.
 */
export function encodeEntry(hashing: Hashing, entry: JournalEntry): Uint8Array {
  const { kind, event, ceremony, share, source, credential, reason, sequence, time, until, count } = entry
  const facts = { kind, event, ceremony, share, source, credential, reason }
  return encode(hashing, { ...facts, sequence, time, until, count, format: FORMAT })
}

/** `null` for anything that `encodeEntry` has not made: an empty slot, a damaged or a newer line. */
export function decodeEntry(hashing: Hashing, slot: Uint8Array): JournalEntry | null {
  return readable(() => {
    const fields = decode(hashing, slot)
    const entry: JournalEntry = {
      sequence: fields.integer('sequence', { min: 1, max: MAX_INTEGER }),
      time: timeOf(fields, 'time'),
      until: timeOf(fields, 'until'),
      count: fields.integer('count', { min: 1, max: MAX_INTEGER }),
      kind: oneOf(fields.text('kind'), JOURNAL_KINDS),
      event: oneOf(fields.text('event'), JOURNAL_EVENTS),
      ceremony: nullable(fields, 'ceremony', (name) => fields.text(name)),
      share: nullable(fields, 'share', (name) => fields.integer(name, { min: 1, max: 255 })),
      source: nullable(fields, 'source', (name) => fields.text(name)),
      credential: nullable(fields, 'credential', (name) => oneOf(fields.text(name), JOURNAL_CREDENTIALS)),
      reason: nullable(fields, 'reason', (name) => oneOf(fields.text(name), REASONS)),
    }
    fields.end()
    return entry
  })
}

/** As a line: two copies of it stand at the beginning of the file. */
export function encodeState(hashing: Hashing, state: JournalState): Uint8Array {
  const { turn, handedOver, sealMark } = state
  return encode(hashing, { format: FORMAT, turn, handed_over: handedOver, seal_mark: sealMark })
}

/** `null` for anything that `encodeState` has not made. */
export function decodeState(hashing: Hashing, slot: Uint8Array): JournalState | null {
  return readable(() => {
    const fields = decode(hashing, slot)
    const state = {
      turn: fields.integer('turn', { min: 0, max: MAX_INTEGER }),
      handedOver: fields.integer('handed_over', { min: 0, max: MAX_INTEGER }),
      sealMark: nullable(fields, 'seal_mark', (name) => timeOf(fields, name)),
    }
    fields.end()
    return state
  })
}

/** Whether nothing was ever written there. A line, whole or torn, is not zero at both ends. */
export function isBlank(slot: Uint8Array): boolean {
  return slot[0] === 0 && slot.at(-1) === 0
}

function encode(hashing: Hashing, members: RecordObject): Uint8Array {
  const json = canonicalJson({ ...members, sum: sumOf(hashing, members) })
  assert(json.length < JOURNAL_LINE_BYTES, 'a line of the journal fits its place')
  const slot = new Uint8Array(JOURNAL_LINE_BYTES).fill(SPACE)
  slot.set(json)
  slot[JOURNAL_LINE_BYTES - 1] = LINE_END
  return slot
}

/** Throws `corrupt_store`. */
function decode(hashing: Hashing, slot: Uint8Array): RecordFields {
  const end = slot.findLastIndex((byte) => byte !== SPACE && byte !== LINE_END) + 1
  const value = parseCanonicalJson(slot.subarray(0, end))
  if (typeof value !== 'object' || value === null) throw corrupt(WHAT, 'is no object')
  const { sum, ...members } = value as RecordObject
  if (sum !== sumOf(hashing, members)) throw corrupt(WHAT, 'is damaged')
  const fields = new RecordFields(members, WHAT)
  fields.integer('format', { min: FORMAT, max: FORMAT })
  return fields
}

function sumOf(hashing: Hashing, members: RecordObject): string {
  return toHex(hashing.sha256(SUM_PREFIX, canonicalJson(members)).subarray(0, SUM_BYTES))
}

function readable<Result>(read: () => Result): Result | null {
  try {
    return read()
  } catch (error) {
    // One damaged line costs that line; what is lost shows as a gap in the sequence.
    if (hasCode(error, 'corrupt_store')) return null
    throw error
  }
}

function nullable<Value>(fields: RecordFields, name: string, read: (name: string) => Value): Value | null {
  return fields.value(name) === null ? null : read(name)
}

function timeOf(fields: RecordFields, name: string): UnixMillis {
  return unixMillis(fields.integer(name, { min: 0, max: MAX_TIME }))
}

function oneOf<Name extends string>(text: string, names: readonly Name[]): Name {
  const name = names.find((one) => one === text)
  if (name === undefined) throw corrupt(WHAT, 'has an unknown word')
  return name
}
