import {
  ANCHOR_COPY_PATH,
  ANCHOR_PATH,
  CUSTODY_COPY_PATH,
  CUSTODY_PATH,
  KEYRING_COPY_PATH,
  KEYRING_PATH,
} from '../barrier/paths.ts'
import { sameBytes } from '../base/encoding.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { type CustodyRecord, parseCustodyRecord } from '../custody/custody-record.ts'
import type { StorageReader } from '../physical/backend.ts'

/** A record and its copy, as they were read: `null` where nothing is stored. */
export interface StoredPair {
  readonly first: Uint8Array | null
  readonly copy: Uint8Array | null
}

/** What stands under the six places of custody, keyring and anchor. */
export interface StoredRecords {
  readonly custody: StoredPair
  readonly keyring: StoredPair
  readonly anchor: StoredPair
}

/** A custody record that can be read. Which of two is the right one is known only after unseal. */
export interface CustodyCandidate {
  readonly bytes: Uint8Array
  readonly record: CustodyRecord
}

export async function readStoredRecords(storage: StorageReader): Promise<StoredRecords> {
  return {
    custody: await readPair(storage, CUSTODY_PATH, CUSTODY_COPY_PATH),
    keyring: await readPair(storage, KEYRING_PATH, KEYRING_COPY_PATH),
    anchor: await readPair(storage, ANCHOR_PATH, ANCHOR_COPY_PATH),
  }
}

/** Whether a store was ever initialised: any of the six is there. */
export function isInitialised(stored: StoredRecords): boolean {
  return [stored.custody, stored.keyring, stored.anchor].some(
    (pair) => pair.first !== null || pair.copy !== null,
  )
}

/**
 * The custody records that can be read, the first before its copy, without the copy where both are the same.
 * Throws `store_newer` when a newer version wrote them, and `corrupt_store` when none can be read.
 */
export function custodyCandidates(stored: StoredRecords): readonly [CustodyCandidate, ...CustodyCandidate[]] {
  const candidates: CustodyCandidate[] = []
  let failure = new OperatingError(
    'corrupt_store',
    'neither the custody record nor its copy can be read: restore the newest snapshot of this store',
  )
  for (const bytes of distinct(stored.custody)) {
    try {
      candidates.push({ bytes, record: parseCustodyRecord(bytes) })
    } catch (error) {
      // One damaged record of two is what the copy is for; it is healed at the next unseal. A damaged digit
      // can also look like another format: only where no record can be read is the store a newer one.
      if (hasCode(error, 'store_newer')) failure = error
      else if (!hasCode(error, 'corrupt_store')) throw error
    }
  }
  const [first, ...rest] = candidates
  if (first !== undefined) return [first, ...rest]
  throw failure
}

/** The bytes of a pair, each once. */
export function distinct(pair: StoredPair): readonly Uint8Array[] {
  if (pair.first === null) return pair.copy === null ? [] : [pair.copy]
  if (pair.copy === null || sameBytes(pair.first, pair.copy)) return [pair.first]
  return [pair.first, pair.copy]
}

async function readPair(storage: StorageReader, first: string, copy: string): Promise<StoredPair> {
  return { first: await storage.get(first), copy: await storage.get(copy) }
}
