import { canonicalJson, type RecordValue } from '../base/canonical-json.ts'
import type { UnixMillis } from '../base/clock.ts'
import { concat, toHex, utf8 } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { type Consent, consentRecord } from './consent.ts'
import { type PublicKeySet, publicKeySetRecord } from './key-set.ts'
import { field } from './record-fields.ts'

export const TRANSCRIPT_FORMAT = 1

/** What the first line of a transcript ties the ceremony to. */
export interface TranscriptOpening {
  /** The statement's exact bytes. */
  readonly statement: Uint8Array
  readonly digest: Uint8Array
  /** SHA-256 of the stored custody record, and its serial, when the ceremony was opened. */
  readonly custodyDigest: Uint8Array
  readonly serial: number
  /** The identity key whose signature closes this transcript. */
  readonly identityKey: Uint8Array
  /** The sets that the statement names, whose holders may agree. */
  readonly keySets: readonly PublicKeySet[]
  /** SHA-256 of the closing line that was the newest when the ceremony was opened; zeros before the first. */
  readonly previousHead: Uint8Array
}

/** Where a chain stands: how many lines there are, and the SHA-256 of the newest. */
export interface ChainState {
  readonly lines: number
  readonly head: Uint8Array
}

/** One line as it is stored and exported, without its newline. */
export interface TranscriptLine {
  readonly bytes: Uint8Array
  readonly next: ChainState
}

export const EMPTY_HEAD = new Uint8Array(32)

/** The newest closing line of a store: what is closed next names it, so that none can be taken out. */
export interface TranscriptHead {
  /** SHA-256 of the line. */
  readonly hash: Uint8Array
  /** `null` before the first. */
  readonly ceremonyId: string | null
}

export const NO_TRANSCRIPT: TranscriptHead = { hash: EMPTY_HEAD, ceremonyId: null }

/** The first line: what was proposed, on which store, after which transcript. */
export function openingLine(
  primitives: Primitives,
  time: UnixMillis,
  opening: TranscriptOpening,
): TranscriptLine {
  return line(
    primitives,
    { lines: 0, head: EMPTY_HEAD },
    {
      custody_sha256: toHex(opening.custodyDigest),
      digest: toHex(opening.digest),
      event: 'opened',
      format: TRANSCRIPT_FORMAT,
      identity_key: field(opening.identityKey),
      key_sets: opening.keySets.map(publicKeySetRecord),
      previous_transcript: toHex(opening.previousHead),
      serial: opening.serial,
      statement: field(opening.statement),
      time,
    },
  )
}

/** A holder's consent. Signatures appear, shares never do. */
export function consentLine(
  primitives: Primitives,
  chain: ChainState,
  entry: { readonly time: UnixMillis; readonly consent: Consent },
): TranscriptLine {
  return line(primitives, chain, { ...consentRecord(entry.consent), event: 'consent', time: entry.time })
}

/** New shares are out and wait to be given back: the set that they belong to, and who agreed to it. */
export function dealtLine(
  primitives: Primitives,
  chain: ChainState,
  entry: { readonly time: UnixMillis; readonly agreedBy: Uint8Array; readonly dealt: PublicKeySet },
): TranscriptLine {
  const { time, agreedBy, dealt } = entry
  const facts = { agreed_by: toHex(agreedBy), dealt: publicKeySetRecord(dealt) }
  return line(primitives, chain, { ...facts, event: 'dealt', time })
}

export const CLOSING_EVENTS = ['completed', 'cancelled', 'expired', 'superseded'] as const

/** How a ceremony ended. `facts` are public: serials, set numbers, the next identity key. */
export interface Closing {
  readonly time: UnixMillis
  readonly event: (typeof CLOSING_EVENTS)[number]
  readonly facts: { readonly [member: string]: RecordValue }
}

/** Who closes, and after what: ceremonies run beside each other, but they are closed one after the other. */
export interface ClosingPlace {
  /** The identity key of the store at this time; another one, where an install came since the opening. */
  readonly identity: { readonly seed: SecretBytes; readonly publicKey: Uint8Array }
  readonly previous: TranscriptHead
}

/** The last line, signed by the identity key: Ed25519 over `closingMessage`. */
export function closingLine(
  primitives: Primitives,
  chain: ChainState,
  closing: Closing & ClosingPlace,
): TranscriptLine {
  const { identity, previous } = closing
  const members = {
    ...closing.facts,
    event: closing.event,
    identity_key: field(identity.publicKey),
    previous_ceremony: previous.ceremonyId,
    previous_transcript: toHex(previous.hash),
    time: closing.time,
    ...position(chain),
  }
  const message = closingMessage(members)
  const signature = identity.seed.lend((seed) => primitives.ed25519Sign(seed, message))
  return finish(primitives, chain, { ...members, signature: field(signature) })
}

/** `"conclave transcript v1\n"` and the closing line without its signature. */
export function closingMessage(members: { readonly [member: string]: RecordValue }): Uint8Array {
  return concat(utf8('conclave transcript v1\n'), canonicalJson(members))
}

function line(
  primitives: Primitives,
  chain: ChainState,
  members: { readonly [member: string]: RecordValue },
): TranscriptLine {
  return finish(primitives, chain, { ...members, ...position(chain) })
}

function position(chain: ChainState): { readonly [member: string]: RecordValue } {
  return { line: chain.lines, previous_line: toHex(chain.head) }
}

function finish(
  primitives: Primitives,
  chain: ChainState,
  members: { readonly [member: string]: RecordValue },
): TranscriptLine {
  const bytes = canonicalJson(members)
  return { bytes, next: { lines: chain.lines + 1, head: primitives.sha256(bytes) } }
}
