/** What people, strangers, the disk and time do to a store, and how a random choice becomes one of it. */
import fc from 'fast-check'
import type { FaultMode } from '../sim/sim-storage.ts'
import { type Holder, type Model, opening, sameHolder, standingOf } from './state.ts'

export interface ShareRef extends Holder {
  /** What became of it on the way. `null`: it is what was handed out. */
  readonly spoilt: 'mistyped' | 'foreign' | 'short' | null
}

export type Shown = 'nobody' | 'token' | ShareRef

export interface Terms {
  readonly shares: number
  readonly threshold: number
  readonly face: 'original' | 'modern' | 'rotate'
  readonly verify: 'none' | 'threshold' | 'all'
  readonly wrapped: boolean
}

export interface Give {
  readonly do: 'give'
  readonly to: 'unseal' | 'rekey' | 'verify' | 'generation'
  readonly share: ShareRef
  /** A ceremony or verification by its number in the model; 0: one that never was. */
  readonly nonce: number
  readonly face: Terms['face']
  readonly source: string
}

interface Asking {
  readonly shown: Shown
  readonly access: 'open' | 'guarded'
}

export type Act =
  | { readonly do: 'init'; readonly shares: number; readonly threshold: number }
  | Give
  | ({ readonly do: 'start'; readonly kind: 'rekey' | 'generation'; readonly terms: Terms } & Asking)
  | ({ readonly do: 'cancel'; readonly kind: 'rekey' | 'generation' } & Asking)
  | ({ readonly do: 'restart verification' } & Asking)
  | {
      readonly do: 'reset'
      readonly source: string
      readonly access: 'open' | 'guarded'
      readonly share: ShareRef | null
    }
  /** The answer of this ceremony is known to have arrived. */
  | { readonly do: 'acknowledge'; readonly ceremony: number }
  | { readonly do: 'seal' }
  /** The process ends, and another one takes the store. */
  | { readonly do: 'restart'; readonly how: 'clean' | 'crash' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'write'; readonly value: number }
  /** A new data key. */
  | { readonly do: 'rotate' }
  | { readonly do: 'break recipient'; readonly broken: boolean }

/** A random choice: numbers that `resolve` reads against what is true when its turn comes. */
export interface Choice {
  readonly what: (typeof WHATS)[number][1]
  readonly pick: number
  readonly share: number
  readonly who: 'live' | 'retiring' | 'pending' | 'retired' | 'opener'
  readonly spoilt: ShareRef['spoilt']
  readonly shown: 'nobody' | 'token' | 'share'
  readonly access: 'open' | 'guarded'
  readonly nonce: 'right' | 'old' | 'none'
  readonly terms: Terms
  readonly source: '10.0.0.1' | '10.0.0.2'
}

export interface Fault {
  readonly at: number
  readonly mode: FaultMode
}

const SHAPES = [
  [1, 1],
  [2, 2],
  [3, 2],
  [3, 3],
  [4, 2],
  [5, 3],
] as const

const WHATS = [
  [30, 'next step'],
  [8, 'next step of a root token'],
  [6, 'give to a rekey'],
  [4, 'give to a verification'],
  [4, 'give to a root token'],
  [5, 'give to the seal'],
  [2, 'pester'],
  [8, 'prove'],
  [5, 'start'],
  [4, 'cancel'],
  [2, 'restart verification'],
  [2, 'reset'],
  [4, 'acknowledge'],
  [2, 'seal'],
  [4, 'restart'],
  [5, 'wait'],
  [2, 'write'],
  [2, 'rotate'],
  [1, 'break recipient'],
  [1, 'init'],
] as const

const weighted = <Value>(...rows: readonly (readonly [number, Value])[]): fc.Arbitrary<Value> =>
  fc.oneof(...rows.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })))

export const SHAPE = fc.constantFrom(...SHAPES)

const TERMS: fc.Arbitrary<Terms> = fc
  .record({
    shape: weighted<readonly [number, number]>(
      ...SHAPES.map((shape) => [5, shape] as const),
      [1, [3, 1]],
      [1, [2, 3]],
    ),
    face: fc.constantFrom('original', 'modern', 'rotate'),
    verify: fc.constantFrom('none', 'threshold', 'all'),
    wrapped: fc.boolean(),
  })
  .map(({ shape: [shares, threshold], face, verify, wrapped }) =>
    face === 'original'
      ? { shares, threshold, face, verify: 'none', wrapped: false }
      : { shares, threshold, face, verify, wrapped },
  )

