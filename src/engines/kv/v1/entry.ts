import { concat, uint32 } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'
import { type JsonObject, RawJson } from '../../logical/json.ts'
import { leaseSeconds } from './lease.ts'

/**
 * A stored value: `0x01 | lease in seconds, uint32 | the object's bytes exactly as they were sent`. The lease
 * is taken from the object when it is written, so that reading makes no string of what is stored.
 */
const FORMAT = 0x01
const HEADER_BYTES = 1 + 4

export interface KvEntry {
  readonly data: RawJson
  readonly leaseDuration: number
}

export function encodeEntry(object: JsonObject): Uint8Array {
  return concat(new Uint8Array([FORMAT]), uint32(leaseSeconds(object)), object.raw)
}

/** Throws `corrupt_entry` for a format that this version does not know. */
export function decodeEntry(stored: Uint8Array): KvEntry {
  if (stored[0] !== FORMAT || stored.length < HEADER_BYTES) {
    throw new OperatingError('corrupt_entry', 'a stored value has an unknown format')
  }
  const leaseDuration = new DataView(stored.buffer, stored.byteOffset).getUint32(1)
  return { data: new RawJson(stored.subarray(HEADER_BYTES)), leaseDuration }
}
