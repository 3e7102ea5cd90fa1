/**
 * What custody.md sections 3 and 4 and key-lifecycle.md sections 5 and 7 promise, as data and a pure function:
 * written from the design and not from the code, without a key, a byte or a clock. Key sets and ceremonies are
 * numbers in the order in which they came to be; `names` of a run say what the server calls them.
 *
 * Where the design leaves an answer open, `predict` gives more than one, and what is seen afterwards decides.
 */
import type { Act, Give, Shown, Terms } from './act.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export interface SetFacts {
  readonly shares: number
  readonly threshold: number
  readonly standing: 'live' | 'retiring' | 'pending' | 'retired'
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
    readonly source: string
    readonly face: Give['face']
    readonly until: number
  } | null
  /** The newest verification that ended, for who lost its answer. */
  readonly verified: { readonly nonce: number; readonly until: number } | null
  readonly openings: readonly (Holder & { readonly kind: 'rekey' | 'generation'; readonly at: number })[]
  readonly past: readonly Past[]
  readonly brokenRecipient: boolean
  /** The value of an entry that people write. */
  readonly written: number
  /** Ceremonies and verifications that were ever named. */
  readonly named: number
}

export interface Expectation {
  /** `!code` is a refusal; `!*` any that blames the caller. */
  readonly answers: readonly string[]
  readonly next: Model
  /** The set whose shares the answer carries. */
  readonly carries?: number
}

const TOLD = ['!storage_full', '!storage_unavailable']

export const EMPTY: Model = {
  ...{ phase: 'empty', now: 0, sets: [], parts: [], arrived: [], rekey: null, generation: null, kept: null },
  ...{ verified: null },
  ...{ openings: [], past: [], brokenRecipient: false, written: 0, named: 0 },
}

/** Every answer that is right, each with what is true afterwards. */
export function predict(model: Model, act: Act): readonly Expectation[] {
  const m = aged(model)
  switch (act.do) {
    case 'init':
      return init(m, act)
    case 'give':
      return GIVE[act.to](m, act)
    case 'start':
      return start(m, act)
    case 'cancel':
      return cancel(m, act)
    case 'restart verification':
      return restartVerification(m, act)
    case 'reset':
      return reset(m, act)
    case 'acknowledge':
      return done(acknowledged(m, act.ceremony))
    case 'seal':
      return done(sealed(m, 'cancelled'))
    case 'restart':
      return done(died(m, m.sets.length))
    case 'wait':
      return done(aged({ ...m, now: m.now + act.ms }))
    case 'write':
      return m.phase === 'open' ? done({ ...m, written: act.value }) : refused(m, ['sealed'])
    case 'rotate':
      return m.phase === 'open' ? done(m) : refused(m, ['sealed'])
    case 'break recipient':
      return done({ ...m, brokenRecipient: act.broken })
  }
}

/** What is true once the process has died: an answer that was under way reached nobody. */
export function died(model: Model, deliveredSets: number): Model {
  const sets = model.sets.map((set, index) => (index < deliveredSets ? set : { ...set, delivered: false }))
  const phase = model.phase === 'empty' ? 'empty' : 'sealed'
  const dealt = model.rekey?.dealt ?? null
  const rekey = model.rekey && { ...model.rekey, dealt: dealt && { ...dealt, returned: [] } }
  return { ...model, sets, phase, rekey, parts: [], arrived: [], kept: null, verified: null }
}

/** What a fault of the storage may make of an act whose failure is not told, or only half of it. */
export function faulted(model: Model, act: Act): readonly Expectation[] {
  const m = aged(model)
  const all: Expectation[] = [...predict(m, act), { answers: TOLD, next: m }]
  // An entry of no ceremony: its writer reads back.
  if (act.do === 'write') all.push(...predict(m, act).map(({ next }) => ({ answers: TOLD, next })))
  // Both sets stay, and the next evidence tries again. A seal wipes the keys whatever came of its commit.
  if (act.do === 'acknowledge') all.push(...done(m))
  if (act.do === 'seal') all.push(...done(sealed(m, 'left over')))
  if (act.do !== 'give' || act.to !== 'unseal') return all
  const given = m.phase === 'open' ? { ...m, arrived: add(m.arrived, act.share.share) } : m
  all.push(...done(m), ...done(given))
  for (const { next } of predict(m, act)) {
    if (m.phase !== 'sealed' || next.phase !== 'open') continue
    // It opens although the old set could not be dropped, or does not open, the parts being gone.
    all.push(...done({ ...m, phase: 'open', parts: [] }))
    all.push({ answers: TOLD, next: { ...m, parts: [] } })
    all.push({ answers: TOLD, next: { ...next, phase: 'sealed' } })
  }
  return all
}

