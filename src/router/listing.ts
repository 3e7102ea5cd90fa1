import type { Handler } from '../logical/backend.ts'
import { RawJson } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { type FilterRooms, filtered } from './filtered-list.ts'
import { dataOf, isTexts, keyListOf, notAList } from './key-list.ts'
import { withPage } from './list-page.ts'

/** What policies say of a list besides yes (surface.md section 3.2). */
export interface ListTerms {
  /** As `Decision` has them. */
  readonly pageLimit: number | null
  readonly keysFilter: string | null
}

/**
 * A handler whose answers are as policies let them out: no more keys than the page has, also where the
 * handler knows no pages, and only those that the caller could read, or list where they end in a slash. An
 * answer that is not such a list is not let out: what cannot be looked through may hold what was to be taken
 * away.
 */
export function withinTerms(
  handler: Handler,
  { terms, ...rooms }: FilterRooms & { readonly terms: ListTerms },
): Handler {
  const { pageLimit, keysFilter } = terms
  const paged: Handler =
    pageLimit === null
      ? handler
      : async (call) => {
          const answer = await handler({ ...call, request: withPage(call.request, { limit: pageLimit }) })
          return answer === null || pageLimit === 0 ? answer : cut(answer, pageLimit)
        }
  return keysFilter === null ? paged : filtered(handler, { pageLimit, keysFilter }, rooms)
}

function cut(answer: LogicalResponse, limit: number): LogicalResponse {
  const { data } = answer
  if (data === undefined || data === null) return answer
  const given = data instanceof RawJson ? undefined : data['keys']
  if (data instanceof RawJson || (given !== undefined && !isTexts(given))) throw notAList()
  if (given === undefined ? Object.keys(data).length === 0 : given.length <= limit) return answer
  const list = keyListOf(answer)
  return { ...answer, data: dataOf({ ...list, keys: list.keys.slice(0, limit) }) }
}
