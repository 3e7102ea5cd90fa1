import type { Terms } from './act.ts'

export interface SetFacts {
  readonly shares: number
  readonly threshold: number
  /** `cancelled`: it was pending, and never went live. */
  readonly standing: 'live' | 'retiring' | 'pending' | 'retired' | 'cancelled'
  /** Whether its shares ever reached people: an answer may be lost with the process that made it. */
  readonly delivered: boolean
}

export interface Holder {
  /** Key sets count from 1. */
  readonly set: number
  /** From 0, in the order in which the shares were handed out. */
  readonly share: number
}

export interface Ceremony {
  readonly id: number
  readonly opened: number
  readonly expires: number
  readonly opener: 'nobody' | 'token' | Holder
  /** Sets whose holders may agree. */
  readonly quorum: readonly number[]
  readonly agreed: readonly Holder[]
  readonly cancels: readonly Holder[]
}

export interface Rekey extends Ceremony {
  readonly terms: Terms
  /** New shares that are out, and which of them were given back. */
  readonly dealt: {
    readonly set: number
    readonly nonce: number
    readonly returned: readonly number[]
  } | null
}

export interface Generation extends Ceremony {
  readonly wrapped: boolean
}

export interface Past {
  readonly id: number
  readonly agreed: readonly Holder[]
  /** `left over`: a seal has cancelled it, and could not store that. */
  readonly end: 'completed' | 'cancelled' | 'expired' | 'superseded' | 'left over'
}

/** What there is, for people: numbers in the place of keys, shares and nonces. */
export interface Model {
  readonly phase: 'empty' | 'sealed' | 'open'
  readonly now: number
  readonly sets: readonly SetFacts[]
  readonly parts: readonly (Holder & { readonly source: string })[]
  readonly arrived: readonly number[]
  readonly rekey: Rekey | null
  readonly generation: Generation | null
  /** An answer that may be given again. */
  readonly kept: {
    readonly ceremony: number
    readonly set: number
    readonly holder: Holder
    readonly face: Terms['face']
    readonly source: string
    readonly until: number
  } | null
  /** The newest verification that ended, while its end may be told again. */
  readonly verified: { readonly nonce: number; readonly set: number; readonly until: number } | null
  readonly openings: readonly (Holder & { readonly at: number })[]
  readonly past: readonly Past[]
  readonly brokenRecipient: boolean
  /** The value of an entry that people write. */
  readonly written: number
  /** Ceremonies and verifications that were ever named. */
  readonly named: number
}

export const EMPTY: Model = {
  phase: 'empty',
  now: 0,
  sets: [],
  parts: [],
  arrived: [],
  rekey: null,
  generation: null,
  kept: null,
  verified: null,
  openings: [],
  past: [],
  brokenRecipient: false,
  written: 0,
  named: 0,
}

export const opening = (m: Model): readonly number[] =>
  m.sets.flatMap(({ standing }, index) => (standing === 'live' || standing === 'retiring' ? [index + 1] : []))

export const standingOf = (m: Model, set: number): SetFacts['standing'] | undefined =>
  m.sets[set - 1]?.standing

export const sameHolder = (one: Holder, other: Holder): boolean =>
  one.set === other.set && one.share === other.share

export const of = <One extends Holder>(holders: readonly One[], set: number): readonly One[] =>
  holders.filter((holder) => holder.set === set)

export const thresholdOf = (m: Model, set: number): number =>
  m.sets[set - 1]?.threshold ?? Number.POSITIVE_INFINITY
