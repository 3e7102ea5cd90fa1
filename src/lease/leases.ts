import type { UnixMillis } from '../base/clock.ts'
import { countNames } from '../base/count-names.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_REVOCATIONS_AT_ONCE } from '../base/limits.ts'
import type { Meter } from '../base/meter.ts'
import { inParallel } from '../base/parallel.ts'
import { Queues } from '../base/queues.ts'
import type { ViewWrite } from '../logical/backend.ts'
import { gathered } from '../logical/listed.ts'
import type { ExpirySource } from './expiry.ts'
import type { Lease } from './lease.ts'
import { DUE, IRREVOCABLE, LEASES } from './places.ts'
import type { LeasePorts } from './ports.ts'
import { type Granted, type MadeSecret, Registration } from './registration.ts'
import { Renewal } from './renewal.ts'
import { Revocation } from './revocation.ts'
import { LeaseStore } from './store.ts'
import { Sweep } from './sweep.ts'
import { Tidy } from './tidy.ts'

/** What `sys/leases/lookup` shows, of a secret as of a token. */
export interface LeaseFacts {
  readonly id: string
  readonly path: string
  readonly issueTime: UnixMillis
  /** `null`: a root token that never ends. */
  readonly expireTime: UnixMillis | null
  readonly lastRenewal: UnixMillis | null
  readonly renewable: boolean
  /** Why it could not be ended so far; `null` where nobody tried, or it went well. */
  readonly revokeError: string | null
}

/** Tokens, as far as they are leases: whoever keeps them has the index. */
export interface TokenLeases {
  /** Names directly below a prefix, which is empty or ends in `/`, behind `after`, in byte order. */
  names(prefix: string, after: string): AsyncIterable<string>
  lookup(id: string): Promise<LeaseFacts | null>
  /** Ends the token and all below it; nothing where there is none. */
  revoke(id: string): Promise<void>
  /** Ids of all below a prefix. */
  below(prefix: string): AsyncIterable<string>
}

/** Which names of a list are asked for. */
export interface ListQuery {
  /** Exclusive. */
  readonly after: string
  /** 0: all. */
  readonly limit: number
}

/** How leases are to be revoked. */
export interface How {
  /** Whether the answer waits until it is done. */
  readonly sync: boolean
  /** Whether it is forgotten where the engine cannot end it. */
  readonly force: boolean
}

/** How many leases there are, and how many of them were given up. */
export interface LeaseCounts {
  readonly all: number
  readonly irrevocable: number
}

export interface IrrevocableLease {
  readonly id: string
  readonly mount: string
  readonly error: string
}

/** Secrets that end: the room's face. */
export class Leases {
  readonly #store: LeaseStore
  readonly #tokens: TokenLeases
  readonly #meter: Meter
  readonly #registration: Registration
  readonly #renewal: Renewal
  readonly #revocation: Revocation
  readonly #sweep: Sweep
  readonly #tidy: Tidy

  constructor(ports: LeasePorts, tokens: TokenLeases) {
    const queues = new Queues()
    this.#tokens = tokens
    this.#meter = ports.meter
    this.#store = new LeaseStore(ports.storage)
    this.#revocation = new Revocation(ports, this.#store, queues)
    this.#registration = new Registration(ports, this.#store, this.#revocation)
    this.#renewal = new Renewal(ports, this.#store, queues)
    this.#tidy = new Tidy(ports, this.#store, this.#revocation)
    this.#sweep = new Sweep(ports, this.#store, this.#revocation)
  }

  /** For the loop. */
  get source(): ExpirySource {
    return this.#sweep
  }

  /** As `Registration.register`. */
  async register(made: MadeSecret): Promise<Granted> {
    const began = this.#meter.now()
    const granted = await this.#registration.register(made)
    this.#meter.since('vault.expire.register', began)
    return granted
  }

  /** As `Sweep.alongside`. */
  async alongside(tokenKey: string): Promise<readonly ViewWrite[]> {
    return await this.#sweep.alongside(tokenKey)
  }

  async lookup(id: string): Promise<LeaseFacts | null> {
    const lease = await this.#store.get(id)
    return lease === null ? await this.#tokens.lookup(id) : factsOf(lease)
  }

