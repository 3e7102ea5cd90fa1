import { OperatingError } from '../base/errors.ts'
import type { Asked } from './access.ts'
import type { Agreement } from './agreement.ts'
import type { Journal, JournalEvent, JournalKind } from './journal/journal.ts'
import type { JudgedShare } from './judge.ts'
import type { Shown } from './opening.ts'
import type { RekeyAnswer } from './rekey-runner.ts'

/**
 * What took effect is recorded where it was done, by these words; what was refused is recorded at the door,
 * once for all faces (`system/refusals.ts`).
 */

/** A share that was recognised: in which ceremony, and who gave it. */
export interface RecognisedShare {
  readonly kind: JournalKind
  readonly ceremony: string | null
  readonly share: number
  readonly source: string
}

/** Somebody who opens, cancels or resets something, and what they showed, judged. */
export interface AskedFor {
  readonly kind: JournalKind
  /** That of the ceremony; `null` where none runs, and so nothing happened. */
  readonly agreement: Agreement | null
  readonly asked: Asked
  readonly shown: Shown
}

export function recogniseIn(
  running: { readonly agreement: Agreement } | null,
  given: { readonly kind: JournalKind; readonly judged: JudgedShare; readonly source: string },
): RecognisedShare {
  const { kind, judged, source } = given
  return { kind, ceremony: running?.agreement.ceremonyId ?? null, share: judged.number, source }
}

export function recordAsked(journal: Journal, event: JournalEvent, by: AskedFor): void {
  const { kind, agreement, asked, shown } = by
  if (agreement === null) return
  const share = shown.by === 'holder' ? shown.judged.number : null
  const { source } = asked
  journal.record({ kind, event, ceremony: agreement.ceremonyId, share, source, credential: shown.by })
}

/** What a holder's wish that it end came to; it is the same agreement when nobody new was counted. */
export function objectionOf(
  isEnded: boolean,
  before: { readonly agreement: Agreement } | null,
  after: { readonly agreement: Agreement } | null,
): JournalEvent {
  if (isEnded) return 'cancelled'
  return before?.agreement === after?.agreement ? 'share_repeated' : 'cancel_counted'
}

/** A share of a ceremony that was taken, and whether it was the last that it needed. */
export function recordShare(journal: Journal, given: RecognisedShare, isLast: boolean): void {
  journal.record({ ...given, event: 'share_counted' })
  if (isLast) journal.record({ ...given, share: null, event: 'completed' })
}

/** As `recordShare`, for a rekey: new shares can be out before they are live, and be given again. */
export function recordRekeyShare(journal: Journal, given: RecognisedShare, answer: RekeyAnswer): void {
  if (!answer.complete) {
    journal.record({ ...given, event: answer.repeated ? 'share_repeated' : 'share_counted' })
  } else if (answer.ceremonyId !== given.ceremony) {
    journal.record({ ...given, ceremony: answer.ceremonyId, event: 'answered_again' })
  } else if (answer.verificationNonce !== null) {
    journal.record({ ...given, event: 'share_counted' })
    journal.record({ ...given, share: null, event: 'dealt' })
  } else recordShare(journal, given, true)
}

/** A new share that an open server was given while an old set is retiring: it proves that it arrived. */
export function recordArrival(
  journal: Journal,
  { role, number }: JudgedShare,
  given: { readonly source: string; readonly isRepeated: boolean },
): void {
  if (role !== 'live') return
  const event = given.isRepeated ? 'share_repeated' : 'share_returned'
  journal.record({ kind: 'rekey', event, share: number, source: given.source })
}

/**
 * The same failure, with whose share it met, for the line that the door writes of it. What is no failure of
 * the world stays as it is.
 */
export function withRecognised(error: unknown, given: Pick<RecognisedShare, 'ceremony' | 'share'>): unknown {
  if (!(error instanceof OperatingError)) return error
  const detail = { ...error.detail, ceremony: given.ceremony ?? '', shareNumber: given.share }
  return new OperatingError(error.code, error.message, { cause: error, detail })
}

/** What `withRecognised` has put into a failure; nothing for any other. */
export function recognisedIn(
  error: OperatingError,
): Pick<RecognisedShare, 'ceremony'> & { share: number | null } {
  const { ceremony, shareNumber } = error.detail
  return {
    ceremony: typeof ceremony === 'string' && ceremony !== '' ? ceremony : null,
    share: typeof shareNumber === 'number' ? shareNumber : null,
  }
}
