import type { JsonObject } from './json.ts'

/** What a request does to a path (contract surface.md section 1.4). */
export type Operation = 'read' | 'list' | 'scan' | 'create' | 'update' | 'patch' | 'delete' | 'help'

/** `open`: anyone. `guarded`: a token with sudo, or a holder. */
export type Access = 'open' | 'guarded'

/** By family, since an operator may treat them apart. `unseal`: dropping what others gave. */
export interface CeremonyAccess {
  readonly rekey: Access
  readonly generateRoot: Access
  readonly unseal: Access
}

/** Where a request came from, as far as decisions may depend on it. */
export interface Origin {
  /** IP address of the peer, or `unix`. */
  readonly source: string
  /** Whether a proxy header says that the peer only hands on what another sent. */
  readonly forwarded: boolean
  /**
   * Whether it came straight from the client, under a name of ours, and from no page of somebody else's. Else
   * `source` says nothing of who sent it.
   */
  readonly direct: boolean
  /** Whether a browser sent it for a page that is not ours, or under a name that is not ours. */
  readonly foreign: boolean
  /** Name of the listener in the configuration, for the log. */
  readonly listener: string
  /** Who may open and cancel ceremonies here (custody.md section 3). */
  readonly access: CeremonyAccess
  /** What retires an old key set after a direct rekey here (custody.md section 4). */
  readonly retireOn: 'acknowledgement' | 'proof'
}

/** What `X-Vault-Wrap-TTL` and `X-Vault-Wrap-Format` ask for (surface.md section 6.2). */
export interface WrapRequest {
  /** In seconds, above zero. */
  readonly ttl: number
  readonly format: 'token' | 'jwt'
}

/** One request, made once from HTTP; below the envelope nobody sees headers. */
export interface LogicalRequest {
  readonly id: string
  readonly operation: Operation
  /** Canonical, without `/v1/`, for example `secret/app/db`; that of a list or scan ends in `/`. */
  readonly path: string
  /**
   * What the request says besides its path: the body of a write, the query of everything else. Policies judge
   * the object that handlers get, so that they cannot read it differently. `null` when there is none.
   */
  readonly data: JsonObject | null
  /** Whether the answer is to be wrapped. */
  readonly wrap: WrapRequest | null
  /** As sent: `node:http` makes headers strings (named in SECURITY.md). `null` when there is none. */
  readonly token: string | null
  /** The form of an answer that `Accept` asks for, where it is one that only few routes have. */
  readonly form?: 'prometheus' | undefined
  readonly origin: Origin
  /**
   * The body was not read, as nothing in it could make the request allowed: it is refused like any other, but
   * never acted on.
   */
  readonly isUnread?: boolean
}

/** What is known of a token before a large body is read for it; a `writer` may write at the path. */
export type Standing = 'stranger' | 'known' | 'writer'

/** Who is calling, once the token room has looked. */
export interface Caller {
  readonly accessor: string
  readonly displayName: string
  readonly policies: readonly string[]
  readonly tokenType: 'service' | 'batch'
  /** Key of the token's own storage (cubbyhole), derived from the token; empty for a batch token. */
  readonly cubbyholeId: string
  /**
   * Where the token is stored; the token room alone understands it. Of a batch token: its parent's, whose
   * end is its own; empty where it has none.
   */
  readonly tokenKey: string
}
