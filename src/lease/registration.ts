import { base62 } from '../base/base62.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { lifetime } from '../logical/lifetime.ts'
import type { NewSecret } from '../logical/response.ts'
import { type Lease, SUFFIX_LENGTH } from './lease.ts'
import type { LeasePorts, LeasingMount } from './ports.ts'
import type { Revocation } from './revocation.ts'
import type { LeaseStore } from './store.ts'

/** A secret that an engine has made, and who it was made for. */
export interface MadeSecret {
  /** Of the request. */
  readonly path: string
  readonly mount: LeasingMount
  readonly secret: NewSecret
  readonly holder: LeaseHolder
}

/** The token that a secret ends with. */
export interface LeaseHolder {
  /** Where it stands, or the one that it hangs on; `null` where neither is stored. */
  readonly tokenKey: string | null
  /** No secret outlives a token that nobody ends, such as a batch token; `null` for the others. */
  readonly end: UnixMillis | null
}

/** What the answer says of a lease. */
export interface Granted {
  readonly leaseId: string
  readonly renewable: boolean
  /** Seconds, above zero. */
  readonly leaseDuration: number
  readonly warnings: readonly string[]
}

/** Has secrets written down before anybody gets to see them. */
export class Registration {
  readonly #ports: LeasePorts
  readonly #store: LeaseStore
  readonly #revocation: Revocation

  constructor(ports: LeasePorts, store: LeaseStore, revocation: Revocation) {
    this.#ports = ports
    this.#store = store
    this.#revocation = revocation
  }

  /**
   * One commit makes the lease known. When it fails, the engine is asked to end the secret again, for nobody
   * will ever be told of it. So is a secret whose token or mount has ended meanwhile: then it throws
   * `permission_denied` or `unsupported_path`.
   */
  async register(made: MadeSecret): Promise<Granted> {
    const { mount, secret, holder } = made
    using internal = wiped(this.#ports.json.write(secret.internal))
    try {
      const { lease, granted } = this.#leaseOf(made, internal.bytes)
      if (holder.tokenKey === null) await this.#store.add(lease)
      else await this.#ports.whileGood(holder.tokenKey, () => this.#store.add(lease))
      this.#ports.wake(lease.dueTime)
      if (this.#ports.mount(mount.accessor)?.isLeaving === false) return granted
      // Who takes the mount away ends the leases that it sees; this one may have come too late for that.
      await this.#revocation.end(lease.id, { force: false, by: mount })
    } catch (error) {
      await this.#takeBack(mount, internal.bytes)
      throw error
    }
    throw new OperatingError('unsupported_path', 'the mount was taken away')
  }

  #leaseOf(
    { path, mount, secret, holder }: MadeSecret,
    internal: Uint8Array,
  ): { readonly lease: Lease; readonly granted: Granted } {
    const now = this.#ports.clock.now()
    const bounds = { mount: mount.ttl(), increment: 0, usual: secret.ttl, period: 0 }
    const given = lifetime({ ...bounds, backendMax: secret.maxTtl, explicitMax: 0, issueTime: now }, now)
    const end = Math.min(given.expireTime, holder.end ?? given.expireTime)
    if (end <= now) throw new OperatingError('permission_denied', 'permission denied')
    const ttl = end === given.expireTime ? given.ttl : Math.max(1, Math.floor((end - now) / 1000))
    const id = `${path.replace(/\/$/, '')}/${base62(this.#ports.entropy, SUFFIX_LENGTH)}`
    const lease: Lease = {
      id,
      path,
      mount: mount.accessor,
      tokenKey: holder.tokenKey,
      issueTime: now,
      expireTime: unixMillis(end),
      lastRenewal: null,
      ttl,
      // A renewal goes no further than the token.
      maxTtl:
        holder.end === null ? secret.maxTtl : least(secret.maxTtl, Math.floor((holder.end - now) / 1000)),
      renewable: secret.renewable,
      dueTime: unixMillis(end),
      ending: null,
      internal,
    }
    const { warnings } = given
    return { lease, granted: { leaseId: id, renewable: lease.renewable, leaseDuration: ttl, warnings } }
  }

  async #takeBack(mount: LeasingMount, internal: Uint8Array): Promise<void> {
    try {
      await this.#revocation.ask(mount, internal)
    } catch (error) {
      const code = error instanceof OperatingError ? error.code : 'internal'
      this.#ports.log.warn('a secret that could not be registered could not be ended either', {
        mount: mount.accessor,
        code,
      })
    }
  }
}

function wiped(bytes: Uint8Array): Disposable & { readonly bytes: Uint8Array } {
  return { bytes, [Symbol.dispose]: () => void bytes.fill(0) }
}

/** The smaller of two bounds above zero, of which the first may be none, 0. */
function least(one: number, other: number): number {
  return Math.max(1, one === 0 ? other : Math.min(one, other))
}