export const CHOICE: fc.Arbitrary<Choice> = fc.record({
  what: weighted(...WHATS),
  pick: fc.nat({ max: 11 }),
  share: fc.nat({ max: 4 }),
  who: weighted<Choice['who']>([6, 'live'], [3, 'retiring'], [3, 'pending'], [2, 'retired'], [2, 'opener']),
  spoilt: weighted<Choice['spoilt']>([8, null], [1, 'mistyped'], [1, 'foreign'], [1, 'short']),
  shown: weighted<Choice['shown']>([2, 'nobody'], [1, 'token'], [3, 'share']),
  access: fc.constantFrom('open', 'guarded'),
  nonce: weighted<Choice['nonce']>([8, 'right'], [1, 'old'], [1, 'none']),
  terms: TERMS,
  source: weighted<Choice['source']>([3, '10.0.0.1'], [1, '10.0.0.2']),
})

// What several people may do at the same moment; the others are not people, or end the process.
const ALONE: readonly Choice['what'][] = ['restart', 'wait', 'write', 'rotate', 'break recipient', 'init']
export const CHOICES_AT_ONCE = fc.array(
  CHOICE.filter(({ what }) => !ALONE.includes(what)),
  { minLength: 2, maxLength: 4 },
)

/** The same, for a while: people who finish what they began, or one who does not stop. */
/** Early operations are the reads of an unseal, later ones its commits and those of a ceremony. */
export const FAULT: fc.Arbitrary<Fault | null> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({
      at: fc.integer({ min: 1, max: 9 }),
      mode: fc.constantFrom('lost', 'kept', 'full', 'crash'),
    }),
  },
)

// A little less and a little more than 5 minutes, an hour, a day, and 8 days; never just that, so that no end
// falls on the same millisecond as an act.
const WAITS = [
  ...[1_001, 61_001, 290_003, 301_007, 1_860_011, 3_590_017, 3_601_019],
  ...[43_000_023, 86_390_029, 86_401_031, 691_190_037, 691_201_041],
]

/** What this choice comes to now. */
export function resolve(m: Model, choice: Choice): Act {
  const { access, source, terms } = choice
  const kind = choice.pick % 3 === 0 ? 'generation' : 'rekey'
  const share = shareOf(m, choice)
  const shown: Shown = choice.shown === 'share' ? share : choice.shown
  const give = (to: Give['to']): Act => {
    return { do: 'give', to, share, nonce: nonceOf(m, choice, to), face: faceOf(m, choice), source }
  }
  switch (choice.what) {
    case 'next step':
      return nextStep(m, choice)
    case 'next step of a root token':
      return nextOfRootToken(m, choice)
    case 'pester':
      return pester(m, choice)
    case 'prove':
      return prove(m, choice)
    case 'give to a rekey':
      return give('rekey')
    case 'give to a verification':
      return give('verify')
    case 'give to a root token':
      return give('generation')
    case 'give to the seal':
      return give('unseal')
    case 'start':
      return { do: 'start', kind, terms, shown, access }
    case 'cancel':
      return { do: 'cancel', kind, shown, access }
    case 'restart verification':
      return { do: 'restart verification', shown, access }
    case 'reset':
      return { do: 'reset', source, access, share: choice.shown === 'share' ? share : null }
    case 'acknowledge':
      return { do: 'acknowledge', ceremony: choice.nonce === 'right' ? lastDealt(m) : choice.pick }
    case 'restart':
      return { do: 'restart', how: choice.pick % 2 === 0 ? 'clean' : 'crash' }
    case 'wait':
      return { do: 'wait', ms: WAITS[choice.pick % WAITS.length] ?? 0 }
    case 'write':
      return { do: 'write', value: m.written + 1 }
    case 'break recipient':
      return { do: 'break recipient', broken: !m.brokenRecipient }
    case 'init':
      return { do: 'init', shares: terms.shares, threshold: terms.threshold }
    default:
      return { do: choice.what }
  }
}

/** What honest holders do: open the store, start a rekey, agree, give the new shares back. */
function nextStep(m: Model, choice: Choice): Act {
  const { terms, access, source } = choice
  const give = (to: Give['to'], share: Holder, nonce: number): Act => {
    const face = m.rekey?.terms.face ?? 'modern'
    return { do: 'give', to, share: held(m, share), nonce, face, source }
  }
  if (m.phase === 'empty') return { do: 'init', shares: terms.shares, threshold: terms.threshold }
  const sets = opening(m).filter((set) => m.sets[set - 1]?.delivered === true)
  const set = sets[choice.pick % sets.length] ?? 1
  if (m.phase === 'sealed') return give('unseal', missing(m, { set, from: m.parts, first: choice.share }), 0)
  const { rekey } = m
  if (rekey === null) {
    const anyone = missing(m, { set, from: [], first: choice.share })
    const shown: Shown = choice.shown === 'share' ? held(m, anyone) : choice.shown
    return {
      do: 'start',
      kind: 'rekey',
      terms,
      shown: access === 'guarded' && shown === 'nobody' ? 'token' : shown,
      access,
    }
  }
  if (rekey.dealt === null) {
    return give('rekey', missing(m, { set, from: rekey.agreed, first: choice.share }), rekey.id)
  }
  const { set: pending, returned } = rekey.dealt
  // The answer was lost, and with it these shares: somebody with a token begins again.
  if (m.sets[pending - 1]?.delivered !== true) return { do: 'cancel', kind: 'rekey', shown: 'token', access }
  const from = returned.map((share) => ({ set: pending, share }))
  return give('verify', missing(m, { set: pending, from, first: choice.share }), rekey.dealt.nonce)
}

