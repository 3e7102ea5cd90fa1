import { OperatingError } from '../base/errors.ts'
import { MAX_LISTED_NAMES } from '../base/limits.ts'
import type { Fields } from './field-table.ts'

/** What lists take besides their path (surface.md section 1.4). */
export const PAGE = {
  after: { type: 'string', description: 'The name behind which to go on.', in: 'query' },
  limit: { type: 'integer', description: 'How many at most; 0 for all.', in: 'query' },
} as const satisfies Fields

/** Names of one look into the storage: what is read of a list beyond its limit is less than that. */
const NAMES_AT_ONCE = 1000

/** Names in byte order behind `after`, read page by page. */
export async function* namesBehind(
  after: string,
  page: (page: { readonly after: string; readonly limit: number }) => Promise<readonly string[]>,
): AsyncGenerator<string> {
  for (let last = after; ; ) {
    const names = await page({ after: last, limit: NAMES_AT_ONCE })
    yield* names
    if (names.length < NAMES_AT_ONCE) return
    last = names.at(-1) ?? ''
  }
}

/**
 * The first `limit` names; all of them where that is 0 or below. Throws `bad_request`, saying how to ask,
 * where these are more than one answer has.
 */
export async function gathered(names: AsyncIterable<string>, limit: number): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const name of names) {
    if (keys.length === MAX_LISTED_NAMES) {
      const text = `more than ${MAX_LISTED_NAMES} names: ask with "limit" and "after"`
      throw new OperatingError('bad_request', text)
    }
    keys.push(name)
    if (keys.length === limit) break
  }
  return keys
}
