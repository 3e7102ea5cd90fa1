import { setImmediate } from 'node:timers/promises'
import { OperatingError } from '../../src/base/errors.ts'
import { Queues } from '../../src/base/queues.ts'
import { writeJson } from '../../src/http/json-writer.ts'
import { ExpiryLoop } from '../../src/lease/expiry.ts'
import { type LeaseFacts, Leases } from '../../src/lease/leases.ts'
import type { LeasingMount } from '../../src/lease/ports.ts'
import type { Granted, LeaseHolder } from '../../src/lease/registration.ts'
import type { LeaseKeeper, StorageView, ViewWrite } from '../../src/logical/backend.ts'
import type { JsonObject, JsonOut } from '../../src/logical/json.ts'
import { readJson } from '../../src/logical/json-reader.ts'
import type { NewSecret } from '../../src/logical/response.ts'
import { Recorder } from '../../src/metrics/recorder.ts'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { SimClock } from '../sim/sim-clock.ts'
import { SimStorage } from '../sim/sim-storage.ts'

const LEASES = 'sys/lease/'
const TOKENS = 'sys/token/'

/** 32 days, as the peers have it. */
export const MOUNT_TTL = { defaultTtl: 2_764_800, maxTtl: 2_764_800 }

/** A database with accounts: what an engine makes and ends. It outlives every process of ours. */
export class Accounts implements LeaseKeeper {
  readonly alive = new Set<string>()
  /** When each was asked to be ended, by the clock that never jumps. */
  readonly asked: number[] = []
  readonly #clock: SimClock
  #count = 0
  /** Why it ends none. */
  broken: Error | null = null
  hangs = false
  /** Seconds that a renewal gives; `null`: what is asked for. */
  gives: number | null = null

  constructor(clock: SimClock) {
    this.#clock = clock
  }

  make(): string {
    const name = `account-${++this.#count}`
    this.alive.add(name)
    return name
  }

  async revoke(internal: JsonObject): Promise<void> {
    this.asked.push(this.#clock.monotonic())
    if (this.hangs) await new Promise(() => undefined)
    if (this.broken !== null) throw this.broken
    this.alive.delete(nameIn(internal))
  }

  async renew(internal: JsonObject, incrementSeconds: number): Promise<number> {
    if (!this.alive.has(nameIn(internal))) throw new OperatingError('not_found', 'no such account')
    return this.gives ?? incrementSeconds
  }
}

function nameIn(internal: JsonObject): string {
  const node = internal.members.get('account')
  if (node?.kind !== 'string') throw new Error('the engine got what it did not give')
  return node.text()
}

/** A process of ours on a store that other processes had before it. */
export class LeaseWorld {
  readonly storage: SimStorage
  readonly clock: SimClock
  readonly accounts: Accounts
  readonly leases: Leases
  readonly loop: ExpiryLoop
  readonly logged: string[] = []
  readonly meter: Recorder
  #mount: LeasingMount | null
  readonly #tokens = new Queues()
  /** Of leases that are tokens, at the top, in byte order. */
  tokenNames: readonly string[] = []
  readonly #ending = new Set<string>()
  fault: unknown = null

