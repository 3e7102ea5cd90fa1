import type { Clock, UnixMillis } from '../base/clock.ts'
import { fromUtf8, toHex, utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_TOKEN_BYTES, MAX_TOKEN_ENTRY_BYTES, MAX_TOKEN_GENERATIONS } from '../base/limits.ts'
import type { Meter } from '../base/meter.ts'
import { Queues } from '../base/queues.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { MacKey, Primitives } from '../crypto/primitives.ts'
import type { ViewWrite } from '../logical/backend.ts'
import { isBatchToken, openBatchToken, type Sealing, sealBatchToken } from './batch.ts'
import { liesIn } from './cidr.ts'
import { networksOf, rootEntry, type TokenEntry } from './entry.ts'
import { KnownTokens, type TokenEntries } from './known-tokens.ts'
import {
  ACCESSORS,
  accessorKey,
  changesOf,
  entryKey,
  isLeaseless,
  keyOfLease,
  LEASES,
  leaseIdOf,
  ROOT_PATH,
  type StoredToken,
  writesOf,
} from './places.ts'
import { type Tidied, tidy } from './tidy.ts'
import { mintAccessor, mintToken } from './token.ts'
import { begunEnds, type EndingPorts, TokenEnds } from './token-ends.ts'

const SALT_KEY = 'salt'
const SALT_BYTES = 32
const ACCESSOR = /^[0-9A-Za-z]{1,64}$/

/** A token that is good. */
export interface KnownToken {
  readonly entry: TokenEntry
  /** `null` for a batch token, which stands nowhere. */
  readonly key: string | null
}

/** A token that was made: its writes are relative to the room's prefix. The caller owns the token. */
export interface MadeToken extends StoredToken {
  readonly token: SecretBytes
  readonly writes: readonly ViewWrite[]
}

/** What a token is made of; who it stands below is given as what is known of it. */
export interface TokenTerms extends Omit<TokenEntry, 'accessor' | 'parent' | 'generation' | 'ancestorEnds'> {
  readonly parent: StoredToken | null
}

export interface TokenPorts extends EndingPorts {
  /** The same storage, for what is read at every request. */
  readonly entries: TokenEntries
  readonly sealing: Sealing
  readonly primitives: Primitives
  readonly entropy: Entropy
  readonly meter: Meter
}

/** One page of names. */
export interface Page {
  /** Exclusive. */
  readonly after: string
  readonly limit: number
}

/** A new root token and what must be stored for it to be known. */
export interface NewToken {
  readonly token: SecretBytes
  readonly writes: readonly ViewWrite[]
}

/**
 * What makes `token`, which it takes, the first root token, and the salt of the store, for init's one commit;
 * keys are relative to the token room's prefix. The caller owns the token in the answer.
 */
export function firstRootToken(
  ports: { readonly primitives: Primitives; readonly entropy: Entropy; readonly clock: Clock },
  token: SecretBytes,
): NewToken {
  const salt = ports.entropy.bytes(SALT_BYTES)
  const { writes } = rootToken(ports, ports.primitives.macKey(salt), token)
  return { token, writes: [{ op: 'put', key: SALT_KEY, value: salt }, ...writes] }
}

function rootToken(
  ports: { readonly entropy: Entropy; readonly clock: Clock },
  salt: MacKey,
  token: SecretBytes,
): MadeToken {
  const entry = rootEntry({
    accessor: mintAccessor(ports.entropy),
    issueTime: ports.clock.now(),
    displayName: 'root',
    path: ROOT_PATH,
    policies: ['root'],
  })
  const key = token.lend((bytes) => keyOf(salt, bytes))
  return { token, key, entry, writes: writesOf({ key, entry }) }
}

/**
 * Tokens are found by a keyed hash of theirs and by nothing else: no comparison leaks how much of one was
 * right. What changes one token is done in its own queue.
 */
export class TokenStore {
  readonly #ports: TokenPorts
  readonly #salt: MacKey
  readonly #queues = new Queues()
  readonly #known: KnownTokens
  readonly #ends: TokenEnds

  private constructor(ports: TokenPorts, salt: MacKey, begun: readonly string[]) {
    this.#ports = ports
    this.#salt = salt
    this.#known = new KnownTokens(ports.entries, ports.clock, begun)
    this.#ends = new TokenEnds(ports, this.#known, this.#queues)
  }

  /** Loads the salt, and which ends were not completed. Throws `corrupt_entry` when there is no salt. */
  static async open(ports: TokenPorts): Promise<TokenStore> {
    const salt = await ports.storage.get(SALT_KEY)
    if (salt?.length !== SALT_BYTES)
      throw new OperatingError('corrupt_entry', 'the salt of the tokens is missing')
    const key = ports.primitives.macKey(salt)
    salt.fill(0)
    return new TokenStore(ports, key, await begunEnds(ports.storage))
  }

