import { MAX_LIST_PAGE } from '../base/limits.ts'
import type { LeaseFacts, TokenLeases } from '../lease/leases.ts'
import { leaseIdOf, type StoredToken } from '../token/places.ts'
import type { TokenStore } from '../token/store.ts'

/** Tokens as `sys/leases` shows them: the token room has them by lease id. */
export function tokenLeases(tokens: TokenStore): TokenLeases {
  return {
    list: async (prefix) => {
      const names: string[] = []
      for await (const name of namesBelow(tokens, prefix)) names.push(name)
      return names
    },
    lookup: async (id) => {
      const stored = await tokens.byLease(id)
      return stored === null ? null : factsOf(stored)
    },
    revoke: async (id) => {
      const stored = await tokens.byLease(id)
      if (stored !== null) await tokens.revoke(stored.key)
    },
    below: (prefix) => idsBelow(tokens, prefix),
  }
}

async function* idsBelow(tokens: TokenStore, prefix: string): AsyncGenerator<string> {
  for await (const name of namesBelow(tokens, prefix)) {
    if (name.endsWith('/')) yield* idsBelow(tokens, prefix + name)
    else yield prefix + name
  }
}

async function* namesBelow(tokens: TokenStore, prefix: string): AsyncGenerator<string> {
  for (let after = ''; ; ) {
    const page = await tokens.leaseNames(prefix, { after, limit: MAX_LIST_PAGE })
    yield* page
    if (page.length < MAX_LIST_PAGE) return
    after = page.at(-1) ?? ''
  }
}

function factsOf(stored: StoredToken): LeaseFacts {
  const { path, issueTime, expireTime, lastRenewal, renewable } = stored.entry
  return { id: leaseIdOf(stored), path, issueTime, expireTime, lastRenewal, renewable, revokeError: null }
}