  constructor(
    given: { storage?: SimStorage; clock?: SimClock; accounts?: Accounts } = {},
    mount: { defaultTtl: number; maxTtl: number } = MOUNT_TTL,
  ) {
    this.storage = given.storage ?? new SimStorage()
    this.clock = given.clock ?? new SimClock()
    this.meter = new Recorder(this.clock)
    this.accounts = given.accounts ?? new Accounts(this.clock)
    if (given.storage === undefined) for (const key of ['id/t1', 'id/t2']) this.giveToken(key)
    this.#mount = { accessor: 'db_00000001', ttl: () => mount, keeper: this.accounts, isLeaving: false }
    const log = {
      info: (event: string, facts: unknown) => void this.logged.push(`${event} ${JSON.stringify(facts)}`),
      warn: (event: string, facts: unknown) => void this.logged.push(`${event} ${JSON.stringify(facts)}`),
    }
    this.leases = new Leases(
      {
        storage: viewOn(this.storage),
        clock: this.clock,
        meter: this.meter,
        entropy: new SeededEntropy(`leases ${this.clock.now()} ${this.storage.entries.size}`),
        mount: (accessor) => (accessor === this.#mount?.accessor ? this.#mount : null),
        whileGood: (key, act) => this.#tokens.run(key, () => this.#ifGood(key, act)),
        json: JSON_OF_THE_WIRE,
        log,
        wake: (time) => this.loop.wake(time),
      },
      { ...NO_TOKENS, names: (_prefix, after) => this.#namesBehind(after) },
    )
    this.loop = new ExpiryLoop({ clock: this.clock, log }, [this.leases.source])
  }

  start(): void {
    this.loop.run().catch((error: unknown) => {
      this.fault = error
    })
  }

  /** What a new process finds. */
  restarted(): LeaseWorld {
    this.loop.stop()
    const { clock, accounts } = this
    return new LeaseWorld({ storage: this.storage.reopened(), clock, accounts })
  }

  /** An account for a token, as the router would have it registered. */
  async make(
    asked: { path?: string; holder?: Partial<LeaseHolder>; secret?: Partial<NewSecret> } = {},
  ): Promise<Granted & { readonly account: string }> {
    const mount = this.#mount
    if (mount === null) throw new Error('nothing is mounted')
    const account = this.accounts.make()
    const granted = await this.leases.register({
      path: asked.path ?? 'db/creds/app',
      mount,
      holder: { tokenKey: 'id/t1', end: null, ...asked.holder },
      secret: { ttl: 3600, maxTtl: 0, renewable: true, internal: { account }, ...asked.secret },
    })
    return { ...granted, account }
  }

  unmount(): void {
    this.#mount = null
  }

  giveToken(key: string): void {
    this.storage.entries.set(TOKENS + key, new Uint8Array([1]))
  }

  /** As the token room does it: one commit with what hangs on the token. */
  async revokeToken(key: string): Promise<void> {
    this.#ending.add(key)
    await this.#tokens.run(key, async () => undefined)
    const besides = await this.leases.alongside(key)
    const writes = besides.map((write) => ({ ...write, key: LEASES + write.key }))
    await this.storage.commit([...writes, { op: 'delete', key: TOKENS + key }])
    this.loop.wake(this.clock.now())
  }

  async *#namesBehind(after: string): AsyncGenerator<string> {
    yield* this.tokenNames.filter((name) => name > after)
  }

  async #ifGood(key: string, act: () => Promise<void>): Promise<void> {
    const isGood = !this.#ending.has(key) && (await this.storage.get(TOKENS + key)) !== null
    if (!isGood) throw new OperatingError('permission_denied', 'permission denied')
    await act()
  }

  /** Without a word to the leases, as a fault of ours would do it. */
  loseToken(key: string): void {
    this.storage.entries.delete(TOKENS + key)
  }

  /** Lets time pass in small steps, so that whoever waits gets to act in between. */
  async pass(ms: number, stepMs = Math.max(1000, Math.ceil(ms / 200))): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left))
      await settled()
    }
  }

  async facts(id: string): Promise<LeaseFacts | null> {
    return await this.leases.lookup(id)
  }

  /** What the room keeps. */
  keys(): readonly string[] {
    return [...this.storage.entries.keys()].filter((key) => key.startsWith(LEASES)).sort()
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await setImmediate()
}

const NO_TOKENS = {
  lookup: async () => null,
  revoke: async () => undefined,
  async *below(): AsyncGenerator<string> {},
}

const JSON_OF_THE_WIRE = {
  write: (value: JsonOut): Uint8Array => {
    const written = writeJson(value)
    const bytes = new Uint8Array(Buffer.from(written.body))
    written.wipe()
    return bytes
  },
  read: (bytes: Uint8Array): JsonObject => {
    const node = readJson(bytes, { maxDepth: 100, maxStrings: 1000 })
    if (node.kind !== 'object') throw new Error('an engine keeps an object')
    return node
  },
}

/** The room's prefix, without encryption. */
function viewOn(storage: SimStorage): StorageView {
  return {
    get: (key) => storage.get(LEASES + key),
    has: async (key) => (await storage.get(LEASES + key)) !== null,
    list: (folder) => storage.list(LEASES + folder, { after: '', limit: 10_000 }),
    page: (folder, page) => storage.list(LEASES + folder, page),
    commit: (batch: readonly ViewWrite[]) =>
      storage.commit(batch.map((write) => ({ ...write, key: LEASES + write.key }))),
  }
}
