import { hasCode } from '../../src/base/errors.ts'
import type { World } from '../sim/world.ts'
import type { People } from './people.ts'
import { type Ceremony, type Holder, type Model, opening, standingOf } from './state.ts'

/** What everybody may see of a ceremony. */
export interface CeremonyView {
  readonly nonce: string
  readonly progress: number
  readonly required: number
  readonly cancels: number
  readonly opener: string
  readonly dealt: boolean
  readonly returned: number
  readonly verificationNonce: string | null
  readonly terms: string
}

export interface View {
  readonly phase: 'empty' | 'sealed' | 'open'
  readonly live: number | null
  readonly retiring: number | null
  readonly unseal: number
  readonly unsealNonce: string
  readonly rekey: CeremonyView | null
  readonly generation: CeremonyView | null
}

/** Looks at a server, without a credential. */
export function look(world: World): View {
  const { custodian } = world
  const { phase, progress, nonce } = custodian.status()
  const { record } = custodian
  return {
    phase,
    live: record?.live.number ?? null,
    retiring: record?.retiring?.number ?? null,
    unseal: progress,
    unsealNonce: nonce,
    rekey: orSealed(() => rekeyView(world)),
    generation: orSealed(() => generationView(world)),
  }
}

function rekeyView(world: World): CeremonyView | null {
  const { running, progress, required, verification, cancels } = world.custodian.rekey.status()
  if (running === null) return null
  const { shares, threshold, face, verify, recipients } = running.terms
  return {
    nonce: running.agreement.ceremonyId,
    progress,
    required,
    cancels: cancels.progress,
    opener: running.agreement.opener.by,
    dealt: running.phase === 'dealt',
    returned: verification.progress,
    verificationNonce: running.phase === 'dealt' ? running.verificationNonce : null,
    terms: termsText({ shares, threshold, face, verify, wrapped: recipients !== null }),
  }
}

function generationView(world: World): CeremonyView | null {
  const { running, progress, required, cancels } = world.custodian.generateRoot.status()
  if (running === null) return null
  return {
    nonce: running.agreement.ceremonyId,
    progress,
    required,
    cancels: cancels.progress,
    opener: running.agreement.opener.by,
    dealt: false,
    returned: 0,
    verificationNonce: null,
    terms: running.recipient === null ? 'hidden' : 'wrapped',
  }
}

function orSealed<Result>(ask: () => Result): Result | null {
  try {
    return ask()
  } catch (error) {
    if (hasCode(error, 'sealed')) return null
    throw error
  }
}

function termsText(terms: Model['rekey'] extends { terms: infer Terms } | null ? Terms : never): string {
  const { shares, threshold, face, verify, wrapped } = terms
  return `${threshold} of ${shares} ${face} ${verify} ${wrapped}`
}

/** Where what is seen is not what the model says; nothing where it is. */
export function differences(m: Model, view: View, people: People): readonly string[] {
  const found: string[] = []
  const expect = (what: string, seen: unknown, allowed: readonly unknown[]): void => {
    if (!allowed.includes(seen))
      found.push(`${what} is ${seen}, expected ${[...new Set(allowed)].join(' or ')}`)
  }
  const numbers = opening(m)
  expect('phase', view.phase, [m.phase])
  expect('live', view.live, [numbers.find((set) => standingOf(m, set) === 'live') ?? null])
  expect('retiring', view.retiring, [numbers.find((set) => standingOf(m, set) === 'retiring') ?? null])
  const parts = numbers.map((set) => countOf(m.parts, set))
  expect('unseal progress', view.unseal, m.phase === 'sealed' ? parts : [0])
  const open = m.phase === 'open'
  const { rekey, generation } = m
  compare('rekey', view.rekey, open ? rekey : null)
  compare('generation', view.generation, open ? generation : null)
  if (view.rekey !== null && rekey !== null && open) {
    expect('terms', view.rekey.terms, [termsText(rekey.terms)])
    expect('dealt', view.rekey.dealt, [rekey.dealt !== null])
    expect('returned', view.rekey.returned, [rekey.dealt?.returned.length ?? 0])
    if (rekey.dealt !== null) named('verification', view.rekey.verificationNonce, rekey.dealt.nonce)
  }
  if (view.generation !== null && generation !== null && open) {
    expect('hiding', view.generation.terms, [generation.wrapped ? 'wrapped' : 'hidden'])
  }
  return found

  function compare(what: string, seen: View['rekey'], wanted: Ceremony | null): void {
    expect(what, seen === null ? 'none' : 'running', [wanted === null ? 'none' : 'running'])
    if (seen === null || wanted === null) return
    named(what, seen.nonce, wanted.id)
    const { quorum, opener } = wanted
    if (!seen.dealt)
      expect(
        `${what} progress`,
        seen.progress,
        quorum.map((set) => countOf(wanted.agreed, set)),
      )
    expect(
      `${what} required`,
      seen.required,
      quorum.map((set) => m.sets[set - 1]?.threshold),
    )
    expect(
      `${what} cancels`,
      seen.cancels,
      quorum.map((set) => countOf(wanted.cancels, set)),
    )
    expect(`${what} opener`, seen.opener, [typeof opener === 'string' ? opener : 'holder'])
  }

  /** The one that is known, or one that is not known yet. */
  function named(what: string, seen: string | null, number: number): void {
    const known = people.nameOf(number)
    if (known !== null) expect(`${what} nonce`, seen, [known])
  }
}

const countOf = (holders: readonly Holder[], set: number): number =>
  holders.filter((holder) => holder.set === set).length
