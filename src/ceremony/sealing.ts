import type { OpenPhase } from './desk.ts'
import type { Journal, JournalFacts } from './journal/journal.ts'
import type { Session } from './session.ts'

/**
 * An explicit seal ends every ceremony, whatever comes of its commit. Before the commit it leaves a mark in
 * the journal, which outlives the process: whoever opens the store next does what the commit could not.
 */

/** What an explicit seal ends, in its commit. */
export function closingOf({ rekey, generateRoot }: OpenPhase): Parameters<Session['finish']>[0] {
  const { ending, record } = rekey.closing()
  const other = generateRoot.end('cancelled', ending?.head)
  return { record, entries: [...(ending?.writes ?? []), ...(other?.writes ?? [])] }
}

/** Cancels in the store what a seal has ended. Throws what the store throws; then the mark stays. */
export async function cancelEnded(journal: Journal, { rekey, generateRoot }: OpenPhase): Promise<void> {
  if (journal.sealMark === null) return
  await rekey.cancel()
  await generateRoot.cancel()
  journal.clearMark()
}

/**
 * What the journal will say of a seal that `source` asked for, or of a clean stop: to be asked for before it
 * begins, as it names what runs then.
 */
export function sealFacts(phase: OpenPhase, source: string | null): readonly JournalFacts[] {
  if (source === null) return [{ kind: 'seal', event: 'stopped' }]
  const by = { source, credential: 'token' } as const
  const running = [
    { kind: 'rekey', ceremony: phase.rekey.status().running?.agreement.ceremonyId },
    { kind: 'generate_root', ceremony: phase.generateRoot.status().running?.agreement.ceremonyId },
  ] as const
  const cancelled = running.flatMap(({ kind, ceremony }): readonly JournalFacts[] =>
    ceremony === undefined ? [] : [{ kind, event: 'cancelled', ceremony, ...by }],
  )
  return [...cancelled, { kind: 'seal', event: 'completed', ...by }]
}
