import assert from 'node:assert/strict'
import { utf8 } from '../../src/base/encoding.ts'
import { OperatingError } from '../../src/base/errors.ts'
import { JOURNAL_LINE_BYTES } from '../../src/base/limits.ts'
import { SILENT_METER } from '../../src/base/meter.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Asked } from '../../src/ceremony/access.ts'
import { Custodian, type CustodianHooks } from '../../src/ceremony/custodian.ts'
import type { Journal } from '../../src/ceremony/journal/journal.ts'
import { SlotJournal } from '../../src/ceremony/journal/slot-journal.ts'
import type { Parcel } from '../../src/ceremony/parcel.ts'
import { DEFAULT_SETTINGS } from '../../src/ceremony/ports.ts'
import type { RekeyTerms } from '../../src/ceremony/rekey.ts'
import type { RekeyAnswer } from '../../src/ceremony/rekey-runner.ts'
import type { Session } from '../../src/ceremony/session.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { NoncePool } from '../../src/crypto/nonce-pool.ts'
import { SeededEntropy } from './seeded-entropy.ts'
import { SimClock } from './sim-clock.ts'
import { SimDelivery } from './sim-delivery.ts'
import type { SimStorage } from './sim-storage.ts'

/** Somebody who shows nothing, where that is enough. */
export const ANYBODY: Asked = {
  credential: { by: 'nobody' },
  access: 'open',
  source: '127.0.0.1',
  path: 'sys/rekey/init',
}

/** The terms of the original face. */
export function plainTerms(next: { shares: number; threshold: number }): RekeyTerms {
  return { ...next, face: 'original', verify: 'none', recipients: null, backup: false }
}

/** A set of shares as a person keeps it: copies that no server can wipe. */
export type ShareSet = readonly Uint8Array[]

/** One simulated process on one store. */
export class World {
  readonly storage: SimStorage
  readonly clock: SimClock
  readonly custodian: Custodian
  readonly journal: Journal
  readonly logged: string[]
  readonly delivery: SimDelivery
  fatal: unknown = null
  session: Session | null = null

  private constructor(parts: {
    storage: SimStorage
    clock: SimClock
    custodian: Custodian
    journal: Journal
    logged: string[]
    delivery: SimDelivery
  }) {
    this.storage = parts.storage
    this.clock = parts.clock
    this.custodian = parts.custodian
    this.journal = parts.journal
    this.logged = parts.logged
    this.delivery = parts.delivery
  }

  /** Starts a process on what `storage` holds. */
  static async start(storage: SimStorage, seed: string | number, clock = new SimClock()): Promise<World> {
    const entropy = new SeededEntropy(seed)
    const logged: string[] = []
    const delivery = new SimDelivery()
    let world: World | null = null
    const hooks: CustodianHooks = {
      nodeKeys: { signingKey: new Uint8Array(32).fill(1), exchangeKey: new Uint8Array(32).fill(2) },
      serving: { version: '0.1.0', api: '2.6.2', apiReleased: '2026-08-18T10:43:05Z' },
      seed: () => ({
        rootToken: SecretBytes.take(utf8('hvs.simulated')),
        entries: [{ op: 'put', key: 'data/first', value: utf8('written at init') }],
      }),
      rootToken: () => ({
        token: SecretBytes.take(utf8('hvs.simulated-generated-root')),
        writes: [{ op: 'put', key: 'data/token', value: utf8('a token is known') }],
      }),
      opened: async (session) => {
        if (world !== null) world.session = session
      },
      sealed: () => {
        if (world !== null) world.session = null
      },
      fatal: (error) => {
        if (world !== null) world.fatal = error
      },
    }
    const write = (event: string): void => void logged.push(event)
    const log = { info: write, warn: write }
    const slots = storage.journal.bytes.length / JOURNAL_LINE_BYTES
    const journal = new SlotJournal({ clock, hashing: nodePrimitives, log }, storage.journal, slots)
    const custodian = await Custodian.load(
      {
        storage,
        primitives: nodePrimitives,
        entropy,
        clock,
        nonces: new NoncePool(entropy),
        log,
        journal,
        delivery,
        settings: DEFAULT_SETTINGS,
        meter: SILENT_METER,
      },
      hooks,
    )
    world = new World({ storage, clock, custodian, journal, logged, delivery })
    return world
  }

  async init(shares: number, threshold: number): Promise<ShareSet> {
    const terms = { shares, threshold, recipients: null, tokenRecipient: null }
    using answer = await this.custodian.init(terms, ANYBODY.source)
    return sharesOfParcel(answer.parcel)
  }

  /** Gives shares until the store is open. */
  async unseal(shares: ShareSet): Promise<void> {
    for (const share of shares) {
      if (this.custodian.isOpen) return
      await this.custodian.unseal(SecretBytes.copyOf(share), '127.0.0.1')
    }
  }

  /** One share at the unseal of a store that may be open already. */
  async offer(share: Uint8Array): Promise<void> {
    await this.custodian.unseal(SecretBytes.copyOf(share), '127.0.0.1')
  }

  /** One share for the running rekey, by the original face. */
  async give(share: Uint8Array, source = '127.0.0.1'): Promise<RekeyAnswer> {
    const given = { share: SecretBytes.copyOf(share), nonce: null, face: 'original', source } as const
    return await this.custodian.rekey.submit(given)
  }

  /** A whole direct rekey; the new shares. */
  async rekey(by: ShareSet, next: { shares: number; threshold: number }): Promise<ShareSet> {
    await this.startRekey(next)
    return await this.giveAll(by)
  }

  async startRekey(next: { shares: number; threshold: number }): Promise<void> {
    await this.custodian.rekey.start(plainTerms(next), ANYBODY)
  }

  async giveAll(by: ShareSet): Promise<ShareSet> {
    for (const share of by) {
      const answer = await this.give(share)
      if (answer.complete) return sharesOf(answer)
    }
    assert.fail('these shares make no quorum')
  }

  /** Evidence (a): the peer has shown that the answer arrived. Waits until its effect is there. */
  async acknowledge(ceremonyId: string): Promise<void> {
    this.custodian.rekey.acknowledge(ceremonyId)
    await this.custodian.settled()
  }

  async put(path: string, text: string): Promise<void> {
    assert(this.session !== null, 'the store is open')
    await this.session.barrier.commit([{ op: 'put', key: path, value: utf8(text) }])
  }

  async read(path: string): Promise<string | null> {
    assert(this.session !== null, 'the store is open')
    const value = await this.session.barrier.get(path)
    return value === null ? null : Buffer.from(value).toString()
  }
}

/**
 * Whether these shares open what `storage` holds, and give the first entry back. Nothing is changed. Only a
 * refusal that people can be told about is a no: anything else that is thrown is a defect, and is passed on.
 */
export async function opens(storage: SimStorage, shares: ShareSet): Promise<boolean> {
  const world = await World.start(storage.reopened(), 'opens')
  try {
    await world.unseal(shares)
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    return false
  }
  if (!world.custodian.isOpen) return false
  assert.equal(await world.read('data/first'), 'written at init')
  return true
}

/** The shares of a completed rekey in the clear. */
export function sharesOf(answer: RekeyAnswer): ShareSet {
  assert(answer.complete)
  return sharesOfParcel(answer.parcel)
}

/** Shares that were handed out in the clear. */
export function sharesOfParcel(parcel: Parcel): ShareSet {
  assert(parcel.kind === 'clear')
  return copyOf(parcel.shares)
}

function copyOf(shares: readonly SecretBytes[]): ShareSet {
  return shares.map((share) => share.lend((bytes) => bytes.slice()))
}
