import { OperatingError } from '../../base/errors.ts'
import type { BackendContext, Call, Mounted, SecretsEngine } from '../../logical/backend.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { decodeEntry, encodeEntry } from './entry.ts'

const ROOT = 'secrets/'

/** KV version 1: one value a path, given back byte for byte (surface.md section 5.1). */
export const kvV1: SecretsEngine = {
  type: 'kv',
  mount: ({ storage }: BackendContext): Mounted => ({
    routes: [
      {
        pattern: '*path',
        summary: 'Keeps a JSON object at a path.',
        access: 'token',
        handlers: {
          read: (call) => read(storage, pathOf(call)),
          list: (call) => list(storage, call),
          create: (call) => write(storage, call),
          update: (call) => write(storage, call),
          delete: (call) => remove(storage, pathOf(call)),
        },
        exists: async (call) => call.parameters['path'] !== '' && (await storage.has(pathOf(call))),
      },
    ],
  }),
}

type Storage = BackendContext['storage']

async function read(storage: Storage, key: string): Promise<LogicalResponse | null> {
  const stored = await storage.get(key)
  if (stored === null) return null
  return decodeEntry(stored)
}

async function list(storage: Storage, call: Call): Promise<LogicalResponse | null> {
  const keys = await storage.list(ROOT + (call.parameters['path'] ?? ''))
  return keys.length === 0 ? null : { data: { keys } }
}

async function write(storage: Storage, call: Call): Promise<null> {
  const { data } = call.request
  if (data === null || data.members.size === 0) throw new OperatingError('bad_request', 'missing data fields')
  await storage.commit([{ op: 'put', key: pathOf(call), value: encodeEntry(data) }])
  return null
}

async function remove(storage: Storage, key: string): Promise<null> {
  await storage.commit([{ op: 'delete', key }])
  return null
}

/** Throws `unsupported_path` for the mount's own root, which holds no value. */
function pathOf(call: Call): string {
  const path = call.parameters['path'] ?? ''
  if (path === '' || path.endsWith('/')) {
    throw new OperatingError('unsupported_path', '1 error occurred:\n\t* unsupported path\n\n')
  }
  return ROOT + path
}
