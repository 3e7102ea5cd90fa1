import { CUSTODY_COPY_PATH, CUSTODY_PATH } from '../barrier/paths.ts'
import { toHex } from '../base/encoding.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { parseCustodyRecord } from '../custody/custody-record.ts'
import type { KeySet } from '../custody/key-set.ts'

/** What people need to know of a key set to find its shares. */
export interface KeySetFacts {
  /** Lower-case hex of 16 bytes. */
  readonly id: string
  /** 1, 2, 3 …: what people call it. */
  readonly number: number
  readonly threshold: number
  /** How many shares there are. */
  readonly shares: number
}

/** What the custody record of a store says in the clear about who opens it. */
export interface CustodyFacts {
  /** Lower-case hex of 16 bytes. */
  readonly storeId: string
  readonly serial: number
  readonly live: KeySetFacts
  /** An older set that opens the store too, or `null`. */
  readonly retiring: KeySetFacts | null
}

/**
 * Reads the facts from a stored custody record. Throws `corrupt_store`, or `store_newer` for a newer format.
 */
export function readCustodyFacts(bytes: Uint8Array): CustodyFacts {
  const { storeId, serial, live, retiring } = parseCustodyRecord(bytes)
  return {
    storeId: toHex(storeId),
    serial,
    live: factsOf(live),
    retiring: retiring === null ? null : factsOf(retiring),
  }
}

/**
 * Reads the facts from whichever of the two stored records can be read. Throws as `readCustodyFacts`, and
 * `not_initialized` where there is neither.
 */
export function findCustodyFacts(get: (key: string) => Uint8Array | null): CustodyFacts {
  const first = get(CUSTODY_PATH)
  const copy = get(CUSTODY_COPY_PATH)
  if (first === null && copy === null) {
    throw new OperatingError('not_initialized', 'the store was never initialised: there is nothing to save')
  }
  if (first === null || copy === null) return readCustodyFacts(first ?? copy ?? new Uint8Array(0))
  try {
    return readCustodyFacts(first)
  } catch (error) {
    // One damaged record of two is what the copy is for (custody.md section 2).
    if (!hasCode(error, 'corrupt_store') && !hasCode(error, 'store_newer')) throw error
    return readCustodyFacts(copy)
  }
}

function factsOf({ id, number, threshold, shares }: KeySet): KeySetFacts {
  return { id: toHex(id), number, threshold, shares: shares.length }
}
