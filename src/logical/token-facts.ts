import type { UnixMillis } from '../base/clock.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'

/**
 * What the token room and the routes of `auth/token/`, which may not know each other, tell each other.
 * Lengths of time are in seconds; 0 stands for none.
 */

/** What is known of a token. Never the token. */
export interface TokenFacts {
  /** Public name of the token, for looking up and revoking it. Empty for a batch token, which has none. */
  readonly accessor: string
  readonly type: 'service' | 'batch'
  readonly issueTime: UnixMillis
  readonly displayName: string
  /** The route that made it, with the suffix of a role behind it. */
  readonly path: string
  /** In their one spelling, sorted. */
  readonly policies: readonly string[]
  readonly meta: Readonly<Record<string, string>> | null
  /** Where the token stands that it ends with; `null` for an orphan. */
  readonly parent: string | null
  /** 0: as often as one likes. -1: its last use is being made, or was. */
  readonly numUses: number
  /** What it was made for. */
  readonly ttl: number
  /** What it was last given, when it was made or renewed. */
  readonly grantedTtl: number
  readonly explicitMaxTtl: number
  readonly period: number
  /** From this moment on nobody knows it. `null`: never, which only a root token is given. */
  readonly expireTime: UnixMillis | null
  readonly renewable: boolean
  readonly lastRenewal: UnixMillis | null
  /** Name of the role that it was made by; empty without. */
  readonly role: string
  /** Networks from which it may be used; none: from everywhere. */
  readonly boundCidrs: readonly string[]
  readonly entityId: string
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
  /** Empty: what is usual. */
  readonly type: string
  readonly entityAlias: string
}

/** What tokens that are made by a role are like (surface.md section 2.5). */
export interface TokenRole {
  readonly allowedPolicies: readonly string[]
  readonly disallowedPolicies: readonly string[]
  /** With `*` for any text. */
  readonly allowedPoliciesGlob: readonly string[]
  readonly disallowedPoliciesGlob: readonly string[]
  readonly orphan: boolean
  readonly renewable: boolean
  /** Stands behind the path of its tokens; empty: nothing. */
  readonly pathSuffix: string
  readonly allowedEntityAliases: readonly string[]
  readonly tokenType: TokenRoleType
  readonly tokenPeriod: number
  readonly tokenExplicitMaxTtl: number
  readonly tokenBoundCidrs: readonly string[]
  readonly tokenNoDefaultPolicy: boolean
  readonly tokenNumUses: number
  /** The three above under their old names, where they were given so: shown again, and nothing else. */
  readonly period: number
  readonly explicitMaxTtl: number
  readonly boundCidrs: readonly string[]
}

/** The default ones are what a request gets that asks for no type. */
export type TokenRoleType = 'service' | 'batch' | 'default-service' | 'default-batch'
