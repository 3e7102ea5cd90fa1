import type { Call, Route } from '../../../logical/backend.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { KEYS } from '../../../logical/schema.ts'
import { listedNames, nameQueryOf, namesAnswer, PAGE_FIELDS, SCANNED, scannedNames } from '../names.ts'
import { checkSecretPath } from '../secret-path.ts'
import { KEYS_ROOT } from './key-writes.ts'
import { METADATA_FIELDS, patchMetadata, writeMetadata } from './metadata-change.ts'
import { atSecret, keyExists } from './paths.ts'
import type { Room } from './room.ts'
import { KEY_SHAPE, shownKey } from './shown.ts'

/** `M/metadata/P`: what is known of a key, its settings, and names (surface.md section 5.2). */
export function metadataRoute(room: Room): Route {
  return {
    pattern: 'metadata/*path',
    summary:
      'What is known of a secret, its settings, and the names of secrets; deleting removes all versions.',
    access: 'token',
    fields: { ...METADATA_FIELDS, ...PAGE_FIELDS },
    answers: { read: KEY_SHAPE, list: KEYS, scan: SCANNED },
    handlers: {
      read: (call) => atSecret(call, (path) => read(room, path)),
      list: async (call) => namesAnswer('list', await listedNames(room, folderOf(call), nameQueryOf(call))),
      scan: async (call) => namesAnswer('scan', await scannedNames(room, folderOf(call), nameQueryOf(call))),
      update: (call) => writeMetadata(room, call),
      patch: (call) => patchMetadata(room, call),
      delete: (call) => atSecret(call, (path) => remove(room, path)),
    },
    exists: (call) => keyExists(room, call),
  }
}

/** Where the names stand that are asked for. */
export function folderOf(call: Call): string {
  return KEYS_ROOT + checkSecretPath(call.parameters['path'] ?? '')
}

async function read({ keys }: Room, path: string): Promise<LogicalResponse | null> {
  const key = await keys.read(path)
  return key === null ? null : { data: shownKey(key) }
}

async function remove({ keys }: Room, path: string): Promise<null> {
  return await keys.change(path, () => ({ key: null, answer: null }))
}
