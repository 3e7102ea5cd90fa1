import type { LeaseFacts, TokenLeases } from '../lease/leases.ts'
import { namesBehind } from '../logical/listed.ts'
import { isLeaseless, leaseIdOf, type StoredToken } from '../token/places.ts'
import type { TokenStore } from '../token/store.ts'

/** Tokens as `sys/leases` shows them: the token room has them by lease id. */
export function tokenLeases(tokens: TokenStore): TokenLeases {
  return {
    names: (prefix, after) => namesBelow(tokens, prefix, after),
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
  for await (const name of namesBelow(tokens, prefix, '')) {
    if (name.endsWith('/')) yield* idsBelow(tokens, prefix + name)
    else yield prefix + name
  }
}

/** Without those that hold no lease: stores of before have them among the others. */
async function* namesBelow(tokens: TokenStore, prefix: string, after: string): AsyncGenerator<string> {
  for await (const name of namesBehind(after, (page) => tokens.leaseNames(prefix, page))) {
    if (!isLeaseless(prefix + name)) yield name
  }
}

function factsOf(stored: StoredToken): LeaseFacts {
  const { path, issueTime, expireTime, lastRenewal, renewable } = stored.entry
  return { id: leaseIdOf(stored), path, issueTime, expireTime, lastRenewal, renewable, revokeError: null }
}
