import { fromUtf8 } from '../base/encoding.ts'
import { TOKENS_AT_ONCE } from '../base/limits.ts'
import type { Queues } from '../base/queues.ts'
import type { StorageView, ViewWrite } from '../logical/backend.ts'
import type { KnownTokens } from './known-tokens.ts'
import { ACCESSORS, CHILDREN, DUE, ENTRIES, entryKey, LEASES, type StoredToken, writesOf } from './places.ts'

export interface TidyPorts {
  readonly storage: StorageView
  readonly known: KnownTokens
  readonly queues: Queues
  readonly revoke: (key: string) => Promise<void>
}

/** What was found and put right. */
export interface Tidied {
  /** Tokens that were used up, and had not been taken away. */
  readonly tokens: number
  /** Entries of indexes that led to no token, or not to theirs. */
  readonly indexes: number
}

/**
 * Looks at every token and every index. Each commit of the room leaves them in step, so that what is found
 * here was used up when the server died, or comes of a damaged store.
 */
export async function tidy(ports: TidyPorts): Promise<Tidied> {
  let tokens = 0
  for await (const name of namesBelow(ports.storage, ENTRIES)) {
    const stored = await ports.known.readable(ENTRIES + name)
    if (stored === null || stored.entry.numUses >= 0) continue
    await ports.revoke(stored.key)
    tokens++
  }
  let indexes = 0
  for (const prefix of [ACCESSORS, CHILDREN, DUE, LEASES]) {
    for await (const name of namesBelow(ports.storage, prefix)) {
      if (await forgotten(ports, prefix + name)) indexes++
    }
  }
  return { tokens, indexes }
}

/** Deletes an index entry that no stored token has; whether it was one. */
async function forgotten(ports: TidyPorts, index: string): Promise<boolean> {
  const key = index.startsWith(ACCESSORS) ? await keyAt(ports.storage, index) : entryKey(index.slice(-64))
  if (key === null) return false
  // In the token's queue: it may be about to be made, or renewed.
  return await ports.queues.run(key, async () => {
    const stored = await ports.known.readable(key)
    if (stored !== null && hasIndex(stored, index)) return false
    const forget: ViewWrite = { op: 'delete', key: index }
    await ports.storage.commit([forget])
    return true
  })
}

async function keyAt(storage: StorageView, index: string): Promise<string | null> {
  const value = await storage.get(index)
  return value === null ? null : fromUtf8(value)
}

function hasIndex(stored: StoredToken, index: string): boolean {
  return writesOf(stored).some((write) => write.key === index)
}

/** All keys below a prefix, without it, page by page. */
async function* namesBelow(storage: StorageView, prefix: string): AsyncGenerator<string> {
  for (let after = ''; ; ) {
    const names = await storage.page(prefix, { after, limit: TOKENS_AT_ONCE })
    for (const name of names) {
      if (!name.endsWith('/')) yield name
      else for await (const below of namesBelow(storage, prefix + name)) yield name + below
    }
    const last = names.at(-1)
    if (last === undefined) return
    after = last
  }
}
