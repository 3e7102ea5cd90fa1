import type { JsonOut, RawJson, SecretText } from './json.ts'

/**
 * What a handler answers. `null` instead means: nothing there (404) on read and list, done (204) on a write.
 * The envelope of surface.md section 1.1 is made around it by `http/envelope.ts`.
 */
export interface LogicalResponse {
  readonly data?: RawJson | { readonly [member: string]: JsonOut } | null
  readonly warnings?: readonly string[]
  /** A token that was made or renewed. Only the token room fills it in. */
  readonly auth?: AuthAnswer
  /** A secret that ends: the router has it registered before it goes out. Never beside `auth`. */
  readonly secret?: NewSecret
  /** Of a secret that was registered, or renewed. */
  readonly leaseId?: string
  readonly renewable?: boolean
  /** Seconds. */
  readonly leaseDuration?: number
  /** The answer is kept behind this token, with all that it said. */
  readonly wrapInfo?: WrapInfo
  /** 202: it goes on behind the answer. 404: there was something, and the envelope says what. */
  readonly status?: 202 | 404
  /**
   * Stands for the whole body, without an envelope: an answer that was wrapped before, or help. `null`: there
   * is no body.
   */
  readonly bare?: RawJson | { readonly [member: string]: JsonOut } | null
  /** Stands for the whole body, which has no end of its own. */
  readonly stream?: LineStream
  /** Members of `data` stand at the top level as well, as clients of before the envelope read them. */
  readonly hoisted?: true
  /** As `BareResponse.onArrived`: set on an answer that carries new shares. */
  readonly onArrived?: () => void
}

/** Text that comes line by line. */
export interface LineStream {
  readonly contentType: string
  readonly lines: AsyncIterable<string>
  /** Whoever sends it has stopped; may be called again. */
  readonly end: () => void
}

/** `auth` of the envelope (surface.md section 1.1). */
export interface AuthAnswer {
  /** Empty where the caller named the token by its accessor. */
  readonly clientToken: SecretText | ''
  /** Empty for a batch token, which has none. */
  readonly accessor: string
  readonly policies: readonly string[]
  readonly tokenPolicies: readonly string[]
  readonly identityPolicies: readonly string[]
  readonly metadata: Readonly<Record<string, string>> | null
  /** Seconds; 0 for a token without an end. */
  readonly leaseDuration: number
  readonly renewable: boolean
  readonly entityId: string
  readonly tokenType: 'service' | 'batch'
  readonly orphan: boolean
  readonly numUses: number
  /** Whether this request made it: then it ends where its answer cannot be kept for anybody. Not sent. */
  readonly isNew: boolean
}

/** What an engine says of a secret that it made (surface.md section 7). Times in seconds. */
export interface NewSecret {
  /** 0: that of the mount. */
  readonly ttl: number
  /** 0: that of the mount. */
  readonly maxTtl: number
  readonly renewable: boolean
  /** What the engine needs to end or renew it; given back to it, and to nobody else. */
  readonly internal: { readonly [member: string]: JsonOut }
}

/** `wrap_info` of the envelope. */
export interface WrapInfo {
  readonly token: SecretText
  readonly accessor: string
  /** Seconds. */
  readonly ttl: number
  /** RFC 3339. */
  readonly creationTime: string
  readonly creationPath: string
  /** Where a token, or what has an accessor of its own, was wrapped. */
  readonly wrappedAccessor: string | null
}
