import { assert } from '../base/assert.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_SEALS_PER_KEY } from '../base/limits.ts'
import type { Meter } from '../base/meter.ts'
import type { NoncePool } from '../crypto/nonce-pool.ts'
import type { Condition, Page, StorageBackend, Write } from '../physical/backend.ts'
import { corruptEntry, entryTerm, openEntry, sealEntry } from './entry-format.ts'
import type { Keyring } from './keyring.ts'
import { CLEAR_PATHS } from './paths.ts'

/** A write behind the barrier: `value` is plaintext. */
export type PlainWrite =
  | { readonly op: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly op: 'delete'; readonly key: string }

export interface BarrierOptions {
  readonly storage: StorageBackend
  readonly storeId: Uint8Array
  /** Owned by the barrier from now on. */
  readonly keyring: Keyring
  readonly nonces: NoncePool
  /** Seals already done under the active term. */
  readonly used: number
  /** Makes room for `count` more seals: a custody change that ends in `replaceKeyring`. */
  readonly reserve: (count: number) => Promise<void>
  /** Told how long reading, listing and commits take. */
  readonly meter: Meter
}

/**
 * Everything in the store but the custody and keyring records is sealed here: AES-256-GCM under the newest
 * term, bound to store, path and term.
 */
export class Barrier {
  readonly #storage: StorageBackend
  readonly #storeId: Uint8Array
  readonly #nonces: NoncePool
  readonly #reserve: (count: number) => Promise<void>
  readonly #meter: Meter
  #keyring: Keyring | null
  #used: number
  #unsure = 0
  #stopped = false

  constructor(options: BarrierOptions) {
    this.#storage = options.storage
    this.#storeId = options.storeId
    this.#nonces = options.nonces
    this.#reserve = options.reserve
    this.#meter = options.meter
    this.#keyring = options.keyring
    this.#used = options.used
  }

  /** Throws `sealed` once the barrier was closed. */
  get keyring(): Keyring {
    if (this.#keyring === null) throw new OperatingError('sealed', 'Vault is sealed')
    return this.#keyring
  }

  /** Seals done under the active term, as far as this process knows. */
  get used(): number {
    return this.#used
  }

  /** Seals known to be done under the active term; `used` also counts what a dead process had reserved. */
  get done(): number {
    return this.#used - this.#unsure
  }

  /** Says how many of the seals that count as used when a store is opened are known to be done. */
  recall(done: number): void {
    assert(done <= this.#used, 'what was done had been reserved')
    this.#unsure = this.#used - done
  }

  /** How many seals the active term may still do before the next reservation. */
  get room(): number {
    return this.keyring.active.operations - this.#used
  }

  /**
   * The plaintext in memory of its own, or `null`. Throws `corrupt_entry`, `sealed`, `storage_unavailable`.
   */
  async get(path: string): Promise<Uint8Array | null> {
    const stored = await this.stored(path)
    return stored === null ? null : this.open(path, stored)
  }

  /** The sealed bytes, or `null`: for `open`. Nobody changes them. Throws `sealed`, `storage_unavailable`. */
  async stored(path: string): Promise<Uint8Array | null> {
    assert(!CLEAR_PATHS.has(path), 'custody and keyring are not behind the barrier')
    // No key is needed for it, but a sealed server answers nothing.
    assert(this.keyring !== null, 'reading needs an open barrier')
    const began = this.#meter.now()
    const stored = await this.#storage.get(path)
    this.#meter.since('vault.barrier.get', began)
    return stored
  }

  /** Whether there is an entry, without opening it. Throws `sealed`, `storage_unavailable`. */
  async has(path: string): Promise<boolean> {
    return (await this.stored(path)) !== null
  }

  /** Opens stored bytes of `path`. Throws `corrupt_entry` when they are not what was sealed for it. */
  open(path: string, stored: Uint8Array): Uint8Array {
    const term = this.keyring.term(entryTerm(stored))
    if (term === null) throw corruptEntry('entry names a term that the keyring does not have')
    return openEntry(term.aead, { storeId: this.#storeId, path }, stored)
  }

  async list(prefix: string, page: Page): Promise<readonly string[]> {
    // Listing needs no key, but a sealed server answers nothing.
    assert(this.keyring !== null, 'listing needs an open barrier')
    const began = this.#meter.now()
    const names = await this.#storage.list(prefix, page)
    this.#meter.since('vault.barrier.list', began)
    return names
  }

  /** All or nothing, durable when it resolves. Rejects as `StorageBackend.commit` does, and with `sealed`. */
  async commit(writes: readonly PlainWrite[], conditions: readonly Condition[] = []): Promise<void> {
    const seals = writes.filter((write) => write.op === 'put').length
    // A loop: while we waited, others may have used what was reserved.
    while (seals > this.room) await this.#reserve(seals)
    const began = this.#meter.now()
    // Nothing awaits between here and the commit: the keyring that seals is the one that was checked.
    await this.#storage.commit(this.sealAll(writes), conditions)
    // One time for a commit, however many records it has.
    this.#meter.since(seals > 0 ? 'vault.barrier.put' : 'vault.barrier.delete', began)
  }

  /**
   * Seals what leaves the store and comes back, for `open` with the same `path`, at which nothing is stored.
   * Rejects with `sealed`, and as a reservation does.
   */
  async seal(path: string, plaintext: Uint8Array): Promise<Uint8Array> {
    while (this.room < 1) await this.#reserve(1)
    const [sealed] = this.sealAll([{ op: 'put', key: path, value: plaintext }])
    assert(sealed?.op === 'put', 'what was to be sealed has been')
    return sealed.value
  }

  /** Seals writes under the newest term, for a commit that the caller makes together with other records. */
  sealAll(writes: readonly PlainWrite[]): readonly Write[] {
    const active = this.keyring.active
    if (this.#stopped) throw new OperatingError('sealed', 'Vault is sealed')
    const seals = writes.filter((write) => write.op === 'put').length
    assert(seals <= this.room, 'seals were reserved before they are used')
    assert(this.#used + seals < MAX_SEALS_PER_KEY, 'NIST SP 800-38D section 8.3: a key is spent')
    this.#used += seals
    return writes.map((write): Write => {
      assert(!CLEAR_PATHS.has(write.key), 'custody and keyring are not behind the barrier')
      if (write.op === 'delete') return write
      const key = { aead: active.aead, term: active.term, nonce: this.#nonces.take() }
      const value = sealEntry(key, { storeId: this.#storeId, path: write.key }, write.value)
      return { op: 'put', key: write.key, value }
    })
  }

  /**
   * Takes the keyring that a commit has just stored. `used` counts the seals of that commit under its active
   * term, when that is a new one; with the same term the count goes on.
   */
  replaceKeyring(keyring: Keyring, used: number): void {
    const before = this.keyring
    const isSameTerm = keyring.active.term === before.active.term
    this.#used = isSameTerm ? this.#used + used : used
    if (!isSameTerm) this.#unsure = 0
    this.#keyring = keyring
    before[Symbol.dispose]()
  }

  /** Seals nothing more, so that the count of operations is final. Reading goes on until `close`. */
  stop(): void {
    this.#stopped = true
  }

  /** Forgets the keys. Every later call fails with `sealed`. */
  close(): void {
    this.#keyring?.[Symbol.dispose]()
    this.#keyring = null
  }
}