/** What time alone has ended. */
export function aged(m: Model): Model {
  let next = m.kept !== null && m.kept.until <= m.now ? { ...m, kept: null } : m
  if (next.rekey !== null && endOf(next.rekey) <= m.now) next = withoutRekey(next, 'expired')
  if (next.generation !== null && endOf(next.generation) <= m.now) next = withoutGeneration(next, 'expired')
  return next
}

export const opening = (m: Model): readonly number[] =>
  m.sets.flatMap(({ standing }, index) => (standing === 'live' || standing === 'retiring' ? [index + 1] : []))

export const standingOf = (m: Model, set: number): SetFacts['standing'] | undefined =>
  m.sets[set - 1]?.standing

export const sameHolder = (one: Holder, other: Holder): boolean =>
  one.set === other.set && one.share === other.share

function init(
  m: Model,
  { shares, threshold }: { shares: number; threshold: number },
): readonly Expectation[] {
  const wrong: string[] = fits(shares, threshold) ? [] : ['parameters_invalid']
  if (m.phase !== 'empty') wrong.push('already_initialized')
  if (wrong.length > 0) return refused(m, wrong)
  const sets: Model['sets'] = [{ shares, threshold, standing: 'live', delivered: true }]
  return [{ answers: ['complete'], next: { ...m, phase: 'sealed', sets }, carries: 1 }]
}

const GIVE: Record<Give['to'], (m: Model, act: Give) => readonly Expectation[]> = {
  unseal(m, { share, source }) {
    if (m.phase === 'empty') return refused(m, ['not_initialized'])
    const wrong = judged(m, share)
    if (m.phase === 'open') {
      const proves = wrong.length === 0 && standingOf(m, share.set) === 'live' && opening(m).length > 1
      if (!proves) return done(m)
      const arrived = add(m.arrived, share.share)
      return done(arrived.length < thresholdOf(m, share.set) ? { ...m, arrived } : dropped(m))
    }
    if (wrong.length > 0) return refused(m, wrong)
    if (m.parts.some((part) => sameHolder(part, share))) return done(m)
    const parts = [...m.parts, { set: share.set, share: share.share, source }]
    if (of(parts, share.set).length < thresholdOf(m, share.set)) return done({ ...m, parts })
    const open: Model = { ...m, phase: 'open', parts: [] }
    return done(standingOf(m, share.set) === 'live' && opening(m).length > 1 ? dropped(open) : open)
  },

  rekey(m, { share, nonce, face, source }) {
    const { rekey, kept } = m
    const same = kept !== null && share.spoilt === null && sameHolder(kept.holder, share)
    const again: Expectation[] =
      m.phase === 'open' &&
      same &&
      kept.source === source &&
      kept.face === face &&
      (nonce === kept.ceremony || face === 'original')
        ? [{ answers: ['complete'], next: m, carries: kept.set }]
        : []
    if (m.phase !== 'open') return refused(m, ['sealed'])
    if (rekey === null) {
      // The design says "same nonce"; the face without one has nothing to say it with.
      const sure = again.length > 0 && nonce === kept?.ceremony
      const wrong = kept === null ? [] : judged(m, share)
      return sure ? again : [...again, ...refused(m, ['ceremony_not_running', ...wrong])]
    }
    if (rekey.dealt !== null) return again.length > 0 ? again : refused(m, ['*'])
    const wrong = judged(m, share)
    if (face === 'original' && rekey.terms.face !== 'original') wrong.push('ceremony_other_face')
    if (face !== 'original' && nonce !== rekey.id) wrong.push('nonce_mismatch')
    if (wrong.length === 0 && !rekey.quorum.includes(share.set)) wrong.push('*')
    if (wrong.length > 0) return [...again, ...refused(m, wrong)]
    if (rekey.agreed.some((holder) => sameHolder(holder, share))) {
      return face === 'original' ? [{ answers: ['repeated'], next: m }] : refused(m, ['share_duplicate'])
    }
    const agreed = [...rekey.agreed, { set: share.set, share: share.share }]
    if (of(agreed, share.set).length < thresholdOf(m, share.set))
      return counted({ ...m, rekey: { ...rekey, agreed } })
    if (rekey.terms.wrapped && m.brokenRecipient) return refused(m, ['parameters_invalid'])
    return deal(m, { ...rekey, agreed }, { set: share.set, share: share.share, source, face })
  },

  verify(m, { share, nonce }) {
    const { rekey, verified } = m
    if (m.phase !== 'open') return refused(m, ['sealed'])
    if (verified !== null && nonce === verified.nonce && m.now <= verified.until) {
      if (judged(m, share).length > 0) return refused(m, judged(m, share))
      if (standingOf(m, share.set) === 'live') return [{ answers: ['complete'], next: m }]
    }
    if (rekey === null) return refused(m, ['ceremony_not_running'])
    if (rekey.dealt === null) return refused(m, ['*'])
    const { set, returned } = rekey.dealt
    const wrong: string[] = nonce === rekey.dealt.nonce ? [] : ['nonce_mismatch']
    if (share.spoilt !== null) wrong.push('share_unknown', 'share_malformed')
    else if (share.set !== set) wrong.push('share_other_set', 'share_retired', 'share_pending')
    if (wrong.length > 0) return refused(m, wrong)
    if (returned.includes(share.share)) return refused(m, ['share_duplicate'])
    const now = add(returned, share.share)
    const { shares, threshold, verify } = rekey.terms
    if (now.length < (verify === 'all' ? shares : threshold)) {
      return counted({ ...m, rekey: { ...rekey, dealt: { ...rekey.dealt, returned: now } } })
    }
    const next = retired(
      {
        ...ended(m, rekey, 'completed'),
        ...{ rekey: null, kept: null, arrived: [], verified: { nonce, until: m.now + 5 * MINUTE } },
      },
      opening(m),
    )
    return [{ answers: ['complete'], next: { ...next, sets: stand(next.sets, [set], 'live') } }]
  },

  generation(m, { share, nonce }) {
    const { generation } = m
    if (m.phase !== 'open') return refused(m, ['sealed'])
    if (generation === null) return refused(m, ['ceremony_not_running'])
    const wrong = judged(m, share)
    if (nonce !== generation.id) wrong.push('nonce_mismatch')
    // "Everything else counts the live set"; a consent counts against the sets as they are when counted.
    if (standingOf(m, share.set) !== 'live' || !generation.quorum.includes(share.set)) wrong.push('*')
    if (wrong.length > 0) return refused(m, wrong)
    if (generation.agreed.some((holder) => sameHolder(holder, share))) return refused(m, ['share_duplicate'])
    const agreed = [...generation.agreed, { set: share.set, share: share.share }]
    const next = { ...generation, agreed }
    if (agreed.length < thresholdOf(m, share.set)) return counted({ ...m, generation: next })
    if (generation.wrapped && m.brokenRecipient) return refused(m, ['parameters_invalid'])
    return [{ answers: ['complete'], next: { ...ended(m, next, 'completed'), generation: null } }]
  },
}

