import { OperatingError } from '../../base/errors.ts'
import type { BackendContext, Call, Mounted, SecretsEngine, StorageView } from '../../logical/backend.ts'
import { type Fields, readFields } from '../../logical/field-table.ts'
import { gathered } from '../../logical/listed.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { ANYTHING, KEYS, shape, TEXTS } from '../../logical/schema.ts'
import { decodeStoredJson, encodeStoredJson } from '../../logical/stored-json.ts'

/** Paths of one scan: whoever has more asks for them in pages. */
const MAX_SCANNED = 100_000
/** Names of one look into the storage. */
const PAGE = 1000
/** The same where names of every folder on a path wait at once. */
const KEPT_PAGE = 100

/** Any object can be kept, so a write has no fields of its own, and warns of none. */
const PAGES = {
  after: { type: 'string', description: 'Names up to and including this one are left out.', in: 'query' },
  limit: { type: 'integer', description: 'How many names at most; 0: all.', in: 'query' },
} as const satisfies Fields

/** Values that only the token which wrote them can read; they go with it (surface.md section 6.1). */
export const cubbyhole: SecretsEngine = {
  type: 'cubbyhole',
  mount: ({ storage }: BackendContext): Mounted => ({
    routes: [
      {
        pattern: '*path',
        summary: 'Keeps a JSON object at a path, for this token alone.',
        access: 'token',
        answers: { read: ANYTHING, list: KEYS, scan: shape({}, { keys: TEXTS }) },
        handlers: {
          read: (call) => read(storage, call),
          list: (call) => list(storage, call),
          scan: (call) => scan(storage, call),
          create: (call) => write(storage, call),
          update: (call) => write(storage, call),
          delete: (call) => remove(storage, call),
        },
        exists: async (call) => call.parameters['path'] !== '' && (await storage.has(keyOf(call))),
      },
    ],
  }),
}

/**
 * Keys of everything that a token kept, page by page; they are removed with it. Paths are as deep as somebody
 * likes, so folders that wait stand in a list instead of in calls within each other.
 */
export async function* keptKeys(storage: StorageView, cubbyholeId: string): AsyncGenerator<string> {
  const open: OpenFolder[] = [{ folder: `${cubbyholeId}/`, names: [], next: 0, after: '', isRead: false }]
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const name = at.names[at.next++]
    if (name?.endsWith('/')) {
      open.push({ folder: at.folder + name, names: [], next: 0, after: '', isRead: false })
    } else if (name !== undefined) {
      yield at.folder + name
    } else if (at.isRead) {
      open.pop()
    } else {
      at.names = await storage.page(at.folder, { after: at.after, limit: KEPT_PAGE })
      at.next = 0
      at.after = at.names.at(-1) ?? ''
      at.isRead = at.names.length < KEPT_PAGE
    }
  }
}

/** A folder of what is to be removed, and how far it has been read. */
interface OpenFolder {
  readonly folder: string
  names: readonly string[]
  next: number
  after: string
  isRead: boolean
}

async function read(storage: StorageView, call: Call): Promise<LogicalResponse | null> {
  const stored = await storage.get(keyOf(call))
  if (stored === null) return null
  const data = decodeStoredJson(stored)
  return isWrapped(call) ? { data, warnings: [USE_UNWRAP] } : { data }
}

/** Whether this is how clients unwrapped before there was a path for it (surface.md section 6.2). */
function isWrapped({ parameters, caller }: Call): boolean {
  return parameters['path'] === 'response' && caller?.policies.join() === 'response-wrapping'
}

const USE_UNWRAP =
  "Reading from 'cubbyhole/response' is deprecated. Please use sys/wrapping/unwrap to unwrap responses, " +
  'as it provides additional security checks and other benefits.'

async function list(storage: StorageView, call: Call): Promise<LogicalResponse | null> {
  const { after = '', limit = 0 } = readFields(PAGES, call.request.data)
  const names = namesIn(storage, `${ownerOf(call)}/${call.parameters['path'] ?? ''}`, after)
  const keys = await gathered(names, limit)
  return keys.length === 0 ? null : { data: { keys } }
}

/** Paths of everything below: of each folder first its own names, then its folders, as the peers have it. */
async function scan(storage: StorageView, call: Call): Promise<LogicalResponse> {
  const { after = '', limit = 0 } = readFields(PAGES, call.request.data)
  const keys: string[] = []
  for await (const path of pathsBelow(storage, `${ownerOf(call)}/${call.parameters['path'] ?? ''}`)) {
    if (after !== '' && comesBefore(path, after)) continue
    if (keys.length === MAX_SCANNED) {
      throw new OperatingError('bad_request', `more than ${MAX_SCANNED} names: ask with "limit" and "after"`)
    }
    keys.push(path)
    if (keys.length === limit) break
  }
  return { data: keys.length === 0 ? {} : { keys } }
}

async function* pathsBelow(storage: StorageView, folder: string): AsyncGenerator<string> {
  for await (const name of namesIn(storage, folder, '')) if (!name.endsWith('/')) yield name
  for await (const name of namesIn(storage, folder, '')) {
    if (!name.endsWith('/')) continue
    for await (const below of pathsBelow(storage, folder + name)) yield name + below
  }
}

async function* namesIn(storage: StorageView, folder: string, first: string): AsyncGenerator<string> {
  for (let after = first; ; ) {
    const names = await storage.page(folder, { after, limit: PAGE })
    yield* names
    if (names.length < PAGE) return
    after = names.at(-1) ?? ''
  }
}

/** Whether a scan comes to `path` before it comes to `other`, or they are the same. */
function comesBefore(path: string, other: string): boolean {
  const [own, others] = [path.split('/'), other.split('/')]
  const at = own.findIndex((segment, index) => segment !== others[index])
  if (at === -1) return true
  const [isName, isOtherName] = [at === own.length - 1, at >= others.length - 1]
  if (isName !== isOtherName) return isName
  return Buffer.compare(Buffer.from(own[at] ?? ''), Buffer.from(others[at] ?? '')) < 0
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
  if (call.caller.tokenType === 'batch') {
    throw new OperatingError(
      'bad_request',
      "cubbyhole operations are only supported by 'service' type tokens",
    )
  }
  return call.caller.cubbyholeId
}
