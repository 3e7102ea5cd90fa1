import type { RecordValue } from '../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { MAX_SHARES } from '../base/limits.ts'
import { corrupt, field, RecordFields } from './record-fields.ts'

export const KEY_SET_ID_BYTES = 16
export const PUBLIC_KEY_BYTES = 32
const MAX_TIME = 253_402_300_799_999

/**
 * How a share becomes a share key (custody.md section 1). A set names its own, so that another can follow.
 */
export const SHARE_KEY_ALGORITHM = 'hkdf-sha256-ed25519-v1'

/**
 * The shares of one deal: how many there are, how many it takes, and how each is recognised. No secret in it.
 */
export interface PublicKeySet {
  /** 16 random bytes; the salt of share keys and slot key. */
  readonly id: Uint8Array
  /** 1, 2, 3 … in the order of installs and attempts: what people call it. */
  readonly number: number
  readonly threshold: number
  /** In the order of their numbers, 1 to n. */
  readonly shares: readonly ShareEntry[]
}

/** A key set that opens a store. */
export interface KeySet extends PublicKeySet {
  /** The root key of its time, sealed under the slot key (`seal/shamir/slot.ts`). */
  readonly slot: Uint8Array
  readonly createdAt: UnixMillis
}

export interface ShareEntry {
  /** 1 to n; not the x coordinate. */
  readonly number: number
  /** Ed25519 public key of the share key. */
  readonly publicKey: Uint8Array
}

/**
 * An old set that still opens, because its successor has not shown that it arrived (custody.md section 4).
 */
export interface RetiringKeySet extends KeySet {
  /** The current root key, sealed under a key derived from this set's own root key. */
  readonly link: Uint8Array
}

/** Why a set opens no more, or never did. */
export type RetiredEnd = 'replaced' | 'cancelled' | 'never_proven' | 'pending'

const RETIRED_ENDS: readonly RetiredEnd[] = ['replaced', 'cancelled', 'never_proven', 'pending']

export interface RetiredKeySet {
  readonly id: Uint8Array
  readonly number: number
  readonly publicKeys: readonly Uint8Array[]
  readonly end: RetiredEnd
  readonly endedAt: UnixMillis
}

export function keySetRecord(set: KeySet): { readonly [member: string]: RecordValue } {
  return {
    algorithm: SHARE_KEY_ALGORITHM,
    created_at: set.createdAt,
    id: field(set.id),
    number: set.number,
    shares: set.shares.map((share) => ({ number: share.number, public_key: field(share.publicKey) })),
    slot: field(set.slot),
    threshold: set.threshold,
  }
}

/** What everybody may know of a set: a transcript carries it, so that consents can be checked offline. */
export function publicKeySetRecord(set: PublicKeySet): RecordValue {
  return {
    algorithm: SHARE_KEY_ALGORITHM,
    id: field(set.id),
    number: set.number,
    shares: set.shares.map((share) => ({ number: share.number, public_key: field(share.publicKey) })),
    threshold: set.threshold,
  }
}

export function retiringRecord(set: RetiringKeySet): RecordValue {
  return { ...keySetRecord(set), link: field(set.link) }
}

export function retiredRecord(set: RetiredKeySet): RecordValue {
  return {
    end: set.end,
    ended_at: set.endedAt,
    id: field(set.id),
    number: set.number,
    public_keys: set.publicKeys.map(field),
  }
}

/** Throws `corrupt_store` unless it holds n distinct keys and 1 <= t <= n <= 255. */
export function parseKeySet(value: RecordValue | undefined): KeySet {
  const fields = new RecordFields(value, 'the key set')
  const set = readKeySet(fields)
  fields.end()
  return set
}

/** Throws `corrupt_store` as `parseKeySet` does. */
export function parsePublicKeySet(value: RecordValue | undefined): PublicKeySet {
  const fields = new RecordFields(value, 'the key set')
  const set = readPublicKeySet(fields)
  fields.end()
  return set
}

/** As `parseKeySet`, with the link. */
export function parseRetiring(value: RecordValue | undefined): RetiringKeySet {
  const fields = new RecordFields(value, 'the retiring key set')
  const set = { ...readKeySet(fields), link: fields.bytes('link') }
  fields.end()
  return set
}

export function parseRetired(value: RecordValue): RetiredKeySet {
  const fields = new RecordFields(value, 'the retired key set')
  const end = RETIRED_ENDS.find((known) => known === fields.text('end'))
  if (end === undefined) throw corrupt('the retired key set', 'has an unknown end')
  const set = {
    id: fields.bytes('id', KEY_SET_ID_BYTES),
    number: fields.integer('number', { min: 1, max: Number.MAX_SAFE_INTEGER }),
    publicKeys: fields
      .list('public_keys')
      .map((key) => new RecordFields({ key }, 'a key').bytes('key', PUBLIC_KEY_BYTES)),
    end,
    endedAt: unixMillis(fields.integer('ended_at', { min: 0, max: MAX_TIME })),
  }
  fields.end()
  return set
}

function readKeySet(fields: RecordFields): KeySet {
  return {
    ...readPublicKeySet(fields),
    slot: fields.bytes('slot'),
    createdAt: unixMillis(fields.integer('created_at', { min: 0, max: MAX_TIME })),
  }
}

function readPublicKeySet(fields: RecordFields): PublicKeySet {
  if (fields.text('algorithm') !== SHARE_KEY_ALGORITHM) {
    throw corrupt('the key set', 'names an algorithm that this version does not know')
  }
  const shares = fields.list('shares').map(parseShareEntry)
  checkShares(shares)
  return {
    id: fields.bytes('id', KEY_SET_ID_BYTES),
    number: fields.integer('number', { min: 1, max: Number.MAX_SAFE_INTEGER }),
    threshold: fields.integer('threshold', { min: 1, max: shares.length }),
    shares,
  }
}

function parseShareEntry(value: RecordValue): ShareEntry {
  const fields = new RecordFields(value, 'a share of the key set')
  const entry = {
    number: fields.integer('number', { min: 1, max: MAX_SHARES }),
    publicKey: fields.bytes('public_key', PUBLIC_KEY_BYTES),
  }
  fields.end()
  return entry
}

function checkShares(shares: readonly ShareEntry[]): void {
  if (shares.length < 1 || shares.length > MAX_SHARES)
    throw corrupt('the key set', 'has no shares or too many')
  if (shares.some((share, index) => share.number !== index + 1)) {
    throw corrupt('the key set', 'has shares out of order')
  }
  // Two entries with one key would let one holder count twice.
  if (new Set(shares.map((share) => field(share.publicKey))).size !== shares.length) {
    throw corrupt('the key set', 'has one share twice')
  }
}
