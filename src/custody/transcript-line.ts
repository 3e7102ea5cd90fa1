import { parseCanonicalJson, type RecordValue } from '../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { fromHex } from '../base/encoding.ts'
import { type Consent, parseConsent } from './consent.ts'
import { KEY_SET_ID_BYTES, PUBLIC_KEY_BYTES, type PublicKeySet, parsePublicKeySet } from './key-set.ts'
import { corrupt, RecordFields, type RecordObject } from './record-fields.ts'
import { CLOSING_EVENTS, type Closing, closingMessage, TRANSCRIPT_FORMAT } from './transcript.ts'

const WHAT = 'the line'
const HASH_BYTES = 32
const SIGNATURE_BYTES = 64
const MAX_TIME = 253_402_300_799_999
const MAX_LINES = 100_000

/** A line of a transcript, read back. What it says is proven by nothing yet. */
export type ReadLine = ReadOpening | ReadConsent | ReadDealt | ReadClosing

interface Place {
  readonly line: number
  /** SHA-256 of the line before. */
  readonly previousLine: Uint8Array
  readonly time: UnixMillis
}

export interface ReadOpening extends Place {
  readonly event: 'opened'
  readonly statement: Uint8Array
  readonly digest: Uint8Array
  readonly custodyDigest: Uint8Array
  readonly serial: number
  readonly identityKey: Uint8Array
  readonly keySets: readonly PublicKeySet[]
  readonly previousTranscript: Uint8Array
}

export interface ReadConsent extends Place {
  readonly event: 'consent'
  readonly consent: Consent
}

export interface ReadDealt extends Place {
  readonly event: 'dealt'
  readonly agreedBy: Uint8Array
  readonly dealt: PublicKeySet
}

export interface ReadClosing extends Place {
  readonly event: Closing['event']
  readonly identityKey: Uint8Array
  readonly previousTranscript: Uint8Array
  readonly previousCeremony: string | null
  /** What the signature is over. */
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly facts: ClosingFacts
}

/** What a closing line may say besides. What this version does not know is covered by the signature too. */
export interface ClosingFacts {
  /** Serial of the custody record at its end: the one that it made, or the one that it found. */
  readonly serial: number | null
  /** The set whose holders were the quorum. */
  readonly agreedBy: Uint8Array | null
  /** The set that was dealt. */
  readonly dealt: PublicKeySet | null
  readonly nextIdentityKey: Uint8Array | null
}

/** Throws `corrupt_store`, whose message says what is wrong with the line. */
export function readLine(bytes: Uint8Array): ReadLine {
  const value = parseCanonicalJson(bytes)
  if (value === null) throw corrupt(WHAT, 'is not JSON in its canonical form (RFC 8785)')
  const fields = new RecordFields(value, WHAT)
  const event = fields.text('event')
  const place = {
    line: fields.integer('line', { min: 0, max: MAX_LINES }),
    previousLine: hash(fields, 'previous_line'),
    time: unixMillis(fields.integer('time', { min: 0, max: MAX_TIME })),
  }
  if (event === 'opened') return readOpening(fields, place)
  if (event === 'consent') return { event, ...place, consent: readConsent(value as RecordObject) }
  if (event === 'dealt') return readDealt(fields, place)
  const closing = CLOSING_EVENTS.find((known) => known === event)
  if (closing === undefined) throw corrupt(WHAT, 'has an event that this version does not know')
  return readClosing(value as RecordObject, { fields, place, event: closing })
}

/** Whether a line ends its transcript. */
export function isClosing(line: ReadLine): line is ReadClosing {
  return line.event !== 'opened' && line.event !== 'consent' && line.event !== 'dealt'
}

function readOpening(fields: RecordFields, place: Place): ReadOpening {
  fields.integer('format', { min: TRANSCRIPT_FORMAT, max: TRANSCRIPT_FORMAT })
  const opening: ReadOpening = {
    event: 'opened',
    ...place,
    statement: fields.bytes('statement'),
    digest: hash(fields, 'digest'),
    custodyDigest: hash(fields, 'custody_sha256'),
    serial: fields.integer('serial', { min: 0, max: Number.MAX_SAFE_INTEGER }),
    identityKey: fields.bytes('identity_key', PUBLIC_KEY_BYTES),
    keySets: fields.list('key_sets').map(parsePublicKeySet),
    previousTranscript: hash(fields, 'previous_transcript'),
  }
  fields.end()
  return opening
}

function readDealt(fields: RecordFields, place: Place): ReadDealt {
  const dealt: ReadDealt = {
    event: 'dealt',
    ...place,
    agreedBy: hexBytes(fields, 'agreed_by', KEY_SET_ID_BYTES),
    dealt: parsePublicKeySet(fields.value('dealt')),
  }
  fields.end()
  return dealt
}

function readConsent(value: RecordObject): Consent {
  const { event, line, previous_line, time, ...consent } = value
  return parseConsent(consent)
}

function readClosing(
  value: RecordObject,
  read: { readonly fields: RecordFields; readonly place: Place; readonly event: Closing['event'] },
): ReadClosing {
  const { fields, place, event } = read
  const { signature, ...members } = value
  return {
    event,
    ...place,
    identityKey: fields.bytes('identity_key', PUBLIC_KEY_BYTES),
    previousTranscript: hash(fields, 'previous_transcript'),
    previousCeremony: optional(fields, 'previous_ceremony', () => fields.text('previous_ceremony')),
    message: closingMessage(members),
    signature: fields.bytes('signature', SIGNATURE_BYTES),
    facts: {
      serial: optional(fields, 'serial', () =>
        fields.integer('serial', { min: 1, max: Number.MAX_SAFE_INTEGER }),
      ),
      agreedBy: optional(fields, 'agreed_by', () => hexBytes(fields, 'agreed_by', KEY_SET_ID_BYTES)),
      dealt: optional(fields, 'dealt', parsePublicKeySet),
      nextIdentityKey: optional(fields, 'next_identity_key', () =>
        hexBytes(fields, 'next_identity_key', PUBLIC_KEY_BYTES),
      ),
    },
  }
}

function optional<Value>(
  fields: RecordFields,
  name: string,
  read: (value: RecordValue) => Value,
): Value | null {
  const value = fields.value(name)
  return value === undefined || value === null ? null : read(value)
}

function hash(fields: RecordFields, name: string): Uint8Array {
  return hexBytes(fields, name, HASH_BYTES)
}

function hexBytes(fields: RecordFields, name: string, length: number): Uint8Array {
  const bytes = fromHex(fields.text(name))
  if (bytes?.length !== length) throw corrupt(WHAT, `has no ${length} bytes "${name}" in hex`)
  return bytes
}
