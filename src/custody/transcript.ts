import { canonicalJson, type RecordValue } from '../base/canonical-json.ts'
import type { UnixMillis } from '../base/clock.ts'
import { concat, toHex, utf8 } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { type Consent, consentRecord } from './consent.ts'
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
  /** SHA-256 of the closing line of the transcript that was closed last; zeros before the first. */
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

/** New shares are out and wait to be given back: the set that they belong to, with its public keys. */
export function dealtLine(
  primitives: Primitives,
  chain: ChainState,
  dealt: { readonly time: UnixMillis; readonly facts: { readonly [member: string]: RecordValue } },
): TranscriptLine {
  return line(primitives, chain, { ...dealt.facts, event: 'dealt', time: dealt.time })
}

/** How a ceremony ended. `facts` are public: serials, set numbers, the next identity key. */
export interface Closing {
  readonly time: UnixMillis
  readonly event: 'completed' | 'cancelled' | 'expired' | 'superseded'
  readonly facts: { readonly [member: string]: RecordValue }
}

/**
 * The last line, signed by the identity key that the first line names: Ed25519 over
 * `"conclave transcript v1\n"` and the line without its signature.
 */
export function closingLine(
  primitives: Primitives,
  chain: ChainState,
  closing: Closing & { readonly identitySeed: SecretBytes },
): TranscriptLine {
  const members = { ...closing.facts, event: closing.event, time: closing.time, ...position(chain) }
  const message = concat(utf8('conclave transcript v1\n'), canonicalJson(members))
  const signature = closing.identitySeed.lend((seed) => primitives.ed25519Sign(seed, message))
  return finish(primitives, chain, { ...members, signature: field(signature) })
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
