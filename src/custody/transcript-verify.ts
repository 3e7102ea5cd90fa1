import type { UnixMillis } from '../base/clock.ts'
import { sameBytes, toHex } from '../base/encoding.ts'
import type { Primitives } from '../crypto/primitives.ts'
import type { ConsentVerb } from './consent.ts'
import type { PublicKeySet } from './key-set.ts'
import type { KnownChain } from './known-chain.ts'
import { type BadLine, LineFaults } from './line-faults.ts'
import { checkPlace } from './place-in-chain.ts'
import { checkQuorum } from './quorum-check.ts'
import { statementDigest } from './statement.ts'
import { readStatement, type StatementFacts } from './statement-reader.ts'
import { type Closing, EMPTY_HEAD } from './transcript.ts'
import { isClosing, type ReadClosing, type ReadLine, type ReadOpening, readLine } from './transcript-line.ts'

/** The two primitives that an auditor needs. None of them takes a secret. */
export type Verifier = Pick<Primitives, 'sha256' | 'ed25519Verify'>

/** What a transcript proves, once it was verified. */
export interface TranscriptFacts {
  readonly ceremonyId: string
  readonly kind: StatementFacts['kind']
  /** Hex. */
  readonly storeId: string
  readonly opened: UnixMillis
  readonly ended: UnixMillis
  readonly outcome: Closing['event']
  /** Who agreed, in order. */
  readonly consents: readonly { readonly set: number; readonly share: number; readonly verb: ConsentVerb }[]
  /** Serial of the custody record at its end, where it says one. */
  readonly serial: number | null
  /** The set that it made a live one. */
  readonly dealt: PublicKeySet | null
  /** The key that closed it, and the one that closes what comes after, where that is another. */
  readonly identityKey: Uint8Array
  readonly nextIdentityKey: Uint8Array | null
  /** SHA-256 of the closing line. */
  readonly head: Uint8Array
}

export type TranscriptVerdict =
  | { readonly ok: true; readonly facts: TranscriptFacts }
  | { readonly ok: false; readonly bad: BadLine }

/** A transcript that could be read as far as this: what every further check works on. */
export interface ReadTranscript {
  readonly opening: ReadOpening
  readonly statement: StatementFacts
  readonly lines: readonly (ReadLine | null)[]
  /** `null` where a line is missing or altered: then it may be the end of another ceremony. */
  readonly closing: ReadClosing | null
}

/**
 * Verifies one transcript, offline and without a secret. With `chain`, what came before it decides which keys
 * count; without, the transcript is only checked against what it says itself: it is whole, nobody has altered
 * a line of it, and those agreed whose keys it names.
 *
 * Tells the first line that cannot be what the ceremony wrote. A line that is missing is told at its place.
 */
export function verifyTranscript(
  verifier: Verifier,
  lines: readonly Uint8Array[],
  chain: KnownChain | null = null,
): TranscriptVerdict {
  const faults = new LineFaults()
  const read = lines.map((bytes, index) => faults.reading(index, () => readLine(bytes)))
  checkOrder(read, faults)
  const last = read.at(-1)
  const closing = last !== null && last !== undefined && isClosing(last) ? last : null
  const signer = chain?.identityKey ?? closing?.identityKey ?? null
  const isSigned =
    closing !== null && signer !== null && verifier.ed25519Verify(signer, closing.message, closing.signature)
  if (closing !== null && !isSigned) faults.add(lines.length - 1, 'is not signed by the identity key')
  checkLinks(verifier, { lines, read, isSigned }, faults)

  const isWhole = faults.first() === null
  const opening = read[0]?.event === 'opened' ? read[0] : null
  const statement = opening === null ? null : checkOpening(verifier, opening, faults)
  if (opening !== null && statement !== null) {
    const transcript = { opening, statement, lines: read, closing: isWhole ? closing : null }
    // The place first: of one line, the first fault is told, and a gap says more than what it causes.
    checkPlace(transcript, { faults, chain })
    checkQuorum(verifier, transcript, { faults, chain })
  }
  const bad = faults.first()
  if (bad !== null) return { ok: false, bad }
  if (statement === null || closing === null)
    return { ok: false, bad: { line: 0, fault: 'is no transcript' } }
  const head = verifier.sha256(lines.at(-1) ?? new Uint8Array())
  return { ok: true, facts: factsOf({ statement, closing, read, head }) }
}

