import type { PlainWrite } from '../barrier/barrier.ts'
import { sealEntry } from '../barrier/entry-format.ts'
import type { Keyring } from '../barrier/keyring.ts'
import { keyringKey, sealKeyring } from '../barrier/keyring-record.ts'
import {
  ANCHOR_COPY_PATH,
  ANCHOR_PATH,
  CUSTODY_COPY_PATH,
  CUSTODY_PATH,
  KEYRING_COPY_PATH,
  KEYRING_PATH,
} from '../barrier/paths.ts'
import { assert } from '../base/assert.ts'
import { canonicalJson } from '../base/canonical-json.ts'
import { sameBytes, toBase64 } from '../base/encoding.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { type CustodyRecord, encodeCustodyRecord } from '../custody/custody-record.ts'
import type { Condition, StorageBackend, Write } from '../physical/backend.ts'
import { openRecords } from './open-records.ts'
import { operationsWrite } from './operations.ts'
import type { CeremonyPorts } from './ports.ts'
import { custodyCandidates, readStoredRecords, type StoredRecords } from './stored-records.ts'

/** What a change of custody or keyring will make true. Everything in it stays with the caller. */
export interface CustodyChange {
  /** With the serial that it will have: one more than the stored one. */
  readonly record: CustodyRecord
  readonly rootKey: SecretBytes
  /** Its active term seals `entries` and the anchor; the caller reserved that many operations in it. */
  readonly keyring: Keyring
  /** Seals done under that term before this change. */
  readonly done: number
  /** Further entries of the same commit. */
  readonly entries: readonly PlainWrite[]
}

/** A change as bytes, checked, ready for its one commit. */
export interface PreparedChange {
  readonly writes: readonly Write[]
  readonly conditions: readonly Condition[]
  /** What the six places will hold. */
  readonly stored: StoredRecords
  /** SHA-256 of the custody record in it, as the keyring in it names it. */
  readonly custodyDigest: Uint8Array
  /** Seals done under the keyring's active term. */
  readonly seals: number
}

/** Seals that every change does besides its entries: the anchor, its copy, and the count of operations. */
export const SEALS_PER_CHANGE = 3

/**
 * Makes the records of `change` and opens them once in memory before anything is committed, so that what
 * cannot be opened is never stored. `before` is what was read last: the commit holds only if it still stands.
 */
export function prepareChange(
  ports: CeremonyPorts,
  before: StoredRecords,
  change: CustodyChange,
): PreparedChange {
  const { record } = change
  const custody = encodeCustodyRecord(record)
  const digest = ports.primitives.sha256(custody)
  const stored: StoredRecords = {
    custody: { first: custody, copy: custody },
    keyring: keyringPair(ports, change, digest),
    anchor: anchorPair(ports, change),
  }
  const candidates = custodyCandidates(stored)
  openRecords(ports.primitives, stored, { rootKey: change.rootKey, candidates }).keyring[Symbol.dispose]()
  const seals = SEALS_PER_CHANGE + change.entries.filter((entry) => entry.op === 'put').length
  const count = operationsWrite({ term: change.keyring.active.term, done: change.done + seals })
  const entries = [...change.entries, count].map((entry): Write => {
    if (entry.op === 'delete') return entry
    return {
      op: 'put',
      key: entry.key,
      value: sealUnder(ports, change, { path: entry.key, value: entry.value }),
    }
  })
  return {
    writes: [...recordWrites(stored), ...entries],
    conditions: [
      { key: CUSTODY_PATH, stored: before.custody.first },
      { key: KEYRING_PATH, stored: before.keyring.first },
    ],
    stored,
    custodyDigest: digest,
    seals,
  }
}

/**
 * Commits a prepared change. When it resolves, the change is stored; when it rejects, it is not, except with
 * an `OutcomeUnknownError`, after which nobody knows and the process must end.
 *
 * An unknown outcome is settled and read back here, before anybody is answered.
 */
export async function commitChange(storage: StorageBackend, change: PreparedChange): Promise<void> {
  try {
    await storage.commit(change.writes, change.conditions)
  } catch (error) {
    if (!hasCode(error, 'storage_unavailable')) throw error
    if (!(await wasApplied(storage, change, error))) {
      throw new OperatingError('storage_unavailable', 'the storage refused the change; nothing was changed', {
        cause: error,
        detail: error.detail,
      })
    }
  }
}

/** Reads back what an unknown commit did, once no commit is under way any more. */
async function wasApplied(storage: StorageBackend, change: PreparedChange, cause: unknown): Promise<boolean> {
  const now = await readBack(storage, cause)
  if (sameStored(now.custody.first, change.stored.custody.first)) return true
  const before = change.conditions[0]?.stored ?? null
  assert(sameStored(now.custody.first, before), 'nobody else changes the store of a running server')
  return false
}

async function readBack(storage: StorageBackend, cause: unknown): Promise<StoredRecords> {
  try {
    await storage.settle()
    return await readStoredRecords(storage)
  } catch (error) {
    // Memory and storage may differ now, and nothing can tell: only a new start reads what there is.
    throw new OutcomeUnknownError('a change of the keys may or may not be stored', { cause: error ?? cause })
  }
}

/**
 * Nobody can say whether a commit happened. The process wipes its keys and ends; a new start reads the store.
 */
export class OutcomeUnknownError extends Error {
  override name = 'OutcomeUnknownError'
}

function sameStored(left: Uint8Array | null, right: Uint8Array | null): boolean {
  return left === null || right === null ? left === right : sameBytes(left, right)
}

function keyringPair(
  ports: CeremonyPorts,
  change: CustodyChange,
  digest: Uint8Array,
): StoredRecords['keyring'] {
  const { storeId, serial } = change.record
  const aead = keyringKey(ports.primitives, change.rootKey, storeId)
  using plaintext = change.keyring.encode(digest)
  const sealAt = (path: string): Uint8Array =>
    sealKeyring({ aead, nonce: ports.nonces.take() }, { storeId, path, serial }, plaintext)
  return { first: sealAt(KEYRING_PATH), copy: sealAt(KEYRING_COPY_PATH) }
}

function anchorPair(ports: CeremonyPorts, change: CustodyChange): StoredRecords['anchor'] {
  const { storeId, serial } = change.record
  const value = canonicalJson({ serial, store_id: toBase64(storeId) })
  return {
    first: sealUnder(ports, change, { path: ANCHOR_PATH, value }),
    copy: sealUnder(ports, change, { path: ANCHOR_COPY_PATH, value }),
  }
}

function sealUnder(
  ports: CeremonyPorts,
  change: CustodyChange,
  entry: { readonly path: string; readonly value: Uint8Array },
): Uint8Array {
  const active = change.keyring.active
  const key = { aead: active.aead, term: active.term, nonce: ports.nonces.take() }
  return sealEntry(key, { storeId: change.record.storeId, path: entry.path }, entry.value)
}

function recordWrites(stored: StoredRecords): readonly Write[] {
  return [
    put(CUSTODY_PATH, stored.custody.first),
    put(CUSTODY_COPY_PATH, stored.custody.copy),
    put(KEYRING_PATH, stored.keyring.first),
    put(KEYRING_COPY_PATH, stored.keyring.copy),
    put(ANCHOR_PATH, stored.anchor.first),
    put(ANCHOR_COPY_PATH, stored.anchor.copy),
  ]
}

function put(key: string, value: Uint8Array | null): Write {
  assert(value !== null, 'a change writes all its records')
  return { op: 'put', key, value }
}
