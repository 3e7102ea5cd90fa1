import { assert } from '../base/assert.ts'
import { utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_ENTRY_BYTES, MAX_KEY_BYTES, MAX_LIST_PAGE } from '../base/limits.ts'
import type { Condition, Page, Write } from './backend.ts'

/** The most bytes of UTF-8 that one UTF-16 code unit becomes. */
const UTF8_BYTES_PER_UNIT = 3

/**
 * Checks what every backend promises to be given: a non-empty path of whole segments, at most `MAX_KEY_BYTES`
 * bytes. A lone surrogate has no UTF-8, so that two such keys would become one. Throws `InvariantError`: it
 * is our caller's bug.
 */
export function assertKey(key: string): void {
  assert(key.length > 0 && fits(key), 'a storage key has 1 to 4,096 bytes')
  assert(key.isWellFormed(), 'a storage key is well-formed text')
  assert(
    !key.startsWith('/') && !key.endsWith('/') && !key.includes('//'),
    'a storage key has no empty segment',
  )
}

/** Checks a prefix (empty, or a key and a slash) and the page that is asked for. Throws `InvariantError`. */
export function assertPrefix(prefix: string, page: Page): void {
  if (prefix !== '') {
    assert(prefix.endsWith('/'), 'a storage prefix is empty or ends in a slash')
    assertKey(prefix.slice(0, -1))
  }
  assert(Number.isInteger(page.limit), 'a page has a whole number of names')
  assert(page.limit >= 1 && page.limit <= MAX_LIST_PAGE, 'a page has 1 to 10,000 names')
}

/**
 * Checks a commit before any of it is stored. Keys are promises (`InvariantError`); a value above
 * `MAX_ENTRY_BYTES` comes from the world and throws `too_large`.
 */
export function assertBatch(batch: readonly Write[], conditions: readonly Condition[]): void {
  for (const write of batch) {
    assertKey(write.key)
    if (write.op === 'put' && write.value.length > MAX_ENTRY_BYTES) {
      throw new OperatingError('too_large', 'an entry may have at most 32 MiB')
    }
  }
  for (const condition of conditions) assertKey(condition.key)
}

/**
 * What `StorageReader.list` promises, by going from name to name: `next` gives the first key that is not
 * before a text, or `null`. A folder of a million entries costs one step.
 */
export function namesBelow(
  prefix: string,
  page: Page,
  next: (from: string) => string | null,
): readonly string[] {
  const names: string[] = []
  // A lone surrogate is none of a key, and would have no place among them.
  let from = page.after === '' ? prefix : behind(prefix + firstName(page.after.toWellFormed()))
  while (names.length < page.limit) {
    const key = next(from)
    if (key === null || !key.startsWith(prefix)) break
    const name = firstName(key.slice(prefix.length))
    names.push(name)
    from = behind(prefix + name)
  }
  return names
}

/** The smallest key behind a name: behind all that is in a folder, `0` being the character after `/`. */
export function behind(name: string): string {
  return name.endsWith('/') ? `${name.slice(0, -1)}0` : `${name}\0`
}

/** The path up to and including its first slash: a folder, or the whole of it. */
function firstName(path: string): string {
  const slash = path.indexOf('/')
  return slash === -1 ? path : path.slice(0, slash + 1)
}

/** Encodes only where the length in UTF-16 does not settle it: this runs at every read. */
function fits(key: string): boolean {
  return key.length * UTF8_BYTES_PER_UNIT <= MAX_KEY_BYTES || utf8(key).length <= MAX_KEY_BYTES
}