function nextOfRootToken(m: Model, choice: Choice): Act {
  const { generation } = m
  if (m.phase !== 'open') return nextStep(m, choice)
  const { terms, source } = choice
  if (generation === null)
    return { do: 'start', kind: 'generation', terms, shown: 'token', access: choice.access }
  const live = opening(m).find((set) => standingOf(m, set) === 'live') ?? 1
  const share = missing(m, { set: live, from: generation.agreed, first: choice.share })
  return { do: 'give', to: 'generation', share: held(m, share), nonce: generation.id, face: 'modern', source }
}

/** One holder who opens a rekey again and again, and cancels it. */
function pester(m: Model, choice: Choice): Act {
  if (m.phase !== 'open') return nextStep(m, choice)
  const live = opening(m).find((set) => standingOf(m, set) === 'live') ?? 1
  const shown = held(m, { set: live, share: 0 })
  const { terms } = choice
  if (m.rekey === null) return { do: 'start', kind: 'rekey', terms, shown, access: 'guarded' }
  return { do: 'cancel', kind: 'rekey', shown, access: 'guarded' }
}

/** A holder who shows to the open server that a new share has arrived. */
function prove(m: Model, choice: Choice): Act {
  const live = opening(m).find((set) => standingOf(m, set) === 'live')
  if (m.phase !== 'open' || live === undefined || opening(m).length < 2) return nextStep(m, choice)
  const from = m.arrived.map((share) => ({ set: live, share }))
  const share = held(m, missing(m, { set: live, from, first: choice.share }))
  return { do: 'give', to: 'unseal', share, nonce: 0, face: 'modern', source: choice.source }
}

/** Its share, where it reached its holder: of a lost answer nobody has one. */
function held(m: Model, holder: Holder): ShareRef {
  return { ...holder, spoilt: m.sets[holder.set - 1]?.delivered === true ? null : 'foreign' }
}

/** A holder of this set who has not done it yet. */
function missing(
  m: Model,
  { set, from, first }: { set: number; from: readonly Holder[]; first: number },
): Holder {
  const { shares } = m.sets[set - 1] ?? { shares: 1 }
  for (let next = 0; next < shares; next++) {
    const holder = { set, share: (first + next) % shares }
    if (!from.some((one) => sameHolder(one, holder))) return holder
  }
  return { set, share: first % shares }
}

/** A share that somebody has: of a set with this standing, where there is one. */
function shareOf(m: Model, { who, pick, share, spoilt }: Choice): ShareRef {
  const running = pick % 3 === 0 ? m.generation : m.rekey
  if (who === 'opener' && running !== null && typeof running.opener !== 'string')
    return { ...running.opener, spoilt }
  const delivered = m.sets.flatMap((one, index) => (one.delivered ? [{ ...one, number: index + 1 }] : []))
  const wanted = delivered.filter(({ standing }) => (standing === 'cancelled' ? 'retired' : standing) === who)
  const from = wanted.length > 0 ? wanted : delivered
  const set = from[pick % from.length]
  if (set === undefined) return { set: 0, share: 0, spoilt: 'foreign' }
  return { set: set.number, share: share % set.shares, spoilt }
}

function nonceOf(m: Model, { nonce, pick }: Choice, to: Give['to']): number {
  if (nonce === 'none') return 0
  if (nonce === 'old') return m.named === 0 ? 0 : 1 + (pick % m.named)
  if (to === 'generation') return m.generation?.id ?? 0
  if (to === 'verify') return m.rekey?.dealt?.nonce ?? 0
  return m.rekey?.id ?? lastDealt(m)
}

/** The ceremony whose answer may be asked for again; or could be, before it was too late. */
function lastDealt(m: Model): number {
  return m.kept?.ceremony ?? m.past.at(-1)?.id ?? 0
}

/** The face that the running rekey was opened on, now and then another one. */
function faceOf(m: Model, { pick, terms }: Choice): Terms['face'] {
  return pick % 4 === 0 ? terms.face : (m.rekey?.terms.face ?? terms.face)
}

/** The same for a while: people who finish what they began, or one who does not stop. */
export const IN_TURN = fc
  .record({
    what: weighted<Choice['what']>([3, 'next step'], [1, 'next step of a root token'], [1, 'pester']),
    moments: fc.array(fc.record({ choice: CHOICE, fault: FAULT }), { minLength: 2, maxLength: 8 }),
  })
  .map(({ what, moments }) => moments.map(({ choice, fault }) => ({ choice: { ...choice, what }, fault })))
