import { OperatingError } from '../../../base/errors.ts'
import type { BackendContext, Call, Mounted } from '../../../logical/backend.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { ANYTHING, KEYS } from '../../../logical/schema.ts'
import { listedNames, nameQueryOf, namesAnswer, SCANNED, scannedNames } from '../names.ts'
import { checkSecretPath } from '../secret-path.ts'
import { upgrading } from '../upgrading.ts'
import { commitWiping, Writes } from '../writes.ts'
import { decodeEntry, encodeEntry } from './entry.ts'

/** Where values stand below the mount; KV 2 takes them from there when a mount is upgraded. */
export const V1_ROOT = 'secrets/'

/** KV version 1: one value a path, given back byte for byte (surface.md section 5.1). */
export function mountV1(context: BackendContext): Mounted {
  const { storage } = context
  const writes = new Writes(upgrading)
  return {
    routes: [
      {
        pattern: '*path',
        summary: 'Keeps a JSON object at a path.',
        access: 'token',
        answers: { read: ANYTHING, list: KEYS, scan: SCANNED },
        handlers: {
          read: (call) => read(context, call),
          list: async (call) => namesAnswer('list', await listedNames(context, ...askedOf(call))),
          scan: async (call) => namesAnswer('scan', await scannedNames(context, ...askedOf(call))),
          update: (call) => writes.run(() => write(context, call)),
          delete: (call) => writes.run(() => remove(context, call)),
        },
        exists: async (call) => call.parameters['path'] !== '' && (await storage.has(keyOf(call))),
      },
    ],
    end: () => writes.end(),
  }
}

async function read({ storage, ttl }: BackendContext, call: Call): Promise<LogicalResponse | null> {
  const stored = await storage.get(keyOf(call))
  if (stored === null) return null
  const { data, lease } = decodeEntry(stored)
  return { data, leaseDuration: lease ?? ttl().defaultTtl }
}

async function write({ storage }: BackendContext, call: Call): Promise<null> {
  const { data } = call.request
  if (data === null || data.members.size === 0) throw new OperatingError('bad_request', 'missing data fields')
  await commitWiping(storage, [{ op: 'put', key: keyOf(call), value: encodeEntry(data) }])
  return null
}

async function remove({ storage }: BackendContext, call: Call): Promise<null> {
  await storage.commit([{ op: 'delete', key: keyOf(call) }])
  return null
}

/** Throws `unsupported_path` for the mount's own root and for folders, which hold no value. */
function keyOf(call: Call): string {
  const path = call.parameters['path'] ?? ''
  if (path === '' || path.endsWith('/')) {
    throw new OperatingError('unsupported_path', '1 error occurred:\n\t* unsupported path\n\n')
  }
  return V1_ROOT + checkSecretPath(path)
}

function askedOf(call: Call): [folder: string, query: ReturnType<typeof nameQueryOf>] {
  return [V1_ROOT + checkSecretPath(call.parameters['path'] ?? ''), nameQueryOf(call)]
}
