import type { UnixMillis } from '../../base/clock.ts'
import type { SecretBytes } from '../../base/secret-bytes.ts'
import type { Call } from '../../logical/backend.ts'
import type { CreationAsk, TokenFacts, TokenRole } from '../../logical/token-facts.ts'

/** A token, and the name by which its room knows it. */
export interface Known {
  readonly entry: TokenFacts
  /** `null` for a batch token, which stands nowhere. */
  readonly key: string | null
}

/** A token that was made or renewed, and what its owner should be told. */
export interface Granted {
  readonly entry: TokenFacts
  readonly warnings: readonly string[]
}

export interface Page {
  readonly after: string
  readonly limit: number
}

/** Roles of tokens. Their errors are those of a mistaken caller. */
export interface RoleShelf {
  get(name: string): Promise<TokenRole | null>
  names(page: Page): Promise<readonly string[]>
  put(name: string, changes: Partial<TokenRole>): Promise<void>
  delete(name: string): Promise<void>
}

/** What this auth method needs of the token room, without importing it. */
export interface TokenAuthPorts {
  readonly now: () => UnixMillis
  /** The token of the request, as it was when it came, one use of it spent. */
  readonly self: (call: Call) => Known
  /** Whether the caller has `sudo` on the path of the request. */
  readonly hasSudo: (call: Call) => Promise<boolean>
  /** Good ones only. */
  readonly lookup: (token: SecretBytes) => Promise<Known | null>
  readonly byAccessor: (accessor: string) => Promise<Known | null>
  /** Good or not. */
  readonly find: (token: SecretBytes) => Promise<Known | null>
  readonly accessors: (page: Page) => Promise<readonly string[]>
  /** Makes a token below that of the request; the caller owns it. `role`: that makes it, or `null`. */
  readonly create: (
    call: Call,
    ask: CreationAsk,
    by: { readonly role: string | null; readonly makesOrphans: boolean },
  ) => Promise<Granted & { readonly token: SecretBytes }>
  readonly renew: (known: Known, incrementSeconds: number) => Promise<Granted>
  /** Ends a token with all below it, or alone. */
  readonly revoke: (key: string) => Promise<void>
  readonly revokeOrphan: (key: string) => Promise<void>
  /** Begins to look for what a damaged store left; `false` where that goes on already. */
  readonly tidy: () => boolean
  readonly roles: RoleShelf
  /** The one spelling of the names of policies. Throws `bad_request`. */
  readonly canonicalPolicies: (raw: readonly string[]) => readonly string[]
}
