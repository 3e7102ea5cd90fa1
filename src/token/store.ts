import type { Clock } from '../base/clock.ts'
import { fromUtf8, toHex, utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { MacKey, Primitives } from '../crypto/primitives.ts'
import type { StorageView, ViewWrite } from '../logical/backend.ts'
import { decodeTokenEntry, encodeTokenEntry, mintAccessor, mintToken, type TokenEntry } from './token.ts'

const SALT_KEY = 'salt'
const SALT_BYTES = 32
const MAX_TOKEN_BYTES = 4096

/** A stored token and where it stands. */
export interface StoredToken {
  readonly entry: TokenEntry
  /** Its place: the keyed hash of the token, so that the store gives no token away. */
  readonly key: string
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
): NewToken {
  const entry: TokenEntry = {
    accessor: mintAccessor(ports.entropy),
    creationTime: Math.floor(ports.clock.now() / 1000),
    displayName: 'root',
    path: 'auth/token/root',
    policies: ['root'],
  }
  const key = token.lend((bytes) => tokenKey(salt, bytes))
  const writes: ViewWrite[] = [
    { op: 'put', key, value: encodeTokenEntry(entry) },
    { op: 'put', key: accessorKey(entry.accessor), value: utf8(key) },
  ]
  return { token, writes }
}

/**
 * Tokens are found by a keyed hash of theirs and by nothing else: no comparison leaks how much of one was
 * right.
 */
export class TokenStore {
  readonly #storage: StorageView
  readonly #salt: MacKey

  private constructor(storage: StorageView, salt: MacKey) {
    this.#storage = storage
    this.#salt = salt
  }

  /** Loads the salt. Throws `corrupt_entry` when there is none. */
  static async open(storage: StorageView, primitives: Primitives): Promise<TokenStore> {
    const salt = await storage.get(SALT_KEY)
    if (salt?.length !== SALT_BYTES)
      throw new OperatingError('corrupt_entry', 'the salt of the tokens is missing')
    const key = primitives.macKey(salt)
    salt.fill(0)
    return new TokenStore(storage, key)
  }

  /** A further root token, which nobody knows yet, for a commit with what made it. The caller owns it. */
  newRootToken(ports: { readonly entropy: Entropy; readonly clock: Clock }): NewToken {
    return rootToken(ports, this.#salt, mintToken(ports.entropy))
  }

  /** `null` for a token that is not, or is no longer, known. */
  async lookup(token: string): Promise<StoredToken | null> {
    const bytes = utf8(token)
    if (bytes.length === 0 || bytes.length > MAX_TOKEN_BYTES) return null
    const key = tokenKey(this.#salt, bytes)
    bytes.fill(0)
    const stored = await this.#storage.get(key)
    return stored === null ? null : { entry: decodeTokenEntry(stored), key }
  }

  /** The token of an accessor; `null` when there is none. */
  async byAccessor(accessor: string): Promise<StoredToken | null> {
    if (!/^[0-9A-Za-z]{1,64}$/.test(accessor)) return null
    const key = await this.#storage.get(accessorKey(accessor))
    const stored = key === null ? null : await this.#storage.get(fromUtf8(key))
    return key === null || stored === null ? null : { entry: decodeTokenEntry(stored), key: fromUtf8(key) }
  }

  /** The writes that make a token unknown, for one commit with whatever else goes with it. */
  revocation({ entry, key }: StoredToken): readonly ViewWrite[] {
    return [
      { op: 'delete', key },
      { op: 'delete', key: accessorKey(entry.accessor) },
    ]
  }
}

function tokenKey(salt: MacKey, token: Uint8Array): string {
  return `id/${toHex(salt.mac(token))}`
}

function accessorKey(accessor: string): string {
  return `accessor/${accessor}`
}
