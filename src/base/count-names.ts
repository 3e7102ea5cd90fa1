import { COUNT_PAGE, MAX_COUNTED } from './limits.ts'

/**
 * How many names a walk over pages finds, up to `MAX_COUNTED`. Reading a page holds up everything else, so
 * `pause` lets the others have their turn in between. Rejects as `page` does.
 */
export async function countNames(
  page: (page: { readonly after: string; readonly limit: number }) => Promise<readonly string[]>,
  pause: () => Promise<void>,
): Promise<number> {
  let count = 0
  for (let after = ''; count < MAX_COUNTED; ) {
    const names = await page({ after, limit: COUNT_PAGE })
    count += names.length
    const last = names.at(-1)
    if (last === undefined || names.length < COUNT_PAGE) break
    after = last
    await pause()
  }
  return count
}
