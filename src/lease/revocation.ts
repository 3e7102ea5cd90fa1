import { millis, type UnixMillis, unixMillis } from '../base/clock.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import {
  IRREVOCABLE_RETRY_MS,
  MAX_REVOCATION_ERROR,
  REVOCATION_ANSWER_MS,
  REVOCATION_RETRIES,
  REVOCATION_RETRY_MS,
} from '../base/limits.ts'
import type { Queues } from '../base/queues.ts'
import type { Ending, Lease } from './lease.ts'
import type { LeasePorts, LeasingMount } from './ports.ts'
import type { LeaseStore } from './store.ts'

const BEGUN: Ending = { failures: 0, error: '', irrevocable: false }

/** How a lease is ended. */
export interface EndHow {
  /** Whether it is forgotten where the engine cannot end the secret. */
  readonly force: boolean
  /** The engine that made it, where it may not be mounted any more. */
  readonly by?: LeasingMount
}

/** What came of ending a lease. */
export type Ended = 'gone' | 'failed'

/**
 * Ends secrets. That one is to be ended is written down before the engine is asked, and that it has gone
 * after it: whenever the process dies, the engine is asked again.
 */
export class Revocation {
  readonly #ports: LeasePorts
  readonly #store: LeaseStore
  readonly #queues: Queues

  constructor(ports: LeasePorts, store: LeaseStore, queues: Queues) {
    this.#ports = ports
    this.#store = store
    this.#queues = queues
  }

  /** Writes down that it is to be ended, at once; the loop does it. Of a lease that is not there, nothing. */
  async begin(id: string): Promise<void> {
    await this.#queues.run(id, async () => {
      const lease = await this.#store.get(id)
      if (lease !== null) await this.#marked(lease)
    })
    this.#ports.wake(this.#ports.clock.now())
  }

  /** Ends it where it is due. Whether that was so: a name in an index may be of before a renewal. */
  async endIfDue(id: string): Promise<boolean> {
    return await this.#queues.run(id, async () => {
      const lease = await this.#store.get(id)
      if (lease === null || lease.dueTime > this.#ports.clock.now()) return false
      await this.#ended(lease, { force: false })
      return true
    })
  }

  /** Ends it now. `failed`: it is tried again by itself. With `force` it is forgotten all the same. */
  async end(id: string, how: EndHow): Promise<Ended> {
    return await this.#queues.run(id, async () => {
      const lease = await this.#store.get(id)
      return lease === null ? 'gone' : await this.#ended(lease, how)
    })
  }

  /** Asks the engine of a mount to make a secret useless. Rejects with what it says, or after a while. */
  async ask(mount: LeasingMount | null, internal: Uint8Array): Promise<void> {
    if (mount?.keeper === undefined) {
      throw new OperatingError('not_found', 'the mount that made the secret has gone')
    }
    const answered = new AbortController()
    const asked = mount.keeper.revoke(this.#ports.json.read(internal))
    const late = this.#ports.clock.sleep(millis(REVOCATION_ANSWER_MS), answered.signal)
    try {
      const isLate = await Promise.race([asked.then(() => false), late.then(() => true)])
      if (isLate) throw new OperatingError('overloaded', 'the engine did not answer in time')
    } finally {
      answered.abort()
      // What it says later is too late to count; it is asked again.
      asked.catch(() => undefined)
    }
  }

  async #marked(lease: Lease): Promise<Lease> {
    if (lease.ending !== null) return lease
    // Due at once: after a crash the loop begins with it.
    return await this.#store.change(lease, { ...lease, ending: BEGUN, dueTime: this.#ports.clock.now() })
  }

  async #ended(lease: Lease, { force, by }: EndHow): Promise<Ended> {
    const began = this.#ports.meter.now()
    try {
      const marked = await this.#marked(lease)
      const reason = await this.#refusal(marked, by)
      if (reason !== null && !force) return await this.#failed(marked, reason)
      if (reason !== null) {
        this.#ports.log.warn('a lease was forgotten whose secret could not be ended', { mount: lease.mount })
      }
      await this.#store.remove(marked)
      return 'gone'
    } finally {
      this.#ports.meter.since('vault.expire.revoke', began)
      lease.internal.fill(0)
    }
  }

  /** Why the engine could not end the secret; `null` when it has. */
  async #refusal({ mount, internal }: Lease, by: LeasingMount | undefined): Promise<string | null> {
    try {
      await this.ask(by ?? this.#ports.mount(mount), internal)
      return null
    } catch (error) {
      // Nothing came of it: who opens the store next goes on.
      if (hasCode(error, 'sealed')) throw error
      // Only what was written to be read: the message of any other error may hold anything.
      const text = error instanceof OperatingError ? error.message : 'internal error'
      return text.slice(0, MAX_REVOCATION_ERROR).toWellFormed()
    }
  }

  async #failed(lease: Lease, error: string): Promise<Ended> {
    const failures = (lease.ending?.failures ?? 0) + 1
    const irrevocable = failures > REVOCATION_RETRIES
    const ending = { failures, irrevocable, error }
    await this.#store.change(lease, { ...lease, ending, dueTime: this.#nextTry(failures) })
    const facts = { mount: lease.mount, failures, irrevocable }
    this.#ports.log.warn('a secret could not be ended; tried again', facts)
    return 'failed'
  }

  /** Twice as late each time, and up to half as much again, so that what failed together comes apart. */
  #nextTry(failures: number): UnixMillis {
    const isLast = failures > REVOCATION_RETRIES
    const delay = isLast ? IRREVOCABLE_RETRY_MS : REVOCATION_RETRY_MS * 2 ** (failures - 1)
    const [random = 0] = this.#ports.entropy.bytes(1)
    return unixMillis(this.#ports.clock.now() + delay + Math.floor((delay * random) / 512))
  }
}
