import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { BarrierView } from '../barrier/view.ts'
import type { Clock, UnixMillis } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import type { ErrorDetail } from '../base/errors.ts'
import type { Meter } from '../base/meter.ts'
import { ExpiryLoop } from '../lease/expiry.ts'
import { Leases } from '../lease/leases.ts'
import type { LeasingMount } from '../lease/ports.ts'
import type { Mounted } from '../logical/backend.ts'
import type { MountEntry } from '../router/mount-table.ts'
import type { LiveMount, Mounts } from '../router/mounts.ts'
import type { TokenStore } from '../token/store.ts'
import { tokenLeases } from './token-leases.ts'
import { WIRE_JSON } from './wire-json.ts'

const LEASE_PREFIX = 'sys/lease/'

export interface LeaseRoomPorts {
  readonly barrier: Barrier
  readonly tokens: TokenStore
  readonly mounts: () => Mounts
  readonly entropy: Entropy
  readonly clock: Clock
  readonly meter: Meter
  readonly log: {
    info(event: string, facts?: ErrorDetail): void
    warn(event: string, facts?: ErrorDetail): void
  }
}

/** The leases of an open store, and the loop that ends them and tokens. */
export class LeaseRoom {
  readonly leases: Leases
  readonly loop: ExpiryLoop
  readonly #mounts: () => Mounts
  /** Taken away, while secrets of theirs are still being ended. By accessor. */
  readonly #leaving = new Map<string, LeasingMount>()

  constructor(ports: LeaseRoomPorts) {
    const { barrier, tokens, mounts } = ports
    this.#mounts = mounts
    this.leases = new Leases(
      {
        ...ports,
        storage: new BarrierView(barrier, LEASE_PREFIX),
        json: WIRE_JSON,
        mount: (accessor) => this.#mount(accessor),
        whileGood: (tokenKey, act) => tokens.whileGood(tokenKey, act),
        wake: (time) => this.loop.wake(time),
      },
      tokenLeases(tokens),
    )
    const ending = {
      name: 'tokens',
      nextDue: () => tokens.nextDue(),
      sweep: (now: UnixMillis, limit: number) => tokens.sweep(now, limit),
    }
    this.loop = new ExpiryLoop(ports, [ending, this.leases.source])
  }

  /** What has the leases of a token ended with it: whole keys. */
  async alongside(tokenKey: string): Promise<readonly PlainWrite[]> {
    const writes = await this.leases.alongside(tokenKey)
    return writes.map((write) => ({ ...write, key: LEASE_PREFIX + write.key }))
  }

  /**
   * Ends the secrets of a mount that is moved or taken away. Throws `revocation_failed`: then it is tried
   * again, with the engine as it is, and what the mount keeps must stay.
   */
  async endMount(entry: MountEntry, engine: Mounted): Promise<void> {
    const leaving = this.#leasing({ path: entry.path, entry, mounted: engine }, true)
    this.#leaving.set(entry.accessor, leaving)
    let isDone = false
    try {
      await this.leases.revokeBelow(entry.path.replace(/\/$/, ''), { sync: true, force: false })
      isDone = true
    } finally {
      // One that could not be moved goes on where it is; one that was taken away is asked again.
      const stays = this.#mounts().at(entry.path)?.entry.accessor === entry.accessor
      if (isDone || stays) this.#leaving.delete(entry.accessor)
    }
  }

  /** A mount as the leases of its secrets need it. */
  leasing(mount: LiveMount): LeasingMount {
    return this.#leasing(mount, false)
  }

  #mount(accessor: string): LeasingMount | null {
    const leaving = this.#leaving.get(accessor)
    if (leaving !== undefined) return leaving
    for (const mount of this.#mounts().live.values()) {
      if (mount.entry.accessor === accessor) return this.#leasing(mount, false)
    }
    return null
  }

  #leasing({ entry, mounted }: LiveMount, isLeaving: boolean): LeasingMount {
    const ttl = (): ReturnType<LeasingMount['ttl']> => this.#mounts().ttlOf(entry)
    return { accessor: entry.accessor, ttl, keeper: mounted.leases, isLeaving }
  }
}
