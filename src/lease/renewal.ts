import { hasCode, OperatingError } from '../base/errors.ts'
import type { Queues } from '../base/queues.ts'
import { lifetime } from '../logical/lifetime.ts'
import type { Lease } from './lease.ts'
import type { LeasePorts, LeasingMount } from './ports.ts'
import type { Granted } from './registration.ts'
import type { LeaseStore } from './store.ts'

/** Lets secrets live on (surface.md section 7). */
export class Renewal {
  readonly #ports: LeasePorts
  readonly #store: LeaseStore
  readonly #queues: Queues

  constructor(ports: LeasePorts, store: LeaseStore, queues: Queues) {
    this.#ports = ports
    this.#store = store
    this.#queues = queues
  }

  /**
   * The engine says how long the secret lives from now on, and the mount how long it may. `increment` in
   * seconds; 0: as it was first given. Throws `bad_request` in the contract's words, and what the engine
   * does.
   */
  async renew(id: string, increment: number): Promise<Granted> {
    const { meter } = this.#ports
    const began = meter.now()
    const { granted, lease } = await this.#queues.run(id, () => this.#renewed(id, increment))
    meter.since('vault.expire.renew', began)
    this.#ports.wake(lease.dueTime)
    return granted
  }

  async #renewed(
    id: string,
    increment: number,
  ): Promise<{ readonly granted: Granted; readonly lease: Lease }> {
    const lease = await this.#store.get(id)
    if (lease === null || lease.ending !== null || !(await holderIsGood(this.#ports, lease))) {
      throw new OperatingError('bad_request', 'lease not found')
    }
    const { keeper, ttl } = this.#expectRenewable(lease)
    const bounds = { mount: ttl(), usual: 0, period: 0, backendMax: lease.maxTtl, explicitMax: 0 }
    const { issueTime } = lease
    const wanted = increment > 0 ? increment : lease.ttl
    // Throws past the bound, before the engine does anything.
    const allowed = lifetime({ ...bounds, increment: wanted, issueTime }, this.#ports.clock.now())
    const given = await keeper.renew(this.#ports.json.read(lease.internal), allowed.ttl)
    const now = this.#ports.clock.now()
    if (!(given > 0)) throw new OperatingError('bad_request', 'lease is not renewable')
    const life = lifetime({ ...bounds, increment: given, issueTime }, now)
    const { expireTime } = life
    const renewed = await this.#store.change(lease, {
      ...lease,
      expireTime,
      dueTime: expireTime,
      lastRenewal: now,
    })
    const warnings = [...new Set([...allowed.warnings, ...life.warnings])]
    return {
      lease: renewed,
      granted: { leaseId: id, renewable: lease.renewable, leaseDuration: life.ttl, warnings },
    }
  }

  #expectRenewable(lease: Lease): LeasingMount & { readonly keeper: object } {
    if (lease.expireTime <= this.#ports.clock.now()) throw new OperatingError('bad_request', 'lease expired')
    const mount = this.#ports.mount(lease.mount)
    if (!lease.renewable || mount?.keeper === undefined) {
      throw new OperatingError('bad_request', 'lease is not renewable')
    }
    return { ...mount, keeper: mount.keeper }
  }
}

/** Whether the token that a lease ends with is still good. */
export async function holderIsGood(
  { whileGood }: Pick<LeasePorts, 'whileGood'>,
  { tokenKey }: Pick<Lease, 'tokenKey'>,
): Promise<boolean> {
  if (tokenKey === null) return true
  try {
    await whileGood(tokenKey, async () => undefined)
    return true
  } catch (error) {
    if (hasCode(error, 'permission_denied')) return false
    throw error
  }
}
