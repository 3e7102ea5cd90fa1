import { assert } from '../base/assert.ts'
import { toHex, utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { Primitives } from '../crypto/primitives.ts'
import type { Caller } from '../logical/request.ts'
import type { AclSource } from '../policy/acl.ts'
import type { TokenGate, TokenSender } from '../system/lifecycle.ts'
import type { KnownToken, TokenStore } from '../token/store.ts'

const CUBBYHOLE_ID_INFO = 'conclave cubbyhole v1'

export interface CallerPorts {
  readonly tokens: TokenStore
  readonly acls: AclSource
  readonly primitives: Primitives
  readonly log: { warn(event: string): void }
}

/** Tokens as callers, from the look at the token until its request has been answered. */
export class Callers {
  readonly #ports: CallerPorts
  /** What was known of each when its request came. */
  readonly #tokens = new WeakMap<Caller, KnownToken>()

  constructor(ports: CallerPorts) {
    this.#ports = ports
  }

  /** `null` when there is no token, or not a good one. One use of the token is spent. */
  async authenticate({ token, origin }: TokenSender): Promise<Caller | null> {
    const known = token === null ? null : await this.#ports.tokens.use(token, origin.source)
    if (known === null) return null
    const caller = this.#callerOf(known)
    this.#tokens.set(caller, known)
    return caller
  }

  /** What was known of the caller's token when its request came, the use for it spent. */
  tokenOf(caller: Caller): KnownToken {
    const known = this.#tokens.get(caller)
    assert(known !== undefined, 'a caller was authenticated')
    return known
  }

  /** After the answer: a token whose last use this was ends here. Never rejects. */
  async finish(caller: Caller): Promise<void> {
    try {
      await this.#ports.tokens.finish(this.tokenOf(caller))
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error
      // Its last use is spent in the store, so nobody knows it any more; what is left of it goes at its end.
      this.#ports.log.warn('a token that was used up could not be taken out of the store')
    }
  }

  /** For the routes outside the router. */
  readonly gate: TokenGate = {
    check: async (sender, path) => {
      const caller = await this.authenticate(sender)
      if (caller === null) return 'no_token'
      try {
        const acl = await this.#ports.acls.of(caller)
        const act = { operation: 'update', path, sudo: true, data: null, wrapTtl: null } as const
        return acl.decide(act).allowed ? 'allowed' : 'denied'
      } finally {
        await this.finish(caller)
      }
    },
  }

  #callerOf({ key, entry }: KnownToken): Caller {
    const { primitives } = this.#ports
    return {
      accessor: entry.accessor,
      displayName: entry.displayName,
      policies: entry.policies,
      tokenType: entry.type,
      tokenKey: key ?? entry.parent ?? '',
      // Made when it is asked for: few requests have to do with it.
      get cubbyholeId(): string {
        return key === null ? '' : cubbyholeId(primitives, key)
      },
    }
  }
}

/**
 * Name of what a token keeps for itself, from which nobody finds the token's place.
 */
export function cubbyholeId(primitives: Primitives, tokenKey: string): string {
  return toHex(primitives.sha256(utf8(CUBBYHOLE_ID_INFO + tokenKey)))
}