/** The quorum has agreed: a direct rekey is installed, a verified one hands out a set that is not live. */
function deal(m: Model, rekey: Rekey, by: Holder & Pick<Give, 'source' | 'face'>): readonly Expectation[] {
  const { shares, threshold, verify } = rekey.terms
  const set = m.sets.length + 1
  const holder = { set: by.set, share: by.share }
  const kept = {
    ceremony: rekey.id,
    set,
    holder,
    source: by.source,
    face: by.face,
    until: m.now + 5 * MINUTE,
  }
  const fresh = { shares, threshold, delivered: true }
  if (verify !== 'none') {
    const dealt = { set, nonce: m.named + 1, returned: [] }
    const waiting: Rekey = { ...rekey, dealt, expires: rekey.expires + 7 * DAY }
    const sets: Model['sets'] = [...m.sets, { ...fresh, standing: 'pending' }]
    const next = { ...m, sets, kept, rekey: waiting, named: m.named + 1 }
    return [{ answers: ['complete'], next, carries: set }]
  }
  const gone = opening(m).filter((number) => number !== by.set)
  // A root token is made by the live set: what the one before agreed to ends with it (docs/ceremonies.md).
  const alone = withoutGeneration(
    { ...ended(m, rekey, 'completed'), rekey: null, kept, arrived: [] },
    'superseded',
  )
  const next = retired(alone, gone)
  const sets: Model['sets'] = [...stand(next.sets, [by.set], 'retiring'), { ...fresh, standing: 'live' }]
  return [{ answers: ['complete'], next: { ...next, sets }, carries: set }]
}

