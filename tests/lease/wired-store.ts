import { utf8 } from '../../src/base/encoding.ts'
import { SILENT_METER } from '../../src/base/meter.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { envelope } from '../../src/http/envelope.ts'
import { renderError } from '../../src/http/status.ts'
import type { LogicalRequest, Operation } from '../../src/logical/request.ts'
import { type OpenLogical, openLogical, seedStore } from '../../src/server/logical.ts'
import { WIRE_JSON } from '../../src/server/wire-json.ts'
import { leaseRoutes } from '../../src/system/leases.ts'
import { wrappingRoutes } from '../../src/system/wrapping.ts'
import { bodyOf } from '../sim/memory-view.ts'
import { ORIGIN } from '../sim/origin.ts'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { SimClock } from '../sim/sim-clock.ts'
import { Crashed, SimStorage } from '../sim/sim-storage.ts'
import { type ShareSet, World } from '../sim/world.ts'
import { AccountsEngine } from './accounts-engine.ts'
import { MOUNT_TTL } from './lease-world.ts'

export const ROOT = 'hvs.rootrootrootrootrootroot'

/** No two processes draw the same. */
let processes = 0

export interface Told {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly body: any
}

/** Router, tokens, leases and wrapping as a server wires them, on a barrier over storage that can fail. */
export class WiredStore {
  readonly storage: SimStorage
  readonly clock: SimClock
  readonly accounts: AccountsEngine
  readonly logged: string[] = []
  fault: unknown = null
  #open: OpenLogical | null = null
  #shares: ShareSet = []

  private constructor(storage: SimStorage, clock: SimClock, accounts: AccountsEngine) {
    this.storage = storage
    this.clock = clock
    this.accounts = accounts
  }

  /** A new store with a root token. */
  static async start(): Promise<WiredStore> {
    const wired = new WiredStore(new SimStorage(), new SimClock(), new AccountsEngine())
    const world = await World.start(wired.storage, 'wired', wired.clock)
    wired.#shares = await world.init(1, 1)
    await world.unseal(wired.#shares)
    const seed = seedStore(wired.#ports('seed'), {
      clusterName: null,
      rootToken: SecretBytes.take(utf8(ROOT)),
      isForDevelopment: false,
    })
    await world.session?.barrier.commit(seed.entries)
    await wired.#serve(world)
    return wired
  }

  /** The same store as a new process finds it. */
  async restarted(): Promise<WiredStore> {
    this.#open?.end()
    const next = new WiredStore(this.storage.reopened(), this.clock, this.accounts)
    next.#shares = this.#shares
    const world = await World.start(next.storage, `wired ${processes}`, this.clock)
    await world.unseal(this.#shares)
    await next.#serve(world)
    return next
  }

  async ask(
    operation: Operation,
    path: string,
    asked: { readonly body?: object; readonly token?: string | null; readonly wrapTtl?: number } = {},
  ): Promise<Told> {
    const request: LogicalRequest = {
      id: 'request-id',
      operation,
      path,
      data: asked.body === undefined ? null : bodyOf(JSON.stringify(asked.body)),
      wrap: asked.wrapTtl === undefined ? null : { ttl: asked.wrapTtl, format: 'token' },
      token: asked.token === undefined ? ROOT : asked.token,
      origin: ORIGIN,
    }
    try {
      const { status, body } = envelope(request, (await this.#open?.router.dispatch(request)) ?? null)
      const text = body === null ? 'null' : Buffer.from(WIRE_JSON.write(body)).toString()
      return { status, body: JSON.parse(text) }
    } catch (error) {
      if (error instanceof Crashed) throw error
      return renderError(error)
    }
  }

  async #serve(world: World): Promise<void> {
    if (world.session === null) throw new Error('the store is open')
    const ports = {
      ...this.#ports('serve'),
      apiAddress: '',
      systemTtl: MOUNT_TTL,
      usagePeriod: null,
      meter: SILENT_METER,
      engines: { accounts: this.accounts },
    }
    const fatal = (error: unknown): void => {
      this.fault = error
    }
    this.#open = await openLogical({ ...ports, fatal }, world.session.barrier, (rooms) => ({
      routes: [...wrappingRoutes(rooms), ...leaseRoutes(this, rooms)],
    }))
    await this.#open.begin(Promise.resolve())
  }

  #ports(seed: string): Parameters<typeof seedStore>[0] {
    const write = (event: string): void => void this.logged.push(event)
    return {
      log: { info: write, warn: write },
      primitives: nodePrimitives,
      entropy: new SeededEntropy(`${seed} ${++processes}`),
      clock: this.clock,
    }
  }
}
