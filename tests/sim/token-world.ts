import { setImmediate } from 'node:timers/promises'
import { corruptEntry } from '../../src/barrier/entry-format.ts'
import { concat } from '../../src/base/encoding.ts'
import { SILENT_METER } from '../../src/base/meter.ts'
import type { SecretBytes } from '../../src/base/secret-bytes.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import type { StorageView, ViewWrite } from '../../src/logical/backend.ts'
import { lifetime } from '../../src/logical/lifetime.ts'
import { decodeTokenEntry, type TokenEntry } from '../../src/token/entry.ts'
import type { StoredToken } from '../../src/token/places.ts'
import { firstRootToken, type KnownToken, TokenStore, type TokenTerms } from '../../src/token/store.ts'
import { mintToken } from '../../src/token/token.ts'
import { SeededEntropy } from './seeded-entropy.ts'
import { SimClock } from './sim-clock.ts'
import { SimStorage } from './sim-storage.ts'

const PREFIX = 'tokens/'
const AEAD = nodePrimitives.aeadKey(new Uint8Array(32).fill(7))
const NOWHERE = new Uint8Array()
const NO_BOUND = { backendMax: 0, explicitMax: 0, period: 0, increment: 0 }
/** What peers give without a word in the configuration. */
export const MOUNT_TTL = { defaultTtl: 2_764_800, maxTtl: 2_764_800 }

/** The token room on storage that fails where a test says, and in time that a test makes pass. */
export class TokenWorld {
  readonly storage: SimStorage
  readonly clock: SimClock
  readonly #entropy: SeededEntropy
  /** Has operations of the storage overtake each other, by chance of this. */
  jitter: SeededEntropy | null = null
  #store: TokenStore | null = null
  #root = ''
  #rootKey = ''

  private constructor(storage: SimStorage, clock: SimClock, entropy: SeededEntropy) {
    this.storage = storage
    this.clock = clock
    this.#entropy = entropy
  }