function start(m: Model, act: Extract<Act, { do: 'start' }>): readonly Expectation[] {
  const { kind, terms, shown, access } = act
  const wrong = door(m, shown)
  if (kind === 'rekey' && !fits(terms.shares, terms.threshold)) wrong.push('parameters_invalid')
  if (shown === 'nobody' && access === 'guarded') wrong.push('permission_denied')
  if (m[kind] !== null) wrong.push('ceremony_running', 'ceremony_other_face')
  const opener = typeof shown === 'string' ? shown : { set: shown.set, share: shown.share }
  const mine = typeof opener === 'string' ? [] : m.openings.filter((one) => sameHolder(one, opener))
  const recent = mine.filter(({ at }) => at > m.now - DAY)
  // At most 3 in 24 hours: of this kind surely, of all kinds perhaps.
  if (recent.filter((one) => one.kind === kind).length >= 3) wrong.push('ceremony_limit')
  if (wrong.length > 0) return refused(m, wrong)
  const live = opening(m).filter((set) => standingOf(m, set) === 'live')
  const quorum = kind === 'rekey' ? opening(m) : live
  const id = m.named + 1
  const ceremony = { id, opened: m.now, expires: m.now + DAY, opener, quorum, agreed: [], cancels: [] }
  const openings = typeof opener === 'string' ? m.openings : [...m.openings, { ...opener, kind, at: m.now }]
  const { wrapped } = terms
  const running =
    kind === 'rekey'
      ? { rekey: { ...ceremony, terms, dealt: null } }
      : { generation: { ...ceremony, wrapped } }
  const next = { ...m, ...running, openings, named: id }
  const unsure = typeof opener !== 'string' && standingOf(m, opener.set) === 'retiring' ? ['*'] : []
  if (recent.length >= 3) unsure.push('ceremony_limit')
  return [...done(next), ...refused(m, unsure)]
}

function cancel(m: Model, act: Extract<Act, { do: 'cancel' }>): readonly Expectation[] {
  const { kind, shown, access } = act
  const wrong = door(m, shown)
  const running = m[kind]
  if (running === null) {
    if (m.phase !== 'open') return refused(m, ['sealed'])
    // Idempotent; that who may not cancel is refused all the same is no harm.
    return [
      { answers: ['ended', 'counted', '!permission_denied', ...wrong.map((code) => `!${code}`)], next: m },
    ]
  }
  const next = kind === 'rekey' ? withoutRekey(m, 'cancelled') : withoutGeneration(m, 'cancelled')
  const end: Expectation[] = [{ answers: ['ended'], next }]
  const forAll = access === 'open' && running.opener === 'nobody' && m.phase === 'open'
  if (wrong.length > 0) return forAll ? [...end, ...refused(m, wrong)] : refused(m, wrong)
  if (shown === 'token' || forAll || opensAlone(running, shown)) return end
  if (shown === 'nobody') return refused(m, ['permission_denied'])
  const holder = { set: shown.set, share: shown.share }
  if (running.cancels.some((one) => sameHolder(one, holder))) {
    return [{ answers: ['counted', '!share_duplicate'], next: m }]
  }
  const unsure = standingOf(m, holder.set) === 'live' && running.quorum.includes(holder.set) ? [] : ['*']
  const cancels = [...running.cancels, holder]
  const { shares, threshold } = m.sets[holder.set - 1] ?? { shares: 0, threshold: 0 }
  if (of(cancels, holder.set).length >= shares - threshold + 1) return [...end, ...refused(m, unsure)]
  return [...counted({ ...m, [kind]: { ...running, cancels } }), ...refused(m, unsure)]
}

/** It drops what others gave back: for those who may end the ceremony, and not for a holder alone. */
function restartVerification(
  m: Model,
  act: Extract<Act, { do: 'restart verification' }>,
): readonly Expectation[] {
  const { shown, access } = act
  const { rekey } = m
  const wrong = door(m, shown)
  if (m.phase === 'open' && rekey === null) wrong.push('ceremony_not_running')
  const dealt = rekey?.dealt ?? null
  const forAll = access === 'open' && rekey?.opener === 'nobody'
  const may = shown === 'token' || forAll || (rekey !== null && opensAlone(rekey, shown))
  if (!may) wrong.push('permission_denied')
  if (rekey !== null && dealt === null) return [...done(m), ...refused(m, ['*', ...wrong])]
  if (rekey === null || dealt === null || (wrong.length > 0 && !forAll)) return refused(m, wrong)
  const again = { ...rekey, dealt: { ...dealt, nonce: m.named + 1, returned: [] } }
  return [...done({ ...m, rekey: again, named: m.named + 1 }), ...refused(m, wrong)]
}

