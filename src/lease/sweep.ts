import { base62 } from '../base/base62.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { hasCode } from '../base/errors.ts'
import { IRREVOCABLE_RETRY_MS, MAX_REVOCATIONS_AT_ONCE } from '../base/limits.ts'
import { inParallel } from '../base/parallel.ts'
import type { ViewWrite } from '../logical/backend.ts'
import type { ExpirySource } from './expiry.ts'
import { SUFFIX_LENGTH } from './lease.ts'
import { DUE, type Due, dueName, encodeDue, leasesOfToken, timeOf } from './places.ts'
import type { LeasePorts } from './ports.ts'
import type { Revocation } from './revocation.ts'
import type { LeaseStore } from './store.ts'

/** Deals with what is due, in the order of the index: nothing of it is kept in memory. */
export class Sweep implements ExpirySource {
  readonly name = 'leases'
  readonly #ports: LeasePorts
  readonly #store: LeaseStore
  readonly #revocation: Revocation

  constructor(ports: LeasePorts, store: LeaseStore, revocation: Revocation) {
    this.#ports = ports
    this.#store = store
    this.#revocation = revocation
  }

  async nextDue(): Promise<UnixMillis | null> {
    const [name] = await this.#store.page(DUE, { after: '', limit: 1 })
    return name === undefined ? null : timeOf(name)
  }

  async sweep(now: UnixMillis, limit: number): Promise<number> {
    const names = await this.#store.page(DUE, { after: '', limit })
    const due = names.filter((name) => timeOf(name) <= now)
    await inParallel(due, MAX_REVOCATIONS_AT_ONCE, (name) => this.#look(name, limit))
    return due.length
  }

  /**
   * What has every lease of a token ended once the commit that it is for has ended the token: one write,
   * however many there are. Keys are relative to the room's prefix.
   */
  async alongside(tokenKey: string): Promise<readonly ViewWrite[]> {
    const [first] = await this.#store.page(leasesOfToken(tokenKey), { after: '', limit: 1 })
    if (first === undefined) return []
    return [this.#dueAt(this.#ports.clock.now(), { token: tokenKey, after: '' })]
  }

  async #look(name: string, limit: number): Promise<void> {
    try {
      const due = await this.#store.due(name)
      if (due === null) return
      if ('token' in due) await this.#endOfToken(name, due, limit)
      else if (!(await this.#revocation.endIfDue(due.lease))) await this.#store.commit([taken(name)])
    } catch (error) {
      if (!hasCode(error, 'corrupt_entry')) throw error
      this.#ports.log.warn('a lease that is due cannot be read; looked at again in a day')
      await this.#postpone(name)
    }
  }

  /** Has its leases ended one by one: each is due at once, and what the loop may do in a second holds. */
  async #endOfToken(name: string, due: Extract<Due, { token: string }>, limit: number): Promise<void> {
    const folder = leasesOfToken(due.token)
    const suffixes = await this.#store.page(folder, { after: due.after, limit })
    await inParallel(suffixes, MAX_REVOCATIONS_AT_ONCE, async (suffix) => {
      const id = await this.#store.named(folder + suffix)
      if (id !== null) await this.#revocation.begin(id)
    })
    const last = suffixes.at(-1)
    const rest =
      suffixes.length < limit || last === undefined
        ? []
        : [this.#dueAt(this.#ports.clock.now(), { ...due, after: last })]
    await this.#store.commit([taken(name), ...rest])
  }

  async #postpone(name: string): Promise<void> {
    const value = await this.#store.raw(DUE + name)
    if (value === null) return
    const time = unixMillis(this.#ports.clock.now() + IRREVOCABLE_RETRY_MS)
    const later = dueName(time, base62(this.#ports.entropy, SUFFIX_LENGTH))
    await this.#store.commit([taken(name), { op: 'put', key: DUE + later, value }])
  }

  #dueAt(time: UnixMillis, due: Due): ViewWrite {
    const name = dueName(time, base62(this.#ports.entropy, SUFFIX_LENGTH))
    return { op: 'put', key: DUE + name, value: encodeDue(due) }
  }
}

function taken(name: string): ViewWrite {
  return { op: 'delete', key: DUE + name }
}