  /** A new store with one root token. */
  static async start(seed: string | number = 1): Promise<TokenWorld> {
    const world = new TokenWorld(new SimStorage(), new SimClock(), new SeededEntropy(seed))
    const ports = { primitives: nodePrimitives, entropy: world.#entropy, clock: world.clock }
    const { token, writes } = firstRootToken(ports, mintToken(world.#entropy))
    await world.#commit(writes)
    world.#root = textOf(token)
    await world.#open()
    world.#rootKey = (await world.store.lookup(world.#root))?.key ?? ''
    return world
  }

  /** The same store as a new process finds it. */
  async restarted(): Promise<TokenWorld> {
    const next = new TokenWorld(this.storage.reopened(), this.clock, this.#entropy)
    next.#root = this.#root
    next.#rootKey = this.#rootKey
    await next.#open()
    return next
  }

  get store(): TokenStore {
    if (this.#store === null) throw new Error('not open')
    return this.#store
  }

  get root(): string {
    return this.#root
  }

  async rootToken(): Promise<StoredToken> {
    return stored(await this.store.lookup(this.#root))
  }

  /** A token of `default`, below the root token where nothing else is said. */
  async create(terms: Partial<TokenTerms> & { readonly ttlSeconds?: number } = {}): Promise<NamedToken> {
    const { ttlSeconds = 3600, ...rest } = terms
    const { token, known } = await this.store.create(await this.terms(ttlSeconds, rest))
    return { token: textOf(token), ...stored(known) }
  }

  async terms(ttlSeconds: number, rest: Partial<TokenTerms> = {}): Promise<TokenTerms> {
    const now = this.clock.now()
    const bounds = { ...NO_BOUND, mount: MOUNT_TTL, usual: ttlSeconds, issueTime: now }
    const { ttl, expireTime } = lifetime(bounds, now)
    return {
      type: 'service',
      issueTime: now,
      displayName: 'token',
      path: 'auth/token/create',
      policies: ['default'],
      meta: null,
      parent: rest.parent === undefined ? await this.rootToken() : rest.parent,
      numUses: 0,
      ttl,
      grantedTtl: ttl,
      explicitMaxTtl: 0,
      period: 0,
      expireTime,
      renewable: true,
      lastRenewal: null,
      role: '',
      boundCidrs: [],
      noDefaultPolicy: false,
      entityId: '',
      ...rest,
    }
  }

  /** Keeps something beside a token, as a cubbyhole does. */
  async keepBeside(tokenKey: string, name: string): Promise<void> {
    await this.storage.commit([{ op: 'put', key: `beside/${tokenKey}/${name}`, value: new Uint8Array([1]) }])
  }

  /** Keys of the room, and of what is kept beside its tokens. */
  get keys(): readonly string[] {
    return [...this.storage.entries.keys()].sort()
  }

  /** Keys that a stored token is to be found by, and that are not there. */
  get missing(): readonly string[] {
    return this.keys
      .filter((key) => key.startsWith('tokens/id/'))
      .flatMap((key) => {
        const stored = this.storage.entries.get(key)
        const entry = JSON.parse(Buffer.from(stored ?? []).toString())
        const hash = key.slice('tokens/id/'.length)
        const parent = entry.parent?.slice('id/'.length)
        const due = entry.expire_time?.toString(16).padStart(16, '0')
        const indexes = [
          `accessor/${entry.accessor}`,
          ...(entry.path === 'auth/token/root' ? [] : [`lease/${entry.path}/h${hash}`]),
          ...(parent === undefined ? [] : [`child/${parent}/${hash}`]),
          ...(due === undefined ? [] : [`due/${due}/${hash}`]),
        ]
        return indexes.map((index) => `tokens/${index}`).filter((index) => !this.storage.entries.has(index))
      })
  }

  /** The room's own prefix. */
  get view(): StorageView {
    return {
      get: async (key) => {
        await this.#wait()
        return await this.storage.get(PREFIX + key)
      },
      has: async (key) => {
        await this.#wait()
        return (await this.storage.get(PREFIX + key)) !== null
      },
      list: (prefix) => this.storage.list(PREFIX + prefix, { after: '', limit: 10_000 }),
      page: async (prefix, page) => {
        await this.#wait()
        return await this.storage.list(PREFIX + prefix, page)
      },
      commit: (batch) => this.#commit(batch),
    }
  }

  async #open(): Promise<void> {
    const { view } = this
    const decoded = async (key: string): Promise<TokenEntry | null> => {
      const plaintext = await view.get(key)
      return plaintext === null ? null : decodeTokenEntry(plaintext)
    }
    this.#store = await TokenStore.open({
      storage: view,
      entries: { get: decoded },
      commitWith: (own, others) => this.#commit(own, others),
      alongside: (tokenKey) => this.#beside(`beside/${tokenKey}/`),
      sealing: {
        seal: async (plaintext) => {
          const nonce = this.#entropy.bytes(12)
          return concat(nonce, AEAD.seal(nonce, plaintext, NOWHERE))
        },
        open: (sealed) => {
          const plaintext = AEAD.open(sealed.subarray(0, 12), sealed.subarray(12), NOWHERE)
          if (plaintext === null) throw corruptEntry('not ours')
          return plaintext
        },
      },
      primitives: nodePrimitives,
      entropy: this.#entropy,
      clock: this.clock,
      meter: SILENT_METER,
    })
  }

  async *#beside(folder: string): AsyncGenerator<ViewWrite> {
    for (let after = ''; ; ) {
      const names = await this.storage.list(folder, { after, limit: 100 })
      for (const name of names) yield { op: 'delete', key: folder + name }
      if (names.length < 100) return
      after = names.at(-1) ?? ''
    }
  }

  async #wait(): Promise<void> {
    for (let turns = this.jitter?.below(6) ?? 0; turns > 0; turns--) await setImmediate()
  }

  async #commit(own: readonly ViewWrite[], others: readonly ViewWrite[] = []): Promise<void> {
    await this.#wait()
    await this.storage.commit([...own.map((write) => ({ ...write, key: PREFIX + write.key })), ...others])
  }
}

/** A stored token, and the token itself. */
export interface NamedToken extends StoredToken {
  readonly token: string
}

/** A batch token, which is not stored, has no place to be found at. */
function stored(known: KnownToken | null): StoredToken {
  if (known === null) throw new Error('no such token')
  return { key: known.key ?? 'nowhere', entry: known.entry }
}

export function textOf(token: SecretBytes): string {
  using owned = token
  return owned.lend((bytes) => Buffer.from(bytes).toString('latin1'))
}
