import type { PlainWrite } from '../barrier/barrier.ts'
import { assert } from '../base/assert.ts'
import type { Closing, TranscriptHead } from '../custody/transcript.ts'
import { type Agreement, isExpired } from './agreement.ts'
import type { JournalKind } from './journal/journal.ts'
import type { CeremonyPorts } from './ports.ts'
import type { Session } from './session.ts'
import type { StoredCeremony } from './stored-ceremony.ts'
import { TranscriptDraft } from './transcripts.ts'

/** How a kind of ceremony is stored. */
export interface LedgerKind<Running> {
  /** What the log and the journal call it. */
  readonly noun: string
  readonly kind: JournalKind
  readonly path: string
  /** Further entries that go with it. */
  readonly besides?: readonly string[]
  encode(stored: StoredCeremony<Running>): Uint8Array
}

/** What ends a running ceremony, for a commit that the caller makes; then the caller forgets it. */
export interface Ending {
  readonly writes: readonly PlainWrite[]
  /** Behind which another ceremony is closed in the same commit. */
  readonly head: TranscriptHead
  /** Forgets the ceremony in memory: to be called once the writes are stored. */
  readonly forget: () => void
}

/**
 * The running ceremony of one kind, in step with what is stored: memory changes only after the commit
 * (custody.md section 2). It knows nothing of what the ceremony is for.
 */
export class CeremonyLedger<Running extends { readonly agreement: Agreement }> {
  readonly #ports: CeremonyPorts
  readonly #session: Session
  readonly #kind: LedgerKind<Running>
  #stored: StoredCeremony<Running> | null

  constructor(
    ports: CeremonyPorts,
    session: Session,
    kept: { readonly kind: LedgerKind<Running>; readonly resumed: StoredCeremony<Running> | null },
  ) {
    this.#ports = ports
    this.#session = session
    this.#kind = kept.kind
    this.#stored = kept.resumed
  }

  /** The running ceremony; `null` also for one whose time is over, or that a seal has ended. */
  get running(): Running | null {
    if (this.#ports.journal.sealMark !== null) return null
    return this.hasExpired ? null : (this.#stored?.running ?? null)
  }

  /** The ceremony that is kept, also one whose time is over and that no change has closed yet. */
  get held(): Running | null {
    return this.#stored?.running ?? null
  }

  /** Whether one is kept whose time is over: it is closed by the next change. */
  get hasExpired(): boolean {
    if (this.#stored === null) return false
    const { unjoinedExpiryMs } = this.#ports.settings
    return isExpired(this.#stored.running.agreement, this.#ports.clock.now(), unjoinedExpiryMs)
  }

  /** Stores a new ceremony with the lines of `draft`, and with `besides` in the same commit. */
  async open(running: Running, draft: TranscriptDraft, besides: readonly PlainWrite[]): Promise<void> {
    assert(this.#stored === null, 'one ceremony of a kind runs at a time')
    await this.#session.commitEntries([...this.writesOf(running, draft), ...besides])
    this.adopt(running, draft)
    const { ceremonyId: ceremony, opener } = running.agreement
    this.#ports.log.info(`${this.#kind.noun} opened`, { ceremony, by: opener.by })
  }

  /** Stores the next state with the lines of `draft`. */
  async store(running: Running, draft: TranscriptDraft): Promise<void> {
    await this.#session.commitEntries(this.writesOf(running, draft))
    this.adopt(running, draft)
  }

  /** The writes of a next state, for a commit that the caller makes; `adopt` follows it. */
  writesOf(running: Running, draft: TranscriptDraft): readonly PlainWrite[] {
    const value = this.#kind.encode({ running, chain: draft.chain })
    return [{ op: 'put', key: this.#kind.path, value }, ...draft.writes]
  }

  adopt(running: Running, draft: TranscriptDraft): void {
    this.#stored = { running, chain: draft.chain }
  }

  /** A draft that goes on where the transcript of the running ceremony stands. */
  draft(): TranscriptDraft {
    const { running, chain } = this.#expectStored()
    return new TranscriptDraft(this.#ports, running.agreement, chain)
  }

  /**
   * Ends the kept ceremony with a closing line and nothing else, behind `previous` where that is closed in
   * the same commit; `null` where none is kept. One whose time is over has expired, whatever closes it: its
   * transcript must not name a cancel that nobody asked for.
   */
  end(event: Exclude<Closing['event'], 'completed'>, previous: TranscriptHead | null = null): Ending | null {
    if (this.#stored === null) return null
    const end = this.hasExpired ? 'expired' : event
    const ending = this.endWith(this.draft().after(previous).close(this.#session, end, {}))
    // A cancellation is recorded by whoever asked for it.
    if (end === 'cancelled') return ending
    const { ceremonyId: ceremony, opener } = this.#stored.running.agreement
    const forget = (): void => {
      ending.forget()
      this.#ports.journal.record({ kind: this.#kind.kind, event: end, ceremony, credential: opener.by })
    }
    return { ...ending, forget }
  }

  /** Ends the kept ceremony with the lines of `draft`. */
  endWith(draft: TranscriptDraft): Ending {
    const keys = [this.#kind.path, ...(this.#kind.besides ?? [])]
    const writes: PlainWrite[] = [...draft.writes, ...keys.map((key) => ({ op: 'delete' as const, key }))]
    const { ceremonyId: ceremony } = this.#expectStored().running.agreement
    const forget = (): void => {
      this.#stored = null
      this.#ports.log.info(`${this.#kind.noun} ended`, { ceremony })
    }
    return { writes, head: draft.head, forget }
  }

  #expectStored(): StoredCeremony<Running> {
    assert(this.#stored !== null, 'a running ceremony is kept')
    return this.#stored
  }
}
