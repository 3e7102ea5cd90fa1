/**
 * What custody.md sections 3 and 4 and key-lifecycle.md sections 5 and 7 promise, as data and a pure
 * function: written from the design and not from the code, without a key, a byte or a clock. Key sets and
 * ceremonies are numbers, in the order in which they came to be.
 *
 * Where the design leaves an answer open, `predict` gives more than one, and what is seen afterwards decides.
 */
import type { Act, Give, Shown } from './act.ts'
import {
  type Ceremony,
  type Model,
  of,
  opening,
  type Past,
  type Rekey,
  type SetFacts,
  sameHolder,
  standingOf,
  thresholdOf,
} from './state.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export interface Expectation {
  /** `!code` is a refusal; `!*` any that blames the caller. */
  readonly answers: readonly string[]
  readonly next: Model
  /** The set whose shares the answer carries. */
  readonly carries?: number
}

const TOLD = ['!storage_full', '!storage_unavailable']

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
  if (next.verified !== null && next.verified.until <= m.now) next = { ...next, verified: null }
  if (next.rekey !== null && endOf(next.rekey) <= m.now) next = withoutRekey(next, 'expired')
  if (next.generation !== null && endOf(next.generation) <= m.now) next = withoutGeneration(next, 'expired')
  return next
}

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

  rekey(m, act) {
    const { rekey, kept } = m
    const { share, nonce, face, source } = act
    const isHolder = kept !== null && share.spoilt === null && sameHolder(kept.holder, share)
    const same = isHolder && kept.face === face
    const again: Expectation[] =
      m.phase === 'open' && same && kept.source === source && (face === 'original' || nonce === kept.ceremony)
        ? [{ answers: ['complete'], next: m, carries: kept.set }]
        : []
    if (m.phase !== 'open') return refused(m, ['sealed'])
    if (rekey === null) {
      const wrong = kept === null ? [] : judged(m, share)
      return again.length > 0 ? again : refused(m, ['ceremony_not_running', ...wrong])
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
    return deal(m, { ...rekey, agreed }, act)
  },

  verify(m, { share, nonce }) {
    const { rekey } = m
    if (m.phase !== 'open') return refused(m, ['sealed'])
    if (m.verified !== null && nonce === m.verified.nonce) {
      const isOfIt = judged(m, share).length === 0 && share.set === m.verified.set
      return isOfIt ? [{ answers: ['complete'], next: m }] : refused(m, ['*'])
    }
    if (rekey === null) return refused(m, ['ceremony_not_running'])
    if (rekey.dealt === null) return refused(m, ['*'])
    const { set, returned } = rekey.dealt
    const wrong: string[] = nonce === rekey.dealt.nonce ? [] : ['nonce_mismatch']
    if (share.spoilt !== null) wrong.push('share_unknown', 'share_malformed')
    else if (share.set !== set) wrong.push('share_other_set', ...judged(m, share))
    if (wrong.length > 0) return refused(m, wrong)
    if (returned.includes(share.share)) return refused(m, ['share_duplicate'])
    const now = add(returned, share.share)
    const { shares, threshold, verify } = rekey.terms
    if (now.length < (verify === 'all' ? shares : threshold)) {
      return counted({ ...m, rekey: { ...rekey, dealt: { ...rekey.dealt, returned: now } } })
    }
    const verified = { nonce, set, until: m.now + 5 * MINUTE }
    const over: Model = { ...ended(m, rekey, 'completed'), rekey: null, kept: null, verified, arrived: [] }
    const next = retired(over, opening(m))
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
function deal(m: Model, rekey: Rekey, { share: by, face, source }: Give): readonly Expectation[] {
  const { shares, threshold, verify } = rekey.terms
  const set = m.sets.length + 1
  const holder = { set: by.set, share: by.share }
  const kept = { ceremony: rekey.id, set, holder, face, source, until: m.now + 5 * MINUTE }
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
  const isHolder = typeof opener !== 'string'
  const mine = isHolder ? m.openings.filter((one) => sameHolder(one, opener)) : []
  if (mine.filter(({ at }) => at > m.now - DAY).length >= 3) wrong.push('ceremony_limit')
  const quorum = kind === 'rekey' ? opening(m) : opening(m).filter((set) => standingOf(m, set) === 'live')
  // Everything but a rekey counts the live set.
  if (isHolder && !quorum.includes(opener.set)) wrong.push('*')
  if (wrong.length > 0) return refused(m, wrong)
  const id = m.named + 1
  const ceremony = { id, opened: m.now, expires: m.now + DAY, opener, quorum, agreed: [], cancels: [] }
  const openings = isHolder ? [...m.openings, { ...opener, at: m.now }] : m.openings
  const { wrapped } = terms
  const running =
    kind === 'rekey'
      ? { rekey: { ...ceremony, terms, dealt: null } }
      : { generation: { ...ceremony, wrapped } }
  return done({ ...m, ...running, openings, named: id })
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

/** It drops what others gave back: for those who may end the ceremony, and not for one holder of several. */
function restartVerification(
  m: Model,
  act: Extract<Act, { do: 'restart verification' }>,
): readonly Expectation[] {
  const { shown, access } = act
  const { rekey } = m
  const wrong = door(m, shown)
  if (m.phase === 'open' && rekey === null) wrong.push('ceremony_not_running')
  const forAll = access === 'open' && rekey?.opener === 'nobody'
  const isAlone = rekey !== null && opensAlone(rekey, shown)
  if (shown !== 'token' && !forAll && !isAlone) wrong.push('permission_denied')
  if (rekey === null || (wrong.length > 0 && !forAll)) return refused(m, wrong)
  if (rekey.dealt === null) return [...done(m), ...refused(m, ['*'])]
  const again = { ...rekey, dealt: { ...rekey.dealt, nonce: m.named + 1, returned: [] } }
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
  return {
    ...withoutGeneration(withoutRekey(m, end), end),
    phase: 'sealed',
    arrived: [],
    kept: null,
    verified: null,
  }
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
  const sets = dealt === null ? m.sets : stand(m.sets, [dealt.set], 'cancelled')
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
  const standing = standingOf(m, share.set)
  if (standing === 'live' || standing === 'retiring') return []
  // Until its end is stored, a set that is no longer pending is one for the record.
  return standing === 'retired'
    ? ['share_retired']
    : ['share_pending', ...(standing === 'cancelled' ? ['share_retired'] : [])]
}

const fits = (shares: number, threshold: number): boolean =>
  shares >= 1 && threshold >= (shares > 1 ? 2 : 1) && threshold <= shares && shares <= 255

const stand = (
  sets: Model['sets'],
  numbers: readonly number[],
  standing: SetFacts['standing'],
): Model['sets'] => sets.map((set, index) => (numbers.includes(index + 1) ? { ...set, standing } : set))

const add = (numbers: readonly number[], one: number): readonly number[] =>
  numbers.includes(one) ? numbers : [...numbers, one]

const done = (next: Model): readonly Expectation[] => [{ answers: ['done'], next }]

const counted = (next: Model): readonly Expectation[] => [{ answers: ['counted'], next }]

const refused = (m: Model, codes: readonly string[]): readonly Expectation[] =>
  codes.length === 0 ? [] : [{ answers: codes.map((code) => `!${code}`), next: m }]
