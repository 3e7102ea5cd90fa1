import type { UnixMillis } from '../../base/clock.ts'
import type { ErrorCode } from '../../base/errors.ts'

/** What was done in: a ceremony, or the seal that ends all of them. */
export const JOURNAL_KINDS = ['init', 'unseal', 'seal', 'rekey', 'generate_root'] as const
export type JournalKind = (typeof JOURNAL_KINDS)[number]

/**
 * What happened. `dealt`: new shares were handed out and wait to be given back; `share_returned`: one was;
 * `cancel_counted`: a holder wants it to end; `answered_again`: new shares were given once more; `refused`: a
 * request that changed nothing, with its reason; `throttled`: the same for a share that nobody looked up in
 * the retired sets any more; `stopped`, `stepped_down`, `abandoned`: the ways in which a store is sealed
 * without anybody asking for it.
 */
export const JOURNAL_EVENTS = [
  'opened',
  'share_counted',
  'share_repeated',
  'dealt',
  'share_returned',
  'refused',
  'throttled',
  'reset',
  'cancel_counted',
  'cancelled',
  'expired',
  'superseded',
  'completed',
  'answered_again',
  'retired',
  'stopped',
  'stepped_down',
  'abandoned',
] as const
export type JournalEvent = (typeof JOURNAL_EVENTS)[number]

export const JOURNAL_CREDENTIALS = ['nobody', 'token', 'holder'] as const

/** `internal` is what the API calls a failure that nobody expected. */
export type JournalReason = ErrorCode | 'internal'

/**
 * What a journal is told. Nothing in it is computed from what was refused: a share has a number here only
 * when it was recognised.
 */
export interface JournalFacts {
  readonly kind: JournalKind
  readonly event: JournalEvent
  /** The API's nonce; `null` where no ceremony runs. */
  readonly ceremony?: string | null
  readonly share?: number | null
  /** Address of the peer; `null` where nobody asked: expiry, a signal. */
  readonly source?: string | null
  /** What was shown to open or cancel a ceremony, or to seal. */
  readonly credential?: (typeof JOURNAL_CREDENTIALS)[number] | null
  readonly reason?: JournalReason | null
}

/** One line of the journal. */
export interface JournalEntry extends Required<JournalFacts> {
  /** Ascending from 1; a number that is missing is a line that was lost or overwritten. */
  readonly sequence: number
  readonly time: UnixMillis
  /** The last one, where the line stands for several. */
  readonly until: UnixMillis
  /** How often it happened from `time` to `until`. */
  readonly count: number
}

/**
 * What happened in ceremonies, kept where no audit device can record: before the store is open, and in what
 * works without it (custody.md section 3). It is in the clear and nothing vouches for it.
 *
 * No method throws and none waits for a disk: a journal is never in the way of an unseal. What cannot be
 * written stays in memory, and the operator's log says so.
 */
export interface Journal {
  record(facts: JournalFacts): void
  /** What is kept, by ascending sequence. */
  entries(): readonly JournalEntry[]

  /**
   * Since when it stands that an explicit seal ended all ceremonies and may not have been able to cancel them
   * in the store: the next unseal does. `null` where there is nothing to do.
   */
  readonly sealMark: UnixMillis | null
  mark(): void
  clearMark(): void

  /** The last sequence that an audit device has. */
  readonly handedOver: number
  markHandedOver(sequence: number): void

  /** Writes down what is still being counted, and lets go of the file. */
  close(): Promise<void>
}
