import { OperatingError } from '../../base/errors.ts'
import type { BackendContext, Call, Mounted, SecretsEngine, StorageView } from '../../logical/backend.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { decodeStoredJson, encodeStoredJson } from '../../logical/stored-json.ts'

/** Values that only the token which wrote them can read; they go with it (surface.md section 6.1). */
export const cubbyhole: SecretsEngine = {
  type: 'cubbyhole',
  mount: ({ storage }: BackendContext): Mounted => ({
    routes: [
      {
        pattern: '*path',
        summary: 'Keeps a JSON object at a path, for this token alone.',
        access: 'token',
        handlers: {
          read: (call) => read(storage, call),
          list: (call) => list(storage, call),
          create: (call) => write(storage, call),
          update: (call) => write(storage, call),
          delete: (call) => remove(storage, call),
        },
        exists: async (call) => call.parameters['path'] !== '' && (await storage.has(keyOf(call))),
      },
    ],
  }),
}

/** Keys of everything that a token kept; they are removed in the commit of its revocation. */
export async function keptKeys(storage: StorageView, cubbyholeId: string): Promise<readonly string[]> {
  return await keysBelow(storage, `${cubbyholeId}/`)
}

async function keysBelow(storage: StorageView, prefix: string): Promise<readonly string[]> {
  const keys: string[] = []
  for (const name of await storage.list(prefix)) {
    if (name.endsWith('/')) keys.push(...(await keysBelow(storage, prefix + name)))
    else keys.push(prefix + name)
  }
  return keys
}

async function read(storage: StorageView, call: Call): Promise<LogicalResponse | null> {
  const stored = await storage.get(keyOf(call))
  return stored === null ? null : { data: decodeStoredJson(stored) }
}

async function list(storage: StorageView, call: Call): Promise<LogicalResponse | null> {
  const keys = await storage.list(`${ownerOf(call)}/${call.parameters['path'] ?? ''}`)
  return keys.length === 0 ? null : { data: { keys } }
}

async function write(storage: StorageView, call: Call): Promise<null> {
  const { data } = call.request
  if (data === null || data.members.size === 0) throw new OperatingError('bad_request', 'missing data fields')
  await storage.commit([{ op: 'put', key: keyOf(call), value: encodeStoredJson(data) }])
  return null
}

async function remove(storage: StorageView, call: Call): Promise<null> {
  await storage.commit([{ op: 'delete', key: keyOf(call) }])
  return null
}

function keyOf(call: Call): string {
  const path = call.parameters['path'] ?? ''
  if (path === '' || path.endsWith('/')) {
    throw new OperatingError('unsupported_path', '1 error occurred:\n\t* unsupported path\n\n')
  }
  return `${ownerOf(call)}/${path}`
}

function ownerOf(call: Call): string {
  if (call.caller === null) throw new OperatingError('permission_denied', 'permission denied')
  return call.caller.cubbyholeId
}
