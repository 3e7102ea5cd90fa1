import type { Keyring } from '../barrier/keyring.ts'
import { millis, type UnixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { ROTATION_CHECK_MS } from '../base/limits.ts'
import { OutcomeUnknownError } from './custody-change.ts'
import { operationsWrite } from './operations.ts'
import type { CeremonyPorts } from './ports.ts'
import type { Session } from './session.ts'

/** Looks after the newest data key of one open store, beside the requests. */
export class RotationWatch {
  readonly #ports: CeremonyPorts
  readonly #session: Session
  /** The count that was written down last: by the change that the unseal made. */
  #written: number

  constructor(ports: CeremonyPorts, session: Session) {
    this.#ports = ports
    this.#session = session
    this.#written = session.barrier.done
  }

  /**
   * Looks every five minutes until the store is sealed. A failure is logged and tried again at the next look.
   * `inQueue` is how it enters the ceremony queue. Rejects with what nobody expected.
   */
  async run(inQueue: (look: () => Promise<void>) => Promise<void>): Promise<void> {
    const { closed } = this.#session
    for (;;) {
      await this.#ports.clock.sleep(millis(ROTATION_CHECK_MS), closed)
      if (closed.aborted) return
      try {
        await inQueue(() => this.#look())
      } catch (error) {
        // Whoever ends the process was told already.
        if (error instanceof OutcomeUnknownError) return
        if (!(error instanceof OperatingError)) throw error
        this.#ports.log.warn('data key neither rotated nor counted; tried again', { code: error.code })
      }
    }
  }

  /** Rotates where a new term is due, and else writes down how much was done under the one there is. */
  async #look(): Promise<void> {
    // Sealed while it waited in the queue.
    if (this.#session.closed.aborted) return
    const { keyring, used } = this.#session.barrier
    const why = dueBy(keyring, { used, now: this.#ports.clock.now() })
    if (why === null) return await this.#writeDown()
    await this.#session.change({ term: 'new', entries: [] })
    this.#ports.log.info('data key rotated', { term: this.#session.barrier.keyring.active.term, why })
  }

  async #writeDown(): Promise<void> {
    const { barrier } = this.#session
    // On a server where nothing happens this would be the only thing that does.
    if (barrier.done === this.#written) return
    const done = barrier.done + 1
    await this.#session.commitEntries([operationsWrite({ term: barrier.keyring.active.term, done })])
    this.#written = done
  }
}

/** What is reserved counts as used after a crash: a key that may have done too much is one that has. */
function dueBy(
  { rotation, active }: Keyring,
  at: { readonly used: number; readonly now: UnixMillis },
): 'operations' | 'age' | null {
  if (!rotation.enabled) return null
  if (at.used > rotation.maxOperations) return 'operations'
  const isOld = rotation.intervalMs > 0 && at.now - active.createdAt >= rotation.intervalMs
  return isOld ? 'age' : null
}