  /**
   * Names below a prefix, in byte order; a name ending in `/` is a folder. Throws `bad_request` where these
   * are more than an answer has.
   */
  async list(prefix: string, { after, limit }: ListQuery): Promise<readonly string[]> {
    const secrets = this.#store.names(LEASES + prefix, after)
    return await gathered(merged(this.#tokens.names(prefix, after), secrets), limit)
  }

  /** Throws `bad_request` in the contract's words. `increment` in seconds; 0: as it was first given. */
  async renew(id: string, increment: number): Promise<Granted> {
    const token = (await this.#store.get(id)) === null ? await this.#tokens.lookup(id) : null
    if (token === null) return await this.#renewal.renew(id, increment)
    const text = token.renewable ? 'tokens cannot be renewed through this endpoint' : 'lease is not renewable'
    throw new OperatingError('bad_request', text)
  }

  /** Of one that is not there, nothing. Throws `revocation_failed`. */
  async revoke(id: string, how: How): Promise<void> {
    if ((await this.#store.get(id)) === null) return await this.#tokens.revoke(id)
    if (!how.sync) return await this.#revocation.begin(id)
    if ((await this.#revocation.end(id, how)) === 'failed') throw failed(1)
  }

  /**
   * All below a path, and the lease of that name; it is the path of a request, of a part of one, or of a
   * mount. What the engines cannot end is tried again, and does not keep the others. Throws
   * `revocation_failed`.
   */
  async revokeBelow(path: string, how: How): Promise<void> {
    await this.revoke(path, how)
    let failures = 0
    await inParallel(this.#below(path), MAX_REVOCATIONS_AT_ONCE, async (id) => {
      if (!how.sync) await this.#revocation.begin(id)
      else if ((await this.#revocation.end(id, how)) === 'failed') failures++
    })
    for await (const id of this.#tokens.below(`${path}/`)) await this.#tokens.revoke(id)
    if (failures > 0) throw failed(failures)
  }

  /** False where it is going on already. */
  tidy(): boolean {
    return this.#tidy.begin()
  }

  /**
   * By indexes in which each lease stands once; one that is being ended may count for a moment longer. The
   * walk pauses as `countNames` does.
   */
  async counts(pause: () => Promise<void>): Promise<LeaseCounts> {
    const countIn = (folder: string): Promise<number> =>
      countNames((page) => this.#store.page(folder, page), pause)
    return { all: await countIn(DUE), irrevocable: await countIn(IRREVOCABLE) }
  }

  /** Those that were given up. */
  async *irrevocable(): AsyncGenerator<IrrevocableLease> {
    for await (const name of this.#store.names(IRREVOCABLE)) {
      const id = await this.#store.named(IRREVOCABLE + name)
      const lease = id === null ? null : await this.#store.get(id)
      if (lease !== null) yield { id: lease.id, mount: lease.mount, error: lease.ending?.error ?? '' }
    }
  }

  async *#below(path: string): AsyncGenerator<string> {
    for await (const key of this.#store.keysBelow(`${LEASES}${path}/`)) yield `${path}/${key}`
  }
}

function factsOf(lease: Lease): LeaseFacts {
  const { id, path, issueTime, expireTime, lastRenewal, renewable, ending } = lease
  const error = ending?.error ?? ''
  return { id, path, issueTime, expireTime, lastRenewal, renewable, revokeError: error === '' ? null : error }
}

function failed(count: number): OperatingError {
  const what = count === 1 ? 'a secret' : `${count} secrets`
  return new OperatingError('revocation_failed', `${what} could not be ended; it is tried again by itself`)
}

/** Both in byte order, and what is in both once. */
async function* merged(one: AsyncIterable<string>, other: AsyncIterable<string>): AsyncGenerator<string> {
  const [left, right] = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()]
  let [own, others] = await Promise.all([left.next(), right.next()])
  while (own.done !== true || others.done !== true) {
    const order = own.done === true ? 1 : others.done === true ? -1 : byBytes(own.value, others.value)
    yield order <= 0 ? own.value : others.value
    if (order <= 0) own = await left.next()
    if (order >= 0) others = await right.next()
  }
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
