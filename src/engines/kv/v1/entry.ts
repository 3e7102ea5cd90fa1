import { concat, uint32 } from '../../../base/encoding.ts'
import { OperatingError } from '../../../base/errors.ts'
import { MAX_JSON_DEPTH } from '../../../base/limits.ts'
import { type JsonObject, RawJson } from '../../../logical/json.ts'
import { readJson } from '../../../logical/json-reader.ts'
import { leaseSeconds } from './lease.ts'

/**
 * A stored value: `0x02 | lease in seconds, uint32 | the object's bytes exactly as they were sent`. The lease
 * is taken from the object when it is written, so that reading makes no string of what is stored; all ones
 * where the object names none, and that of the mount holds. `0x01` had 32 days there instead.
 */
const FORMAT = 0x02
const FIRST_FORMAT = 0x01
const NO_LEASE = 0xffffffff
const FIRST_DEFAULT_SECONDS = 2_764_800
const HEADER_BYTES = 1 + 4

export interface KvEntry {
  readonly data: RawJson
  /** In seconds; `null` where the value names none of its own. */
  readonly lease: number | null
}

export function encodeEntry(object: JsonObject): Uint8Array {
  return concat(new Uint8Array([FORMAT]), uint32(leaseSeconds(object) ?? NO_LEASE), object.raw)
}

/** Throws `corrupt_entry` for a format that this version does not know. */
export function decodeEntry(stored: Uint8Array): KvEntry {
  const format = stored[0]
  if ((format !== FORMAT && format !== FIRST_FORMAT) || stored.length < HEADER_BYTES) {
    throw new OperatingError('corrupt_entry', 'a stored value has an unknown format')
  }
  const written = new DataView(stored.buffer, stored.byteOffset).getUint32(1)
  const data = new RawJson(stored.subarray(HEADER_BYTES))
  if (format === FORMAT) return { data, lease: written === NO_LEASE ? null : written }
  return { data, lease: written === FIRST_DEFAULT_SECONDS ? namedLease(data.bytes) : written }
}

/** The first format does not tell 32 days that the object names from 32 days for want of a name. */
function namedLease(bytes: Uint8Array): number | null {
  const object = readJson(bytes, { maxDepth: MAX_JSON_DEPTH, maxStrings: Number.POSITIVE_INFINITY })
  return object.kind === 'object' ? leaseSeconds(object) : null
}
