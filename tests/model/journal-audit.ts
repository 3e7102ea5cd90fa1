import assert from 'node:assert/strict'
import type { World } from '../sim/world.ts'
import type { Act, Give } from './act.ts'
import { type Model, opening, sameHolder, standingOf } from './state.ts'

/** What many may repeat without end is counted and written down later: it may be there, and need not. */
const COUNTED = /^(?:refused|throttled|reset|answered_again|share_repeated)$/
const KINDS = { rekey: 'rekey', generation: 'generate_root' } as const

/** What took effect stands in the journal, once, and nothing else does (docs/ceremonies.md, Journal). */
export class JournalAudit {
  #last = 0

  /** What the journal has been told since it was asked last. */
  since(world: World): readonly string[] {
    const entries = world.journal.entries().filter(({ sequence }) => sequence > this.#last)
    this.#last = Math.max(this.#last, ...entries.map(({ sequence }) => sequence))
    // Time ends ceremonies; whoever comes next records it.
    const told = entries.filter(({ event }) => !COUNTED.test(event) && event !== 'expired')
    return told.map(({ kind, event }) => `${kind} ${event}`).toSorted()
  }

  check(world: World, happened: { before: Model; after: Model; act: Act; answer: string }): void {
    const { before, after, act, answer } = happened
    const wanted = answer.startsWith('!')
      ? []
      : [...effects(before, act, { answer, after }), ...ends(before, after)]
    assert.deepEqual(
      this.since(world),
      wanted.toSorted(),
      `${JSON.stringify(act)} -> ${answer}: in the journal`,
    )
  }
}

/** What the act itself did, besides the ceremonies that it ended. */
function effects(m: Model, act: Act, came: { answer: string; after: Model }): readonly string[] {
  switch (act.do) {
    case 'init':
      return ['init completed']
    case 'give':
      return given(m, act, came)
    case 'start':
      return [`${KINDS[act.kind]} opened`]
    case 'cancel': {
      const isNew = came.after[act.kind]?.cancels.length !== m[act.kind]?.cancels.length
      return came.answer === 'counted' && isNew ? [`${KINDS[act.kind]} cancel_counted`] : []
    }
    case 'seal':
      return m.phase === 'open' ? ['seal completed'] : []
    case 'restart':
      return m.phase === 'open' && act.how === 'clean' ? ['seal stopped'] : []
    default:
      return []
  }
}

function given(m: Model, act: Give, { answer, after }: { answer: string; after: Model }): readonly string[] {
  switch (act.to) {
    case 'unseal': {
      if (m.phase === 'open')
        return after.arrived.length > m.arrived.length || isDropped(m, after) ? ['rekey share_returned'] : []
      if (m.parts.some((part) => sameHolder(part, act.share))) return []
      return after.phase === 'open' ? ['unseal share_counted', 'unseal completed'] : ['unseal share_counted']
    }
    case 'rekey': {
      if (answer === 'repeated' || (answer === 'complete' && after.sets.length === m.sets.length)) return []
      const dealt = after.rekey !== null && answer === 'complete' ? ['rekey dealt'] : []
      return ['rekey share_counted', ...dealt]
    }
    case 'verify':
      // Its end may be told again.
      return answer === 'complete' && after.rekey === m.rekey ? [] : ['rekey share_returned']
    case 'generation':
      return ['generate_root share_counted']
  }
}

function ends(before: Model, after: Model): readonly string[] {
  const kindOf = (id: number): string => (before.generation?.id === id ? 'generate_root' : 'rekey')
  const past = after.past.slice(before.past.length).filter(({ end }) => end !== 'expired')
  return [
    ...past.map(({ id, end }) => `${kindOf(id)} ${end}`),
    ...(isDropped(before, after) ? ['rekey retired'] : []),
  ]
}

/** Whether the retiring set went, and the live one stayed. */
function isDropped(before: Model, after: Model): boolean {
  const [live, retiring] = ['live', 'retiring'].map((standing) =>
    opening(before).find((set) => standingOf(before, set) === standing),
  )
  if (live === undefined || retiring === undefined) return false
  return standingOf(after, live) === 'live' && standingOf(after, retiring) === 'retired'
}