/** Every line where its number says, an opening first, one end, at the end. */
function checkOrder(read: readonly (ReadLine | null)[], faults: LineFaults): void {
  for (const [index, line] of read.entries()) {
    if (line === null) continue
    if (line.line !== index) {
      const numbers = `says that it is line ${line.line}, where line ${index} was expected`
      faults.add(index, `${numbers}: one is missing, repeated or out of place`)
    } else if ((line.event === 'opened') !== (index === 0)) {
      faults.add(index, index === 0 ? 'does not open a ceremony' : 'opens a ceremony within another')
    } else if (isClosing(line) && index !== read.length - 1) {
      faults.add(index + 1, 'stands behind the end of its ceremony')
    }
  }
  const last = read.at(-1)
  if (last !== null && (last === undefined || !isClosing(last))) {
    faults.add(read.length, 'is missing: the ceremony has no closing line')
  }
}

/**
 * Each line holds the hash of the one before. Where two do not fit, the one for which somebody vouches is
 * right: the line after it by its own hash, or the signature of the closing line.
 */
function checkLinks(
  verifier: Verifier,
  transcript: {
    readonly lines: readonly Uint8Array[]
    readonly read: readonly (ReadLine | null)[]
    readonly isSigned: boolean
  },
  faults: LineFaults,
): void {
  const { read, isSigned } = transcript
  const hashes = transcript.lines.map((bytes) => verifier.sha256(bytes))
  const fits = (index: number): boolean => {
    const before = hashes[index - 1] ?? EMPTY_HEAD
    const line = read[index]
    return line !== null && line !== undefined && sameBytes(line.previousLine, before)
  }
  for (const [index, line] of read.entries()) {
    // Out of place, it fits to nothing: told already, and its neighbours are not to blame.
    if (line === null || line.line !== index || fits(index)) continue
    const isVouchedFor = index === read.length - 1 ? isSigned : fits(index + 1)
    if (index > 0 && isVouchedFor)
      faults.add(index - 1, 'is not the one that the line after it names: altered')
    else faults.add(index, 'does not follow from the line before it')
  }
}

/** The statement's digest, and the sets that it names, which must be those whose keys the line gives. */
function checkOpening(verifier: Verifier, opening: ReadOpening, faults: LineFaults): StatementFacts | null {
  const { digest } = opening
  if (!sameBytes(statementDigest(verifier, opening.statement), digest)) {
    faults.add(0, 'has a digest that is not the one of its statement')
  }
  const statement = faults.reading(0, () => readStatement(opening.statement))
  if (statement === null) return null
  if (statement.opened !== opening.time) faults.add(0, 'has another time than its statement')
  const named = statement.keySets.map(({ id, number }) => `${number}/${id}`)
  const given = opening.keySets.map(({ id, number }) => `${number}/${toHex(id)}`)
  // Sealed, the statement is made from the record in the clear, of which one copy may be damaged: what counts
  // there is whose keys the consents are by.
  if (statement.kind !== 'unseal' && named.join() !== given.join()) {
    faults.add(0, 'gives the keys of other sets than its statement names')
  }
  return statement
}

function factsOf(transcript: {
  readonly statement: StatementFacts
  readonly closing: ReadClosing
  readonly read: readonly (ReadLine | null)[]
  readonly head: Uint8Array
}): TranscriptFacts {
  const { statement, closing, read, head } = transcript
  const pending = read.find((line) => line?.event === 'dealt')?.dealt ?? null
  const opening = read[0]?.event === 'opened' ? read[0] : null
  const sets = [...(opening?.keySets ?? []), ...(pending === null ? [] : [pending])]
  const { serial, dealt, nextIdentityKey } = closing.facts
  return {
    ceremonyId: statement.ceremonyId,
    kind: statement.kind,
    storeId: statement.storeId,
    opened: statement.opened,
    ended: closing.time,
    outcome: closing.event,
    consents: read.flatMap((line) => {
      if (line?.event !== 'consent') return []
      const { setId, shareNumber: share, verb } = line.consent
      return [{ set: sets.find((set) => sameBytes(set.id, setId))?.number ?? 0, share, verb }]
    }),
    serial,
    dealt: closing.event === 'completed' ? (dealt ?? pending) : null,
    identityKey: closing.identityKey,
    nextIdentityKey,
    head,
  }
}
