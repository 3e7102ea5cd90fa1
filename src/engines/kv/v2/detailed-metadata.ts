import { OperatingError } from '../../../base/errors.ts'
import { MAX_DETAILED_NAMES } from '../../../base/limits.ts'
import type { Call, Route } from '../../../logical/backend.ts'
import type { JsonOut } from '../../../logical/json.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { either, mapOf, NOTHING, shape, TEXTS } from '../../../logical/schema.ts'
import { listedNames, nameQueryOf, PAGE_FIELDS, scannedNames } from '../names.ts'
import { Pace } from '../pace.ts'
import { folderOf } from './metadata.ts'
import type { Room } from './room.ts'
import { KEY_SHAPE, shownKey } from './shown.ts'

/** What is known of a key that is a folder. */
const FOLDER = {}

/** `M/detailed-metadata/P`: names, and what is known of each (surface.md section 5.2). */
export function detailedMetadataRoute(room: Room): Route {
  // Of a key as metadata/ has it; of a folder without a member.
  const names = { key_info: mapOf(either(KEY_SHAPE, NOTHING)), keys: TEXTS }
  return {
    pattern: 'detailed-metadata/*path',
    summary: 'Names of secrets, with what is known of each.',
    access: 'token',
    fields: PAGE_FIELDS,
    answers: { list: shape(names), scan: shape({}, names) },
    handlers: {
      list: async (call) => {
        const { data } = await detailed(room, call, listedNames)
        return data === undefined ? null : { data }
      },
      scan: async (call) => ({ data: {}, ...(await detailed(room, call, scannedNames)) }),
    },
  }
}

async function detailed(
  room: Room,
  call: Call,
  names: typeof listedNames,
): Promise<Pick<LogicalResponse, 'data'>> {
  const query = nameQueryOf(call)
  const base = call.parameters['path'] ?? ''
  const found = await names(room, folderOf(call), query)
  if (found.length > MAX_DETAILED_NAMES) {
    throw new OperatingError(
      'bad_request',
      `more than ${MAX_DETAILED_NAMES} keys: ask with "limit" and "after"`,
    )
  }
  const pace = new Pace(room.clock)
  const info: [string, JsonOut][] = []
  for (const name of found) {
    await pace.count(1)
    const key = name.endsWith('/') ? null : await room.keys.read(base + name)
    // A key that was removed since its name was read is left out.
    if (key !== null) info.push([name, shownKey(key)])
    else if (name.endsWith('/')) info.push([name, FOLDER])
  }
  return info.length === 0
    ? {}
    : { data: { key_info: Object.fromEntries(info), keys: info.map(([name]) => name) } }
}
