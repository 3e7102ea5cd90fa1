import { MAX_JSON_DEPTH } from '../../../base/limits.ts'
import type { JsonNode, JsonOut } from '../../../logical/json.ts'
import { readJson } from '../../../logical/json-reader.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { isReadable } from './key.ts'
import type { Found } from './keys.ts'
import type { Room } from './room.ts'
import { shownVersion } from './shown.ts'

/** A version (0: the newest), with its value unless that is deleted or destroyed by now. */
export async function findVersion(
  { keys, clock }: Room,
  path: string,
  wanted: number,
): Promise<Found | null> {
  const now = clock.now()
  return await keys.find(path, wanted, (version) => isReadable(version, now))
}

/** What is deleted or destroyed is not there (404), and the envelope says what was. */
export function shownFound(
  { key, number, version, bytes }: Found,
  member: string,
  show: (bytes: Uint8Array) => JsonOut,
): LogicalResponse {
  const metadata = shownVersion(key, number, version)
  if (bytes === null) return { status: 404, data: { [member]: null, metadata } }
  return { data: { [member]: show(bytes), metadata } }
}

/** Throws `bad_request` for more values than a body may have. */
export function readValue(bytes: Uint8Array): JsonNode {
  return readJson(bytes, { maxDepth: MAX_JSON_DEPTH, maxStrings: Number.POSITIVE_INFINITY })
}
