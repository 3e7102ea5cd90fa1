import { hasCode, OperatingError } from '../base/errors.ts'
import { DUE, IRREVOCABLE, LEASES, TOKENS } from './places.ts'
import type { LeasePorts } from './ports.ts'
import { holderIsGood } from './renewal.ts'
import type { Revocation } from './revocation.ts'
import type { LeaseStore } from './store.ts'

/** Looks for what no crash of ours can leave behind, and mends it: an operator asks for it. */
export class Tidy {
  readonly #ports: LeasePorts
  readonly #store: LeaseStore
  readonly #revocation: Revocation
  #isRunning = false

  constructor(ports: LeasePorts, store: LeaseStore, revocation: Revocation) {
    this.#ports = ports
    this.#store = store
    this.#revocation = revocation
  }

  /** Begins, beside the caller. False where it is going on already. What comes of it is in the log. */
  begin(): boolean {
    if (this.#isRunning) return false
    this.#isRunning = true
    void this.#run().finally(() => {
      this.#isRunning = false
    })
    return true
  }

  async #run(): Promise<void> {
    try {
      const ended = await this.#endOrphans()
      const removed = await this.#removeStale()
      this.#ports.log.info('leases tidied', { ended, removed })
    } catch (error) {
      if (hasCode(error, 'sealed')) return
      const code = error instanceof OperatingError ? error.code : 'internal'
      this.#ports.log.warn('leases not tidied', { code })
    }
  }

  /** Leases whose token has gone. */
  async #endOrphans(): Promise<number> {
    let ended = 0
    for await (const id of this.#store.keysBelow(LEASES)) {
      const lease = await this.#store.get(id)
      if (lease === null || lease.ending !== null || (await holderIsGood(this.#ports, lease))) continue
      await this.#revocation.begin(id)
      ended++
    }
    return ended
  }

  /** Entries of indexes that name a lease which has gone. */
  async #removeStale(): Promise<number> {
    let removed = 0
    for (const folder of [TOKENS, IRREVOCABLE, DUE]) {
      for await (const name of this.#store.keysBelow(folder)) {
        const id = folder === DUE ? await this.#dueLease(name) : await this.#store.named(folder + name)
        if (id === null || (await this.#store.get(id)) !== null) continue
        await this.#store.commit([{ op: 'delete', key: folder + name }])
        removed++
      }
    }
    return removed
  }

  async #dueLease(name: string): Promise<string | null> {
    const due = await this.#store.due(name)
    return due !== null && 'lease' in due ? due.lease : null
  }
}
