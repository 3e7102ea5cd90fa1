import { OperatingError } from '../../../base/errors.ts'
import type { Call, Route } from '../../../logical/backend.ts'
import { coerced } from '../../../logical/coercion.ts'
import { type Fields, type Given, readFields, readWrittenFields } from '../../../logical/field-table.ts'
import { RawJson } from '../../../logical/json.ts'
import { mergePatch } from '../../../logical/merge-patch.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { ANYTHING, nullable, shape } from '../../../logical/schema.ts'
import {
  isReadable,
  type Key,
  type MountSettings,
  newKey,
  versionOf,
  withDeletions,
  withVersion,
} from './key.ts'
import { type Changed, missingValue } from './keys.ts'
import { atSecret, keyExists, NOTHING_THERE, writtenPath } from './paths.ts'
import type { Room } from './room.ts'
import { shownVersion, VERSION_SHAPE } from './shown.ts'
import { findVersion, readValue, shownFound } from './values.ts'

const FIELDS = {
  version: { type: 'integer', description: 'Which version to read; 0: the newest.', in: 'query' },
  options: {
    type: 'object',
    description: 'cas: the newest version as the caller knows it; 0: there is to be none yet.',
  },
  data: { type: 'object', description: 'What is stored, or merged into what is.' },
} as const satisfies Fields

/** `M/data/P`: values, version by version (surface.md section 5.2). */
export function dataRoute(room: Room): Route {
  return {
    pattern: 'data/*path',
    summary: 'The value of a secret: each write makes a version.',
    access: 'token',
    fields: FIELDS,
    answers: {
      read: shape({ data: nullable(ANYTHING), metadata: VERSION_SHAPE }),
      update: VERSION_SHAPE,
      patch: VERSION_SHAPE,
    },
    handlers: {
      read: (call) => atSecret(call, (path) => read(room, path, call)),
      update: (call) => write(room, call),
      patch: (call) => patch(room, call),
      delete: (call) => atSecret(call, (path) => deleteNewest(room, path)),
    },
    exists: (call) => keyExists(room, call),
  }
}

async function read(room: Room, path: string, call: Call): Promise<LogicalResponse | null> {
  const { version = 0 } = readFields(FIELDS, call.request.data)
  const found = await findVersion(room, path, version)
  return found === null ? null : shownFound(found, 'data', (bytes) => new RawJson(bytes))
}

async function write(room: Room, call: Call): Promise<LogicalResponse> {
  const path = writtenPath(call)
  const given = readWrittenFields(FIELDS, call.request.data)
  // `null` is a value that can be stored; nothing at all is not.
  const value = call.request.data?.members.get('data')
  if (value === undefined) throw new OperatingError('bad_request', 'no data provided')
  const mount = await room.config.read()
  return await room.keys.change(path, (key) => {
    checkCas(given, key, mount)
    const now = room.clock.now()
    return added(withVersion(key ?? newKey(now), value.raw, { mount, now }))
  })
}

async function patch(room: Room, call: Call): Promise<LogicalResponse> {
  const path = writtenPath(call)
  const given = readFields(FIELDS, call.request.data)
  const { data } = given
  if (data === undefined) throw new OperatingError('bad_request', 'no data provided')
  const mount = await room.config.read()
  return await room.keys.change<LogicalResponse>(path, async (key) => {
    if (key === null) return { key, answer: NOTHING_THERE }
    checkCas(given, key, mount)
    const now = room.clock.now()
    const newest = versionOf(key, key.current)
    if (newest === null) return { key, answer: NOTHING_THERE }
    if (!isReadable(newest, now)) {
      return { key, answer: { status: 404, data: shownVersion(key, key.current, newest) } }
    }
    const bytes = await room.keys.value(path, key.current, newest)
    if (bytes === null) throw missingValue()
    const merged = mergePatch(readValue(bytes), data)
    // Many patches together must not make what could not be read to merge or show it.
    readValue(merged)
    return added(withVersion(key, merged, { mount, now }))
  })
}

async function deleteNewest({ keys, clock }: Room, path: string): Promise<null> {
  return await keys.change(path, (key) => ({
    key: key === null ? null : withDeletions(key, [key.current], clock.now()),
    answer: null,
  }))
}

function added(key: Key): Changed<LogicalResponse> {
  const newest = versionOf(key, key.current)
  if (newest === null) throw missingValue()
  return { key, answer: { data: shownVersion(key, key.current, newest) } }
}

/** Throws `bad_request` where the caller knows another version than is there, or does not say which. */
function checkCas({ options }: Given<typeof FIELDS>, key: Key | null, mount: MountSettings): void {
  const node = options?.members.get('cas')
  if (node === undefined) {
    if (!mount.casRequired && key?.settings.casRequired !== true) return
    throw new OperatingError('bad_request', 'check-and-set parameter required for this call')
  }
  const cas = node.kind === 'null' ? { value: 0 } : coerced('integer', node)
  if ('fault' in cas) throw new OperatingError('bad_request', 'error parsing check-and-set parameter')
  if (cas.value === (key?.current ?? 0)) return
  throw new OperatingError('bad_request', 'check-and-set parameter did not match the current version')
}
