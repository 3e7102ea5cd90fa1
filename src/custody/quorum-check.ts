import { canonicalJson } from '../base/canonical-json.ts'
import { sameBytes, toHex } from '../base/encoding.ts'
import { type Consent, verifyConsent } from './consent.ts'
import { type PublicKeySet, publicKeySetRecord } from './key-set.ts'
import type { KnownChain } from './known-chain.ts'
import type { LineFaults } from './line-faults.ts'
import { AGREEMENT, type StatementFacts } from './statement-reader.ts'
import type { ReadClosing, ReadDealt } from './transcript-line.ts'
import type { ReadTranscript, Verifier } from './transcript-verify.ts'

/** Against what a transcript is checked, and where faults go. */
export interface Checking {
  readonly faults: LineFaults
  /** What came before; `null`: the transcript is checked against itself. */
  readonly chain: KnownChain | null
}

/**
 * Every consent is by the share that its set lists, over this very statement; and what was completed, or
 * dealt, had a quorum of **one** set. This is what nobody can forge who does not have the shares.
 */
export function checkQuorum(verifier: Verifier, transcript: ReadTranscript, checking: Checking): void {
  const { opening, statement, lines, closing } = transcript
  const { faults } = checking
  const named = opening.keySets.map((set) => knownSet(set, checking))
  const given = new GivenConsents()
  let pending: PublicKeySet | null = null
  // The first bad line is told: nobody needs to know what is wrong behind it.
  for (const [index, line] of lines.slice(0, faults.first()?.line).entries()) {
    if (line?.event === 'dealt') {
      const why = pending === null ? faultOfDeal(line, named, given) : 'deals a second time'
      if (why !== null) faults.add(index, why)
      pending = line.dealt
    }
    if (line?.event !== 'consent') continue
    const { consent } = line
    // Only new shares prove that they arrived; only those of before agree to anything.
    const sets = consent.verb === 'prove' ? [pending].filter((set) => set !== null) : named
    const why = faultOfConsent(verifier, consent, { sets, digest: opening.digest })
    if (why === null) given.add(consent)
    else faults.add(index, why)
  }
  if (closing?.event !== 'completed') return
  const end = lines.length - 1
  const why = faultOfNewSet({ statement, closing }, pending, given)
  if (why !== null) faults.add(end, why)
  // In the verified flow the quorum is what the deal needed.
  if (AGREEMENT[statement.kind] === 'nobody' || pending !== null) return
  const { agreedBy } = closing.facts
  const sets = agreedBy === null ? named : named.filter((set) => sameBytes(set.id, agreedBy))
  if (!sets.some((set) => given.isQuorum(set))) {
    faults.add(end, 'says completed, but no quorum of one key set agreed')
  }
}

/** Who said what: one holder counts once, however often. */
class GivenConsents {
  readonly #shares = new Map<string, Set<number>>()

  add({ setId, shareNumber, verb }: Consent): void {
    const key = `${verb} ${toHex(setId)}`
    this.#shares.set(key, (this.#shares.get(key) ?? new Set()).add(shareNumber))
  }

  count(verb: Consent['verb'], set: PublicKeySet): number {
    return this.#shares.get(`${verb} ${toHex(set.id)}`)?.size ?? 0
  }

  isQuorum(set: PublicKeySet): boolean {
    return this.count('agree', set) >= set.threshold
  }
}

/** The set as its deal put it down, wherever the chain knows it. */
function knownSet(set: PublicKeySet, { faults, chain }: Checking): PublicKeySet {
  if (chain === null) return set
  const known = chain.set(set.id)
  if (known === null) faults.add(0, `names key set ${set.number}, which no ceremony before it dealt`)
  else if (!sameBytes(bytesOf(known), bytesOf(set))) {
    faults.add(0, `gives other keys for key set ${set.number} than the ceremony that dealt it`)
  }
  return known ?? set
}

function faultOfConsent(
  verifier: Verifier,
  consent: Consent,
  by: { readonly sets: readonly PublicKeySet[]; readonly digest: Uint8Array },
): string | null {
  const set = by.sets.find((one) => sameBytes(one.id, consent.setId))
  if (set === undefined) return 'is a consent by a key set that has no say in it'
  if (verifyConsent(verifier, consent, { set, digest: by.digest })) return null
  return `is not signed by share ${consent.shareNumber} of key set ${set.number}`
}

function faultOfDeal(line: ReadDealt, named: readonly PublicKeySet[], given: GivenConsents): string | null {
  const agreeing = named.find((set) => sameBytes(set.id, line.agreedBy))
  return agreeing !== undefined && given.isQuorum(agreeing)
    ? null
    : 'deals new shares, but no quorum of one key set agreed'
}

const OTHERWISE = 'deals otherwise than its statement says'

/** What was dealt is what the holders agreed to, and in the verified flow it came back. */
function faultOfNewSet(
  { statement, closing }: { readonly statement: StatementFacts; readonly closing: ReadClosing },
  pending: PublicKeySet | null,
  given: GivenConsents,
): string | null {
  const { deal } = statement
  const atOnce = closing.facts.dealt
  if (deal === null) return pending === null && atOnce === null ? null : OTHERWISE
  const isVerified = deal.flow === 'verified'
  const [dealt, other] = isVerified ? [pending, atOnce] : [atOnce, pending]
  if (other !== null) return OTHERWISE
  if (dealt === null) return 'does not say which key set was dealt'
  if (dealt.shares.length !== deal.shares || dealt.threshold !== deal.threshold) {
    return 'deals other numbers of shares than its statement'
  }
  const needed = deal.verify === 'all' ? dealt.shares.length : dealt.threshold
  return isVerified && given.count('prove', dealt) < needed
    ? 'says completed, but too few of the new shares were given back'
    : null
}

function bytesOf(set: PublicKeySet): Uint8Array {
  return canonicalJson(publicKeySetRecord(set))
}
