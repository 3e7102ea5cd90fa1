import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Consent } from '../custody/consent.ts'

/**
 * New shares given back, as data (custody.md section 4). It holds shares, so it lives in the memory of one
 * node: after a crash it starts at 0 with the same set and nonce. Pure; the state owns the shares.
 */
export interface VerificationState {
  /** How many distinct shares it takes: the new threshold, or all of them. */
  readonly required: number
  readonly given: readonly ReturnedShare[]
}

export interface ReturnedShare {
  readonly number: number
  readonly share: SecretBytes
  /** Made by the share itself, with the verb `prove`. */
  readonly proof: Consent
}

export type VerificationOutcome =
  | { readonly type: 'repeated' }
  | { readonly type: 'counted' }
  /** As many as it takes. They stay in the state until the install has committed. */
  | { readonly type: 'enough'; readonly given: readonly ReturnedShare[] }

/** Counts a share that was recognised. A holder counts once, however often the share is sent. */
export function giveBack(
  state: VerificationState,
  returned: ReturnedShare,
): { readonly state: VerificationState; readonly outcome: VerificationOutcome } {
  if (state.given.some((known) => known.number === returned.number)) {
    return { state, outcome: { type: 'repeated' } }
  }
  const given = [...state.given, returned]
  // The last one is taken into the state only by the commit that it causes.
  if (given.length >= state.required) return { state, outcome: { type: 'enough', given } }
  return { state: { ...state, given }, outcome: { type: 'counted' } }
}