function reset(m: Model, act: Extract<Act, { do: 'reset' }>): readonly Expectation[] {
  if (m.phase === 'open') return refused(m, ['bad_request'])
  if (m.phase === 'empty') return done(m)
  const wrong = act.share === null ? [] : judged(m, act.share)
  const all = act.access === 'open' || (act.share !== null && wrong.length === 0)
  const parts = all ? [] : m.parts.filter(({ source }) => source !== act.source)
  if (wrong.length > 0) return [...refused(m, wrong), ...(act.access === 'open' ? done({ ...m, parts }) : [])]
  return done({ ...m, parts })
}

function acknowledged(m: Model, ceremony: number): Model {
  const { kept } = m
  if (m.phase !== 'open' || kept === null || kept.ceremony !== ceremony) return m
  return standingOf(m, kept.set) === 'live' && opening(m).length > 1 ? dropped(m) : m
}

function sealed(m: Model, end: 'cancelled' | 'left over'): Model {
  if (m.phase === 'empty') return m
  if (m.phase === 'sealed') return { ...m, parts: [] }
  const left = withoutGeneration(withoutRekey(m, end), end)
  return { ...left, phase: 'sealed', arrived: [], kept: null, verified: null }
}

/** The new set has arrived: the old one is dropped, with every ceremony that names it. */
function dropped(m: Model): Model {
  const old = opening(m).filter((set) => standingOf(m, set) === 'retiring')
  return retired({ ...m, kept: null, arrived: [] }, old)
}

function retired(m: Model, gone: readonly number[]): Model {
  let next: Model = { ...m, sets: stand(m.sets, gone, 'retired') }
  const names = (ceremony: Ceremony): boolean => ceremony.quorum.some((set) => gone.includes(set))
  if (next.generation !== null && names(next.generation)) next = withoutGeneration(next, 'superseded')
  if (next.rekey !== null && names(next.rekey)) next = withoutRekey(next, 'superseded')
  return next
}

function withoutRekey(m: Model, end: Past['end']): Model {
  if (m.rekey === null) return m
  const { dealt } = m.rekey
  const sets = dealt === null ? m.sets : stand(m.sets, [dealt.set], 'retired')
  const kept = dealt !== null && m.kept?.set === dealt.set ? null : m.kept
  return { ...ended(m, m.rekey, end), sets, kept, rekey: null }
}

function withoutGeneration(m: Model, end: Past['end']): Model {
  return m.generation === null ? m : { ...ended(m, m.generation, end), generation: null }
}

function ended(m: Model, { id, agreed }: Ceremony, end: Past['end']): Model {
  return { ...m, past: [...m.past, { id, agreed, end }] }
}

/** Of a ceremony that nobody with a credential opened and nobody joined: an hour. */
function endOf({ opener, agreed, opened, expires }: Ceremony): number {
  return opener === 'nobody' && agreed.length === 0 ? opened + HOUR : expires
}

function opensAlone(running: Ceremony, shown: Shown): boolean {
  if (typeof shown === 'string' || typeof running.opener === 'string') return false
  return sameHolder(running.opener, shown) && running.agreed.every((holder) => sameHolder(holder, shown))
}

/** Why a share that is shown as a credential is none, and that nothing is open. */
function door(m: Model, shown: Shown): string[] {
  return [...(m.phase === 'open' ? [] : ['sealed']), ...(typeof shown === 'string' ? [] : judged(m, shown))]
}

function judged(m: Model, share: Give['share']): string[] {
  if (share.spoilt !== null) return ['share_unknown', 'share_malformed']
  if (opening(m).includes(share.set)) return []
  return standingOf(m, share.set) === 'pending' ? ['share_pending'] : ['share_retired', 'share_pending']
}

const fits = (shares: number, threshold: number): boolean =>
  shares >= 1 && threshold >= (shares > 1 ? 2 : 1) && threshold <= shares && shares <= 255

const stand = (
  sets: Model['sets'],
  numbers: readonly number[],
  standing: SetFacts['standing'],
): Model['sets'] => sets.map((set, index) => (numbers.includes(index + 1) ? { ...set, standing } : set))

const of = <One extends Holder>(holders: readonly One[], set: number): readonly One[] =>
  holders.filter((holder) => holder.set === set)

const thresholdOf = (m: Model, set: number): number => m.sets[set - 1]?.threshold ?? Number.POSITIVE_INFINITY

const add = (numbers: readonly number[], one: number): readonly number[] =>
  numbers.includes(one) ? numbers : [...numbers, one]

const done = (next: Model): readonly Expectation[] => [{ answers: ['done'], next }]

const counted = (next: Model): readonly Expectation[] => [{ answers: ['counted'], next }]

const refused = (m: Model, codes: readonly string[]): readonly Expectation[] =>
  codes.length === 0 ? [] : [{ answers: codes.map((code) => `!${code}`), next: m }]