  /** A further root token, which nobody knows yet, for a commit with what made it. The caller owns it. */
  newRootToken(): MadeToken {
    return rootToken(this.#ports, this.#salt, mintToken(this.#ports.entropy))
  }

  /** `null` for a token that is not, or is no longer, good. */
  async lookup(token: string | SecretBytes): Promise<KnownToken | null> {
    const { meter } = this.#ports
    const began = meter.now()
    const known = await this.find(token)
    const isGood =
      known !== null && known.entry.numUses >= 0 && (await this.#known.isGood(known.key, known.entry))
    meter.since('vault.token.lookup', began)
    return isGood ? known : null
  }

  /** What there is of a token, good or not: for making sure that it is not. */
  async find(token: string | SecretBytes): Promise<KnownToken | null> {
    const place =
      typeof token === 'string' ? this.#placeOfText(token) : token.lend((bytes) => this.#placeOf(bytes))
    return typeof place === 'string' ? await this.#known.read(place) : place
  }

  /** The good token of an accessor. */
  async byAccessor(accessor: string): Promise<StoredToken | null> {
    if (!ACCESSOR.test(accessor)) return null
    const key = await this.#ports.storage.get(accessorKey(accessor))
    const stored = key === null ? null : await this.#known.good(fromUtf8(key))
    return stored === null || stored.entry.numUses < 0 ? null : stored
  }

  /** The good token of a lease id, `<path>/h<hash>`, if it holds that lease (surface.md section 7). */
  async byLease(leaseId: string): Promise<StoredToken | null> {
    const key = isLeaseless(leaseId) ? null : keyOfLease(leaseId)
    const stored = key === null ? null : await this.#known.good(key)
    return stored !== null && leaseIdOf(stored) === leaseId ? stored : null
  }

  /** Names of leases of tokens directly below `prefix`, which is empty or ends in `/`. */
  async leaseNames(prefix: string, page: Page): Promise<readonly string[]> {
    return await this.#ports.storage.page(LEASES + prefix, page)
  }

  /** Accessors in byte order. One whose token has just ended may still be among them. */
  async accessors(page: Page): Promise<readonly string[]> {
    return await this.#ports.storage.page(ACCESSORS, page)
  }

  /**
   * A token that comes with a request from `source`, the address of the peer: one use of it is spent,
   * durably, before it is known. `null` where it is not good, or not from there; then nothing is spent.
   */
  async use(token: string, source: string): Promise<KnownToken | null> {
    const known = await this.lookup(token)
    if (known === null) return null
    const networks = networksOf(known.entry)
    if (networks.length > 0 && !liesIn(networks, source)) return null
    return known.entry.numUses === 0 || known.key === null ? known : await this.#spend(known.key)
  }

  async #spend(key: string): Promise<KnownToken | null> {
    return await this.#queues.run(key, async () => {
      const stored = await this.#known.good(key)
      if (stored === null || stored.entry.numUses < 1) return null
      const { numUses } = stored.entry
      const entry = { ...stored.entry, numUses: numUses === 1 ? -1 : numUses - 1 }
      await this.#ports.commitWith(changesOf(stored, entry), [])
      return { key, entry }
    })
  }

  /** After the answer: a token whose last use this was ends. */
  async finish({ key, entry }: KnownToken): Promise<void> {
    if (key !== null && entry.numUses < 0) await this.revoke(key)
  }

  /** A token for a commit with what it is made for; nobody knows it before. For one without a parent. */
  make(terms: TokenTerms & { readonly parent: null }): MadeToken {
    return this.#made(terms, mintToken(this.#ports.entropy))
  }

  /** Stores what was made together with what it was made for, whose keys are whole. */
  async keep({ writes }: MadeToken, others: readonly ViewWrite[]): Promise<void> {
    await this.#ports.commitWith(writes, others)
  }

  /**
   * Makes a token and stores it, in one commit. `id` is a token that somebody chose, and is taken. The caller
   * owns the token in the answer. Throws `bad_request` for an id that there is, and for too many generations;
   * `permission_denied` where the parent has ended meanwhile.
   */
  async create(
    terms: TokenTerms,
    id: SecretBytes | null = null,
  ): Promise<{ readonly token: SecretBytes; readonly known: KnownToken }> {
    const { meter } = this.#ports
    const began = meter.now()
    const created = await this.#created(terms, id)
    meter.since('vault.token.create', began)
    meter.count('vault.token.creation', terms.type)
    return created
  }

  async #created(
    terms: TokenTerms,
    id: SecretBytes | null,
  ): Promise<{ readonly token: SecretBytes; readonly known: KnownToken }> {
    if (terms.type === 'batch') {
      const entry = { ...entryOf(terms), accessor: '' }
      return { token: await sealBatchToken(this.#ports.sealing, entry), known: { key: null, entry } }
    }
    const made = this.#made(terms, id ?? mintToken(this.#ports.entropy))
    try {
      const keep = (): Promise<void> => this.#keepBelow(terms.parent, made)
      // A token of chance is not there; one that was chosen may be, or may just be made or ended.
      await (id === null ? keep() : this.#queues.run(made.key, () => this.#keepNew(made, keep)))
      return { token: made.token, known: made }
    } catch (error) {
      made.token[Symbol.dispose]()
      throw error
    }
  }

  async #keepNew(made: MadeToken, keep: () => Promise<void>): Promise<void> {
    if ((await this.#ports.storage.get(made.key)) !== null) {
      throw new OperatingError('bad_request', 'cannot create a token with a duplicate ID')
    }
    await keep()
  }

  async #keepBelow(parent: StoredToken | null, made: MadeToken): Promise<void> {
    if (parent === null) return await this.keep(made, [])
    await this.whileGood(parent.key, () => this.keep(made, []))
  }

  /**
   * Does `act` with a token that is good until it is done: what `act` stores is found by whatever ends the
   * token afterwards. Throws `permission_denied` where it is not good any more.
   */
  async whileGood<Result>(key: string, act: (token: StoredToken) => Promise<Result>): Promise<Result> {
    return await this.#queues.run(key, async () => {
      const stored = await this.#known.good(key)
      if (stored === null) throw new OperatingError('permission_denied', 'permission denied')
      return await act(stored)
    })
  }

  /** Changes the entry of a good token. Throws as `whileGood` does. */
  async change(key: string, changed: (entry: TokenEntry) => Promise<TokenEntry>): Promise<StoredToken> {
    return await this.whileGood(key, async (stored) => {
      const entry = await changed(stored.entry)
      await this.#ports.commitWith(changesOf(stored, entry), [])
      return { key, entry }
    })
  }

  /**
   * Ends a token and all below it, with all that hangs on them. From the call on none of them is good; when
   * it resolves, none will be, whatever happens. One that has gone is not an error.
   */
  async revoke(key: string): Promise<void> {
    const { meter } = this.#ports
    const began = meter.now()
    await this.#ends.revoke(key)
    meter.since('vault.token.revoke-tree', began)
  }

  /** Ends a good token alone: those below it become orphans first. */
  async revokeOrphan(key: string): Promise<void> {
    await this.#ends.revokeAlone(key)
  }

  /** When the next token ends by itself: in the past where it has and still stands in the store. */
  async nextDue(): Promise<UnixMillis | null> {
    return await this.#ends.nextDue()
  }

  /**
   * Takes tokens out of the store whose end came before `now` or at it, the oldest ends first, at most
   * `limit` of them besides those below them. How many it was: below `limit`, there are no more.
   */
  async sweep(now: UnixMillis, limit: number): Promise<number> {
    return await this.#ends.sweep(now, limit)
  }

  /** Puts right what a crash or a damaged store left behind. */
  async tidy(): Promise<Tidied> {
    const { storage } = this.#ports
    const ports = { storage, known: this.#known, queues: this.#queues }
    return await tidy({ ...ports, revoke: (key) => this.revoke(key) })
  }

  #placeOfText(token: string): Place {
    const bytes = utf8(token)
    try {
      return this.#placeOf(bytes)
    } finally {
      bytes.fill(0)
    }
  }

  #placeOf(token: Uint8Array): Place {
    if (token.length === 0 || token.length > MAX_TOKEN_BYTES) return null
    if (!isBatchToken(token)) return keyOf(this.#salt, token)
    const entry = openBatchToken(this.#ports.sealing, token)
    return entry === null ? null : { key: null, entry }
  }

  #made(terms: TokenTerms, token: SecretBytes): MadeToken {
    const key = token.lend((bytes) => keyOf(this.#salt, bytes))
    const entry = { ...entryOf(terms), accessor: mintAccessor(this.#ports.entropy) }
    const writes = writesOf({ key, entry })
    if (writes.some((write) => write.op === 'put' && write.value.length > MAX_TOKEN_ENTRY_BYTES)) {
      token[Symbol.dispose]()
      throw new OperatingError('bad_request', TOO_MUCH)
    }
    return { token, key, entry, writes }
  }
}

const TOO_MUCH = `policies, meta and names of a token have at most ${MAX_TOKEN_ENTRY_BYTES} bytes together`

/** Where a token stands, what it carries itself, or nothing. */
type Place = string | KnownToken | null

function entryOf({ parent, ...terms }: TokenTerms): Omit<TokenEntry, 'accessor'> {
  if (parent === null) return { ...terms, parent: null, generation: 0, ancestorEnds: false }
  const generation = parent.entry.generation + 1
  if (generation > MAX_TOKEN_GENERATIONS) {
    throw new OperatingError(
      'bad_request',
      `more than ${MAX_TOKEN_GENERATIONS} tokens would stand above this one`,
    )
  }
  const ancestorEnds = parent.entry.ancestorEnds || parent.entry.expireTime !== null
  return { ...terms, parent: parent.key, generation, ancestorEnds }
}

function keyOf(salt: MacKey, token: Uint8Array): string {
  return entryKey(toHex(salt.mac(token)))
}
