import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { sameBytes } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_RETIRED_KEYS, MAX_RETIRED_SETS } from '../base/limits.ts'
import {
  type KeySet,
  keySetRecord,
  PUBLIC_KEY_BYTES,
  parseKeySet,
  parseRetired,
  parseRetiring,
  type RetiredKeySet,
  type RetiringKeySet,
  retiredRecord,
  retiringRecord,
} from './key-set.ts'
import { type NodeRecord, nodeRecord, parseNode } from './node.ts'
import { corrupt, field, RecordFields } from './record-fields.ts'

export const CUSTODY_FORMAT = 1
export const STORE_ID_BYTES = 16

/** Who can open the store, in the clear and without a secret (custody.md section 2). */
export interface CustodyRecord {
  readonly storeId: Uint8Array
  /** Goes up by one with every change of custody or keyring. */
  readonly serial: number
  readonly sealType: 'shamir'
  /** Ed25519: closes transcripts, certifies node keys. */
  readonly identityKey: Uint8Array
  readonly nodes: readonly NodeRecord[]
  readonly live: KeySet
  readonly retiring: RetiringKeySet | null
  /** Newest first. */
  readonly retired: readonly RetiredKeySet[]
}

/** The stored bytes of a record: one record, one spelling, one digest. */
export function encodeCustodyRecord(record: CustodyRecord): Uint8Array {
  return canonicalJson({
    format: CUSTODY_FORMAT,
    identity_key: field(record.identityKey),
    live: keySetRecord(record.live),
    nodes: record.nodes.map(nodeRecord),
    retired: record.retired.map(retiredRecord),
    retiring: record.retiring === null ? null : retiringRecord(record.retiring),
    seal_type: record.sealType,
    serial: record.serial,
    store_id: field(record.storeId),
  })
}

/**
 * Reads what `encodeCustodyRecord` wrote. Throws `corrupt_store` for anything else, and `store_newer` for a
 * record of a format that only a newer version writes.
 */
export function parseCustodyRecord(bytes: Uint8Array): CustodyRecord {
  const value = parseCanonicalJson(bytes)
  if (value === null) throw corrupt('the custody record', 'cannot be read')
  const fields = new RecordFields(value, 'the custody record')
  checkFormat(fields.integer('format', { min: 1, max: Number.MAX_SAFE_INTEGER }))
  if (fields.text('seal_type') !== 'shamir') throw corrupt('the custody record', 'names an unknown seal')
  const retiring = fields.value('retiring')
  const record: CustodyRecord = {
    storeId: fields.bytes('store_id', STORE_ID_BYTES),
    serial: fields.integer('serial', { min: 1, max: Number.MAX_SAFE_INTEGER }),
    sealType: 'shamir',
    identityKey: fields.bytes('identity_key', PUBLIC_KEY_BYTES),
    nodes: fields.list('nodes').map(parseNode),
    live: parseKeySet(fields.value('live')),
    retiring: retiring === null ? null : parseRetiring(retiring),
    retired: fields.list('retired').map(parseRetired),
  }
  fields.end()
  return record
}

/** Adds a set to the retired ones and forgets the oldest beyond 16 sets or 2,048 keys. */
export function withRetired(
  retired: readonly RetiredKeySet[],
  added: readonly RetiredKeySet[],
): readonly RetiredKeySet[] {
  const kept: RetiredKeySet[] = []
  let keys = 0
  for (const set of [...added, ...retired]) {
    keys += set.publicKeys.length
    if (kept.length === MAX_RETIRED_SETS || keys > MAX_RETIRED_KEYS) break
    kept.push(set)
  }
  return kept
}

/** The retired sets but this one: a pending set goes live, or ends in another way. */
export function withoutSet(retired: readonly RetiredKeySet[], id: Uint8Array): readonly RetiredKeySet[] {
  return retired.filter((set) => !sameBytes(set.id, id))
}

function checkFormat(format: number): void {
  if (format === CUSTODY_FORMAT) return
  throw new OperatingError(
    'store_newer',
    `this store has format ${format} and was written by a newer Conclave; this version reads format ` +
      `${CUSTODY_FORMAT}: start the newer version again`,
  )
}
