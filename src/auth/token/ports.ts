import type { UnixMillis } from '../../base/clock.ts'
import type { SecretBytes } from '../../base/secret-bytes.ts'
import type { Call } from '../../logical/backend.ts'

/** What is known of a token. Lengths of time in seconds; 0 is none. */
export interface TokenFacts {
  readonly accessor: string
  readonly type: 'service' | 'batch'
  readonly issueTime: UnixMillis
  readonly displayName: string
  readonly path: string
  readonly policies: readonly string[]
  readonly meta: Readonly<Record<string, string>> | null
  /** `null` for an orphan. */
  readonly parent: string | null
  /** 0: as often as one likes. -1: this is the last use. */
  readonly numUses: number
  /** What it was made for. */
  readonly ttl: number
  /** What it was last given. */
  readonly grantedTtl: number
  readonly explicitMaxTtl: number
  readonly period: number
  /** `null`: it never ends. */
  readonly expireTime: UnixMillis | null
  readonly renewable: boolean
  readonly lastRenewal: UnixMillis | null
  readonly role: string
  readonly boundCidrs: readonly string[]
  readonly entityId: string
}

/** A token, and the name by which its room knows it. */
export interface Known {
  readonly entry: TokenFacts
  /** `null` for a batch token, which stands nowhere. */
  readonly key: string | null
}

/** What a request for a token says (surface.md section 2.3). */
export interface CreationAsk {
  /** A token that the caller chose; the room takes it. */
  readonly id: SecretBytes | null
  /** As they were sent. */
  readonly policies: readonly string[]
  readonly noDefaultPolicy: boolean
  readonly meta: Readonly<Record<string, string>> | null
  readonly noParent: boolean
  readonly renewable: boolean
  readonly ttl: number
  readonly explicitMaxTtl: number
  readonly period: number
  readonly numUses: number
  readonly displayName: string
  readonly type: string
  readonly entityAlias: string
}

/** A token that was made or renewed, and what its owner should be told. */
export interface Granted {
  readonly entry: TokenFacts
  readonly warnings: readonly string[]
}

export interface RoleFacts {
  readonly allowedPolicies: readonly string[]
  readonly disallowedPolicies: readonly string[]
  readonly allowedPoliciesGlob: readonly string[]
  readonly disallowedPoliciesGlob: readonly string[]
  readonly orphan: boolean
  readonly renewable: boolean
  readonly pathSuffix: string
  readonly allowedEntityAliases: readonly string[]
  readonly tokenType: 'service' | 'batch' | 'default-service' | 'default-batch'
  readonly tokenPeriod: number
  readonly tokenExplicitMaxTtl: number
  readonly tokenBoundCidrs: readonly string[]
  readonly tokenNoDefaultPolicy: boolean
  readonly tokenNumUses: number
  /** Under their old names, where they were given so. */
  readonly period: number
  readonly explicitMaxTtl: number
  readonly boundCidrs: readonly string[]
}

export interface Page {
  readonly after: string
  readonly limit: number
}

/** Roles of tokens. Their errors are those of a mistaken caller. */
export interface RoleShelf {
  get(name: string): Promise<RoleFacts | null>
  names(page: Page): Promise<readonly string[]>
  put(name: string, changes: Partial<RoleFacts>): Promise<void>
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
