import type { AuditBroker, DeferredRecord } from '../audit/broker.ts'
import { OperatingError } from '../base/errors.ts'
import { Queue } from '../base/queue.ts'
import type { Journal, JournalEntry } from '../ceremony/journal/journal.ts'
import type { CeremonyLog } from '../ceremony/ports.ts'
import { shownEntry } from './journal.ts'

/**
 * Hands every entry of the journal that no audit device has yet to the broker, in order, and remembers each
 * once it is recorded: a process that dies in between hands one entry over again. Without devices they wait
 * for one. Where no device takes them the store stays open, and the next unseal tries again.
 */
export class HandOvers {
  readonly #journal: Journal
  readonly #log: Pick<CeremonyLog, 'info' | 'warn'>
  /** One at a time, so that each entry goes once. */
  readonly #queue = new Queue()

  constructor(journal: Journal, log: Pick<CeremonyLog, 'info' | 'warn'>) {
    this.#journal = journal
    this.#log = log
  }

  /** Beside the unseal, once `recorded` says that its own entries are there; `isOpen` ends it early. */
  after(recorded: Promise<void>, audit: AuditBroker, isOpen: () => boolean): void {
    void recorded.then(() => this.run(audit, isOpen))
  }

  /** Resolves when there is nothing more to hand over, or no way to. */
  run(audit: AuditBroker, isOpen: () => boolean): Promise<void> {
    return this.#queue.run(() => this.#handOver(audit, isOpen))
  }

  async #handOver(audit: AuditBroker, isOpen: () => boolean): Promise<void> {
    const journal = this.#journal
    if (!audit.hasDevices) return
    const unread = journal.entries().filter((entry) => entry.sequence > journal.handedOver)
    try {
      for (const entry of unread) {
        if (!isOpen()) return
        await audit.record(deferredRecord(entry))
        journal.markHandedOver(entry.sequence)
      }
      if (unread.length > 0) this.#log.info('ceremony journal handed to audit', { entries: unread.length })
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error
      this.#log.warn('the ceremony journal could not be handed to audit', { code: error.code })
    }
  }
}

function deferredRecord(entry: JournalEntry): DeferredRecord {
  return { type: 'journal', deferred: true, authenticated: false, ...shownEntry(entry) }
}
