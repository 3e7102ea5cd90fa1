import { unreachable } from '../base/assert.ts'
import type { UnixMillis } from '../base/clock.ts'
import { sameBytes } from '../base/encoding.ts'
import { CEREMONY_UNJOINED_EXPIRY_MS } from '../base/limits.ts'
import type { Consent } from '../custody/consent.ts'

/**
 * A rekey as data (custody.md section 4). `step` is pure: it reads no clock, draws no randomness, does no
 * I/O.
 */
export type RekeyState = { readonly phase: 'idle' } | RunningRekey

export interface RunningRekey {
  readonly phase: 'collecting'
  readonly terms: RekeyTerms
  /** Who agreed: signatures, never shares. Of several sets, each counts by itself. */
  readonly consents: readonly Consent[]
}

/** What was proposed. */
export interface RekeyTerms {
  /** The API's nonce. */
  readonly ceremonyId: string
  readonly shares: number
  readonly threshold: number
  /** Which face opened it: the original one moves only its own. */
  readonly face: RekeyFace
  /** What the opener showed. Opened with nothing, it may be cancelled by anyone and expires soon. */
  readonly credential: 'none' | 'token' | 'share'
  /** The exact bytes that holders sign, and their digest. */
  readonly statement: Uint8Array
  readonly digest: Uint8Array
  readonly opened: UnixMillis
  readonly expires: UnixMillis
  /** Sets whose holders may agree, with their thresholds: the live one first. */
  readonly quorums: readonly Quorum[]
}

export type RekeyFace = 'original' | 'modern'

export interface Quorum {
  readonly setId: Uint8Array
  readonly threshold: number
}

export type RekeyEvent =
  | { readonly type: 'opened'; readonly terms: RekeyTerms }
  | { readonly type: 'agreed'; readonly consent: Consent }
  | { readonly type: 'ended'; readonly how: 'installed' | 'cancelled' | 'expired' | 'superseded' }

/** What the event came to. The caller stores it and only then takes the new state. */
export type RekeyOutcome =
  | {
      readonly type:
        | 'opened'
        | 'already_running'
        | 'not_running'
        | 'counted'
        | 'repeated'
        | 'foreign_set'
        | 'ended'
    }
  /** The quorum is there. The completing consent is stored only by the commit that it causes. */
  | { readonly type: 'quorum'; readonly setId: Uint8Array; readonly consents: readonly Consent[] }

export interface RekeyStep {
  readonly state: RekeyState
  readonly outcome: RekeyOutcome
}

export const NO_REKEY: RekeyState = { phase: 'idle' }

export function step(state: RekeyState, event: RekeyEvent): RekeyStep {
  switch (event.type) {
    case 'opened':
      if (state.phase !== 'idle') return { state, outcome: { type: 'already_running' } }
      return { state: { phase: 'collecting', terms: event.terms, consents: [] }, outcome: { type: 'opened' } }
    case 'agreed':
      return agree(state, event.consent)
    case 'ended':
      if (state.phase === 'idle') return { state, outcome: { type: 'not_running' } }
      return { state: NO_REKEY, outcome: { type: 'ended' } }
    default:
      return unreachable(event)
  }
}

/** Consents of the set that is nearest to its quorum, and how many that set needs. */
export function progressOf(rekey: RunningRekey): { readonly progress: number; readonly required: number } {
  const standings = rekey.terms.quorums.map((quorum) => ({
    progress: consentsOf(rekey, quorum.setId).length,
    required: quorum.threshold,
  }))
  const missing = (standing: { progress: number; required: number }): number =>
    standing.required - standing.progress
  const nearest = standings
    .filter((one) => one.progress > 0)
    .sort((one, two) => missing(one) - missing(two))[0]
  return nearest ?? standings[0] ?? { progress: 0, required: 0 }
}

/** Whether its time is over: 24 h, or 1 h when it was opened without a credential and nobody joined. */
export function isExpired(rekey: RunningRekey, now: UnixMillis): boolean {
  if (now >= rekey.terms.expires) return true
  const unjoined = rekey.terms.credential === 'none' && rekey.consents.length === 0
  return unjoined && now >= rekey.terms.opened + CEREMONY_UNJOINED_EXPIRY_MS
}

function agree(state: RekeyState, consent: Consent): RekeyStep {
  if (state.phase === 'idle') return { state, outcome: { type: 'not_running' } }
  const quorum = state.terms.quorums.find((one) => sameBytes(one.setId, consent.setId))
  if (quorum === undefined) return { state, outcome: { type: 'foreign_set' } }
  const given = consentsOf(state, consent.setId)
  if (given.some((known) => known.shareNumber === consent.shareNumber)) {
    return { state, outcome: { type: 'repeated' } }
  }
  const consents = [...given, consent]
  // Stored progress is never complete: until the install has committed, the last consent was not given.
  if (consents.length >= quorum.threshold) {
    return { state, outcome: { type: 'quorum', setId: quorum.setId, consents } }
  }
  return { state: { ...state, consents: [...state.consents, consent] }, outcome: { type: 'counted' } }
}

function consentsOf(rekey: RunningRekey, setId: Uint8Array): readonly Consent[] {
  return rekey.consents.filter((consent) => sameBytes(consent.setId, setId))
}
