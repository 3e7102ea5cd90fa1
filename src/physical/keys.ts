import { assert } from '../base/assert.ts'
import { utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_ENTRY_BYTES, MAX_KEY_BYTES, MAX_LIST_PAGE } from '../base/limits.ts'
import type { Condition, Page, Write } from './backend.ts'

/** Checks what every backend promises to be given. Broken, it is our caller's bug. */
export function assertKey(key: string): void {
  assert(key.length > 0 && utf8(key).length <= MAX_KEY_BYTES, 'a storage key has 1 to 4,096 bytes')
  assert(!key.startsWith('/') && !key.endsWith('/') && !key.includes('//'), 'a storage key has no empty segment')
}

export function assertPrefix(prefix: string, page: Page): void {
  if (prefix !== '') {
    assert(prefix.endsWith('/'), 'a storage prefix is empty or ends in a slash')
    assertKey(prefix.slice(0, -1))
  }
  assert(page.limit >= 1 && page.limit <= MAX_LIST_PAGE, 'a page has 1 to 10,000 names')
}

/** Keys are checked as promises; a value that is too large is the world's mistake: `too_large`. */
export function assertBatch(batch: readonly Write[], conditions: readonly Condition[]): void {
  for (const write of batch) {
    assertKey(write.key)
    if (write.op === 'put' && write.value.length > MAX_ENTRY_BYTES) {
      throw new OperatingError('too_large', 'an entry may have at most 32 MiB')
    }
  }
  for (const condition of conditions) assertKey(condition.key)
}
