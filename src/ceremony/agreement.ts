import type { UnixMillis } from '../base/clock.ts'
import { sameBytes } from '../base/encoding.ts'
import type { Consent } from '../custody/consent.ts'

/**
 * What every ceremony on an open server has in common: a statement, and who said what about it (custody.md
 * section 3). Pure: no clock, no randomness, no I/O. Signatures only, never a share.
 */
export interface Agreement {
  /** The API's nonce: it prevents mix-ups and is a credential for nothing. */
  readonly ceremonyId: string
  /** The exact bytes that holders sign, and their digest. */
  readonly statement: Uint8Array
  readonly digest: Uint8Array
  readonly opened: UnixMillis
  readonly expires: UnixMillis
  /** Sets whose holders may agree, with their numbers: the live one first. */
  readonly quorums: readonly Quorum[]
  readonly opener: Opener
  /** Who agreed. Of several sets, each counts by itself. */
  readonly consents: readonly Consent[]
  /** Who wants it to end. */
  readonly cancels: readonly Consent[]
}

export interface Quorum {
  readonly setId: Uint8Array
  readonly shares: number
  readonly threshold: number
}

/** What the opener showed. Opened with nothing, it may be cancelled by anyone who may open one like that. */
export type Opener =
  | { readonly by: 'nobody' }
  | { readonly by: 'token' }
  | { readonly by: 'holder'; readonly setId: Uint8Array; readonly shareNumber: number }

/** What a consent came to. The caller stores the new agreement, and only then takes it. */
export type Counted =
  | { readonly type: 'foreign_set' | 'repeated' }
  | { readonly type: 'counted'; readonly agreement: Agreement }
  /** It is enough. The completing consent is stored only by the commit that it causes. */
  | { readonly type: 'enough'; readonly setId: Uint8Array; readonly consents: readonly Consent[] }

/** A holder agrees. A set has its quorum with its threshold. */
export function agree(agreement: Agreement, consent: Consent): Counted {
  const quorum = quorumOf(agreement, consent)
  if (quorum === undefined) return { type: 'foreign_set' }
  const given = consentsOf(agreement.consents, consent.setId)
  if (has(given, consent)) return { type: 'repeated' }
  const consents = [...given, consent]
  if (consents.length >= quorum.threshold) return { type: 'enough', setId: quorum.setId, consents }
  return { type: 'counted', agreement: { ...agreement, consents: [...agreement.consents, consent] } }
}

/**
 * A holder wants it to end. The one who opened it is enough while nobody else has joined; otherwise it takes
 * n - t + 1 holders of one set: as many as leave no quorum.
 */
export function object(agreement: Agreement, consent: Consent): Counted {
  const quorum = quorumOf(agreement, consent)
  if (quorum === undefined) return { type: 'foreign_set' }
  const given = consentsOf(agreement.cancels, consent.setId)
  const cancels = has(given, consent) ? given : [...given, consent]
  const alone = isAlone(agreement, consent)
  if (alone || cancels.length >= cancelsNeeded(quorum)) {
    return { type: 'enough', setId: quorum.setId, consents: cancels }
  }
  if (cancels === given) return { type: 'repeated' }
  return { type: 'counted', agreement: { ...agreement, cancels: [...agreement.cancels, consent] } }
}

/** Whether this holder opened it, and nobody else has joined. */
export function isAlone(agreement: Agreement, holder: Pick<Consent, 'setId' | 'shareNumber'>): boolean {
  return isOpener(agreement, holder) && !hasOthers(agreement)
}

/** Consents of the set that is nearest to its quorum, and how many that set needs. */
export function progressOf(agreement: Agreement): { readonly progress: number; readonly required: number } {
  const standings = agreement.quorums.map((quorum) => ({
    progress: consentsOf(agreement.consents, quorum.setId).length,
    required: quorum.threshold,
  }))
  const missing = (standing: { progress: number; required: number }): number =>
    standing.required - standing.progress
  const nearest = standings
    .filter((one) => one.progress > 0)
    .sort((one, two) => missing(one) - missing(two))[0]
  return nearest ?? standings[0] ?? { progress: 0, required: 0 }
}

/** Holders of the live set who want it to end, and how many it takes. */
export function cancelProgressOf(agreement: Agreement): {
  readonly progress: number
  readonly required: number
} {
  const [live] = agreement.quorums
  if (live === undefined) return { progress: 0, required: 0 }
  return {
    progress: consentsOf(agreement.cancels, live.setId).length,
    required: cancelsNeeded(live),
  }
}

/** Whether its time is over. Opened without a credential and joined by nobody, it has less of it. */
export function isExpired(agreement: Agreement, now: UnixMillis, unjoinedMs: number): boolean {
  if (now >= agreement.expires) return true
  const unjoined = agreement.opener.by === 'nobody' && agreement.consents.length === 0
  return unjoined && now >= agreement.opened + unjoinedMs
}

function quorumOf(agreement: Agreement, { setId }: Consent): Quorum | undefined {
  return agreement.quorums.find((one) => sameBytes(one.setId, setId))
}

function consentsOf(consents: readonly Consent[], setId: Uint8Array): readonly Consent[] {
  return consents.filter((consent) => sameBytes(consent.setId, setId))
}

function has(given: readonly Consent[], consent: Consent): boolean {
  return given.some((known) => known.shareNumber === consent.shareNumber)
}

function isOpener({ opener }: Agreement, consent: Pick<Consent, 'setId' | 'shareNumber'>): boolean {
  if (opener.by !== 'holder' || opener.shareNumber !== consent.shareNumber) return false
  return sameBytes(opener.setId, consent.setId)
}

function hasOthers(agreement: Agreement): boolean {
  return agreement.consents.some((consent) => !isOpener(agreement, consent))
}

function cancelsNeeded({ shares, threshold }: Quorum): number {
  return shares - threshold + 1
}
