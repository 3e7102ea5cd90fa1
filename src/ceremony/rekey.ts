import { unreachable } from '../base/assert.ts'
import type { UnixMillis } from '../base/clock.ts'
import type { Consent } from '../custody/consent.ts'
import type { ShareEntry } from '../custody/key-set.ts'
import { type Agreement, agree, object } from './agreement.ts'
import type { Recipient } from './delivery.ts'

/**
 * A rekey as data (custody.md section 4). `step` is pure: it reads no clock, draws no randomness, does no
 * I/O.
 */
export type RekeyState = { readonly phase: 'idle' } | RunningRekey

export type RunningRekey = CollectingRekey | DealtRekey

export interface CollectingRekey {
  readonly phase: 'collecting'
  readonly terms: RekeyTerms
  readonly agreement: Agreement
}

/** The quorum has agreed and new shares are out; until they are given back, the live set alone opens. */
export interface DealtRekey {
  readonly phase: 'dealt'
  readonly terms: RekeyTerms
  readonly agreement: Agreement
  readonly pending: PendingSet
  /** The API's nonce of the verification. */
  readonly verificationNonce: string
}

/** What was proposed. */
export interface RekeyTerms {
  readonly shares: number
  readonly threshold: number
  /** Which face opened it: the original one moves only its own. */
  readonly face: RekeyFace
  /** How many new shares must be given back before the old ones die; `none` is the direct flow. */
  readonly verify: 'none' | 'threshold' | 'all'
  /** One a share, in their order; `null`: in the clear, to the request that completes it. */
  readonly recipients: readonly Recipient[] | null
  /** Whether the wrapped shares are kept behind the barrier. */
  readonly backup: boolean
}

export type RekeyFace = 'original' | 'modern' | 'rotate'

/** A set that was dealt and is not live: public keys only, no root key exists for it. */
export interface PendingSet {
  readonly id: Uint8Array
  readonly number: number
  readonly threshold: number
  readonly entries: readonly ShareEntry[]
  readonly dealtAt: UnixMillis
}

export type RekeyEvent =
  | { readonly type: 'opened'; readonly terms: RekeyTerms; readonly agreement: Agreement }
  | { readonly type: 'agreed'; readonly consent: Consent }
  | { readonly type: 'objected'; readonly consent: Consent }
  | {
      readonly type: 'dealt'
      readonly agreement: Agreement
      readonly pending: PendingSet
      readonly nonce: string
    }
  | { readonly type: 'verification_restarted'; readonly nonce: string }

/** What the event came to. The caller stores it and only then takes the new state. */
export type RekeyOutcome =
  | { readonly type: 'opened' | 'already_running' | 'not_running' | 'moved' | 'verification_pending' }
  | { readonly type: 'foreign_set' | 'repeated' | 'counted' }
  /** Stored progress is never complete: until its commit, the last consent was not given. */
  | { readonly type: 'enough'; readonly setId: Uint8Array; readonly consents: readonly Consent[] }

export interface RekeyStep {
  readonly state: RekeyState
  readonly outcome: RekeyOutcome
}

export const NO_REKEY: RekeyState = { phase: 'idle' }

export function step(state: RekeyState, event: RekeyEvent): RekeyStep {
  switch (event.type) {
    case 'opened': {
      if (state.phase !== 'idle') return { state, outcome: { type: 'already_running' } }
      const { terms, agreement } = event
      return { state: { phase: 'collecting', terms, agreement }, outcome: { type: 'opened' } }
    }
    case 'agreed':
      if (state.phase === 'dealt') return { state, outcome: { type: 'verification_pending' } }
      return counted(state, event.consent, agree)
    case 'objected':
      return counted(state, event.consent, object)
    case 'dealt': {
      if (state.phase !== 'collecting') return { state, outcome: { type: 'not_running' } }
      const { agreement, pending, nonce: verificationNonce } = event
      const next: DealtRekey = { phase: 'dealt', terms: state.terms, agreement, pending, verificationNonce }
      return { state: next, outcome: { type: 'moved' } }
    }
    case 'verification_restarted':
      if (state.phase !== 'dealt') return { state, outcome: { type: 'not_running' } }
      return { state: { ...state, verificationNonce: event.nonce }, outcome: { type: 'moved' } }
    default:
      return unreachable(event)
  }
}

function counted(state: RekeyState, consent: Consent, count: typeof agree): RekeyStep {
  if (state.phase === 'idle') return { state, outcome: { type: 'not_running' } }
  const outcome = count(state.agreement, consent)
  if (outcome.type !== 'counted') return { state, outcome }
  return { state: { ...state, agreement: outcome.agreement }, outcome: { type: 'counted' } }
}
