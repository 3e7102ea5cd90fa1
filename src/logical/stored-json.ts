import { concat } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { JsonObject } from './json.ts'
import { RawJson } from './json.ts'

/**
 * How engines store a JSON object: `0x01` and the bytes of the object exactly as they were sent, so that
 * numbers and spelling come back as they went in.
 */
const FORMAT = 0x01

export function encodeStoredJson(object: Pick<JsonObject, 'raw'>): Uint8Array {
  return concat(new Uint8Array([FORMAT]), object.raw)
}

/** The object's bytes. Throws `corrupt_entry` for a format that this version does not know. */
export function decodeStoredJson(stored: Uint8Array): RawJson {
  if (stored[0] !== FORMAT) throw new OperatingError('corrupt_entry', 'a stored value has an unknown format')
  return new RawJson(stored.subarray(1))
}
