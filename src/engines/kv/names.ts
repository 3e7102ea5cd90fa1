import type { Clock } from '../../base/clock.ts'
import type { Call, StorageView } from '../../logical/backend.ts'
import { type Fields, readFields } from '../../logical/field-table.ts'
import { gathered } from '../../logical/listed.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { shape, TEXTS } from '../../logical/schema.ts'
import { Pace } from './pace.ts'

const PAGE = 1000

export const PAGE_FIELDS = {
  after: {
    type: 'string',
    description: 'Names up to and including this one are left out of a list.',
    in: 'query',
  },
  limit: { type: 'integer', description: 'How many names a list has at most; 0: all.', in: 'query' },
} as const satisfies Fields

/** The answer of a scan, which may find nothing. */
export const SCANNED = shape({}, { keys: TEXTS })

/** Which names are asked for (surface.md section 1.4). */
export interface NameQuery {
  readonly after: string
  readonly limit: number
}

/** Where names are stored, and whose turn it is between many of them. */
export interface NameSource {
  readonly storage: StorageView
  readonly clock: Clock
}

export function nameQueryOf(call: Call): NameQuery {
  const { after = '', limit = 0 } = readFields(PAGE_FIELDS, call.request.data)
  return { after, limit }
}

/**
 * Names directly below `folder` (empty, or with its slash) in byte order; those of folders end in `/`. Throws
 * `bad_request` where there are more than an answer may have.
 */
export async function listedNames(
  source: NameSource,
  folder: string,
  query: NameQuery,
): Promise<readonly string[]> {
  return await gathered(namesOf(source, new Pace(source.clock), { folder, after: query.after }), query.limit)
}

/**
 * Paths of everything below `folder`, as seen from there: first the names of a folder, then its folders one
 * after the other (as the peers do), both in byte order. Throws as `listedNames`.
 */
export async function scannedNames(
  source: NameSource,
  folder: string,
  query: NameQuery,
): Promise<readonly string[]> {
  return await gathered(pathsBelow(source, folder, query.after), query.limit)
}

/** A list without names is nothing there; a scan without names is an answer (surface.md section 1.2). */
export function namesAnswer(operation: 'list' | 'scan', keys: readonly string[]): LogicalResponse | null {
  if (keys.length > 0) return { data: { keys } }
  return operation === 'list' ? null : { data: {} }
}

interface Place {
  /** Empty, or with its slash. */
  readonly folder: string
  /** What was given already, as seen from the folder. */
  readonly after: string
}

/** A folder that has been entered: its own names are given, and its folders are walked. */
interface Entered {
  readonly folder: string
  readonly folders: AsyncGenerator<string>
}

/** As `scannedNames`, one after the other; what is taken away meanwhile is left out. */
export async function* pathsBelow(source: NameSource, root: string, after = ''): AsyncGenerator<string> {
  const pace = new Pace(source.clock)
  const entered: Entered[] = []
  let next: Place | null = { folder: '', after }
  for (;;) {
    while (next !== null) {
      const { folder, after }: Place = next
      const from = root + folder
      const slash = after.indexOf('/')
      // Within a folder of this one: its own names come before all of its folders.
      const begun = after.slice(0, slash + 1)
      if (begun === '') {
        for await (const name of namesOf(source, pace, { folder: from, after })) {
          if (!name.endsWith('/')) yield folder + name
        }
      }
      entered.push({ folder, folders: namesOf(source, pace, { folder: from, after: begun }) })
      next = begun === '' ? null : { folder: folder + begun, after: after.slice(slash + 1) }
    }
    const at = entered.at(-1)
    if (at === undefined) return
    const { done, value } = await at.folders.next()
    if (done === true) entered.pop()
    else if (value.endsWith('/')) next = { folder: at.folder + value, after: '' }
  }
}

async function* namesOf({ storage }: NameSource, pace: Pace, place: Place): AsyncGenerator<string> {
  let { after } = place
  for (;;) {
    const names = await storage.page(place.folder, { after, limit: PAGE })
    yield* names
    await pace.count(names.length + 1)
    if (names.length < PAGE) return
    after = names.at(-1) ?? ''
  }
}
