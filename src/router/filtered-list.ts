import { type Clock, millis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_DETAILED_NAMES, MAX_LIST_PAGE, MAX_LISTED_NAMES } from '../base/limits.ts'
import type { Call, Handler } from '../logical/backend.ts'
import { readFields } from '../logical/field-table.ts'
import type { JsonOut } from '../logical/json.ts'
import { PAGE } from '../logical/listed.ts'
import type { LogicalResponse } from '../logical/response.ts'
import type { Acl } from '../policy/acl.ts'
import { plainAct } from '../policy/act.ts'
import { parseKeysFilter } from '../policy/keys-filter.ts'
import { type KeyList, keyListOf, notAList } from './key-list.ts'
import { withPage } from './list-page.ts'

export interface FilterRooms {
  /** Of whoever asks. */
  readonly acl: Acl
  readonly clock: Clock
}

/** Keys of the first page behind a small limit, so that a hidden key or two cost no second page. */
const FIRST_PAGE = 100
/** Keys that are judged before others have their turn. */
const JUDGED_AT_ONCE = 1000

/**
 * A handler of lists that shows only what the caller could read, or list where it ends in a slash. Its pages
 * are filled from what may be seen, by further pages of `handler`: were hidden keys taken out of a page that
 * is cut already, a page that is shorter would tell where they stand, and `after` would spell their names. So
 * the answer is that of a store without them. The one thing that they change is the bound of all lists: more
 * than `MAX_LISTED_NAMES` keys are not looked through, and the request is refused as one for too long a list.
 */
export function filtered(
  handler: Handler,
  terms: { readonly pageLimit: number | null; readonly keysFilter: string },
  rooms: FilterRooms,
): Handler {
  return async (call) => {
    const asked = readFields(PAGE, withLimit(call, terms.pageLimit).request.data)
    const limit = asked.limit ?? 0
    const isOpen = judgeOf(terms.keysFilter, call, rooms.acl)
    const shown: Shown = { keys: [], info: null, first: null }
    let judged = 0
    for await (const { list, answer } of pagesOf(handler, call, { limit, after: asked.after })) {
      shown.first ??= answer
      if (list.info !== null) shown.info ??= []
      for (const key of list.keys) {
        judged += 1
        if (judged > MAX_LISTED_NAMES) throw tooMany(MAX_LISTED_NAMES)
        if (judged % JUDGED_AT_ONCE === 0) await rooms.clock.sleep(millis(0))
        if (isOpen(key)) show(shown, key, list)
        if (limit > 0 && shown.keys.length === limit) return answerOf(shown, call)
      }
    }
    return answerOf(shown, call)
  }
}

/** What may be seen so far, and the answer that carries it. */
interface Shown {
  readonly keys: string[]
  info: (readonly [key: string, known: JsonOut])[] | null
  first: LogicalResponse | null
}

function show(shown: Shown, key: string, { info }: KeyList): void {
  if (info !== null && shown.keys.length === MAX_DETAILED_NAMES) throw tooMany(MAX_DETAILED_NAMES)
  shown.keys.push(key)
  const known = info !== null && Object.hasOwn(info, key) ? info[key] : undefined
  if (known !== undefined) shown.info?.push([key, known])
}

/** A list without keys is nothing there; a scan without keys is an answer (surface.md section 1.2). */
function answerOf({ keys, info, first }: Shown, { request }: Call): LogicalResponse | null {
  if (keys.length > 0) {
    return { ...first, data: info === null ? { keys } : { keys, key_info: Object.fromEntries(info) } }
  }
  return request.operation === 'list' ? null : { ...first, data: {} }
}

/**
 * The list from where the request begins, page by page, to its end. A handler that knows no pages gives the
 * same again, which ends it.
 */
async function* pagesOf(
  handler: Handler,
  call: Call,
  begin: { readonly limit: number; readonly after: string | undefined },
): AsyncGenerator<{ readonly list: KeyList; readonly answer: LogicalResponse }> {
  let size = begin.limit > 0 ? Math.min(Math.max(begin.limit, FIRST_PAGE), MAX_LIST_PAGE) : MAX_LIST_PAGE
  let after = begin.after
  let head: string | undefined
  for (let isFirst = true; ; isFirst = false) {
    const page = after === undefined ? { limit: size } : { limit: size, after }
    const answer = await handler({ ...call, request: withPage(call.request, page) })
    if (answer === null) return
    const list = keyListOf(answer)
    const [first] = list.keys
    if (!isFirst && (first === undefined || first === head)) return
    yield { list, answer }
    if (list.keys.length === 0 || list.keys.length > size) return
    head = first
    after = list.keys.at(-1)
    size = Math.min(size * 2, MAX_LIST_PAGE)
  }
}

function withLimit(call: Call, limit: number | null): Call {
  return limit === null ? call : { ...call, request: withPage(call.request, { limit }) }
}

function judgeOf(template: string, { request }: Call, acl: Acl): (key: string) => boolean {
  const filter = parseKeysFilter(template)
  if (filter === null) throw notAList()
  return (key) => {
    const judged = filter.pathFor(request.path, key)
    return acl.decide(plainAct(judged.endsWith('/') ? 'list' : 'read', judged)).allowed
  }
}

function tooMany(most: number): OperatingError {
  return new OperatingError('bad_request', `more than ${most} names: ask with "limit" and "after"`)
}
