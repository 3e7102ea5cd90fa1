import { assert, unreachable } from '../base/assert.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Consent } from '../custody/consent.ts'

/** Unsealing as data. `step` is pure: it reads no clock, draws no randomness, does no I/O. */
export interface UnsealState {
  /** One pile a key set: while a set is retiring, either opens, and shares of two sets never mix. */
  readonly piles: readonly Pile[]
}

export interface Pile {
  /** Key-set id in hex. */
  readonly setId: string
  /**
   * How many shares it takes. More than one number when the custody record and its copy differ: then each is
   * tried, and the one that opens was right.
   */
  readonly thresholds: readonly number[]
  readonly shares: readonly GivenShare[]
}

/** A share that was recognised on arrival, with what its holder's key signed. The state owns it. */
export interface GivenShare {
  readonly number: number
  readonly share: SecretBytes
  readonly consent: Consent
  /** Address it came from: who may take it back. */
  readonly source: string
}

export type UnsealEvent =
  | {
      readonly type: 'share_given'
      readonly setId: string
      readonly thresholds: readonly number[]
      readonly given: GivenShare
    }
  | { readonly type: 'combine_failed'; readonly setId: string }
  /** Of one source only, or `null`: of all. */
  | { readonly type: 'reset'; readonly source: string | null }

/** What the caller must do next; it reports back on `combine` with another event. */
export type UnsealEffect =
  | { readonly type: 'combine'; readonly setId: string; readonly shares: readonly GivenShare[] }
  | { readonly type: 'wipe'; readonly shares: readonly SecretBytes[] }

export interface UnsealStep {
  readonly state: UnsealState
  readonly effects: readonly UnsealEffect[]
}

export const NOTHING_GIVEN: UnsealState = { piles: [] }

export function step(state: UnsealState, event: UnsealEvent): UnsealStep {
  switch (event.type) {
    case 'share_given':
      return give(state, event)
    case 'combine_failed':
      return takeBackLast(state, event.setId)
    case 'reset':
      return reset(state, event.source)
    default:
      return unreachable(event)
  }
}

/** Shares in the pile that is nearest to opening. */
export function progressOf(state: UnsealState): number {
  return Math.max(0, ...state.piles.map((pile) => pile.shares.length))
}

function give(state: UnsealState, event: Extract<UnsealEvent, { type: 'share_given' }>): UnsealStep {
  const { setId, thresholds, given } = event
  const pile = state.piles.find((known) => known.setId === setId) ?? { setId, thresholds, shares: [] }
  // One holder counts once, however often the share is sent.
  if (pile.shares.some((known) => known.number === given.number)) return { state, effects: wipe([given]) }

  const grown = { ...pile, thresholds, shares: [...pile.shares, given] }
  const next = { piles: [...state.piles.filter((known) => known.setId !== setId), grown] }
  if (!thresholds.includes(grown.shares.length)) return { state: next, effects: [] }
  return { state: next, effects: [{ type: 'combine', setId, shares: grown.shares }] }
}

function reset(state: UnsealState, source: string | null): UnsealStep {
  const goes = (given: GivenShare): boolean => source === null || given.source === source
  const piles = state.piles
    .map((pile) => ({ ...pile, shares: pile.shares.filter((given) => !goes(given)) }))
    .filter((pile) => pile.shares.length > 0)
  return { state: { piles }, effects: wipe(state.piles.flatMap((pile) => pile.shares.filter(goes))) }
}

/**
 * Every share was recognised, so a failed combine means a damaged record and no wrong share: nothing that
 * people gave is thrown away. Only at the highest threshold the last share is taken back, to be given again.
 */
function takeBackLast(state: UnsealState, setId: string): UnsealStep {
  const pile = state.piles.find((known) => known.setId === setId)
  const last = pile?.shares.at(-1)
  assert(pile !== undefined && last !== undefined, 'a combine failed that never began')
  if (pile.shares.length < Math.max(...pile.thresholds)) return { state, effects: [] }
  const shrunk = { ...pile, shares: pile.shares.slice(0, -1) }
  const piles = state.piles.map((known) => (known.setId === setId ? shrunk : known))
  return { state: { piles }, effects: wipe([last]) }
}

function wipe(given: readonly GivenShare[]): readonly UnsealEffect[] {
  return given.length === 0 ? [] : [{ type: 'wipe', shares: given.map((one) => one.share) }]
}
