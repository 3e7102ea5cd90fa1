import type { Fields } from './field-table.ts'
import type { JsonObject, JsonOut, RawJson } from './json.ts'
import type { LogicalRequest, Origin } from './request.ts'
import type { LineStream } from './response.ts'
import type { Schema } from './schema.ts'

/**
 * A route outside the mount router: it works sealed, needs no token by itself, and answers a bare object
 * without the envelope (`sys/init`, `sys/seal-status`, `sys/unseal`, `sys/rekey/…`; key-lifecycle.md section
 * 1.1).
 */
export interface BareRoute {
  /** The whole path below the host, for example `/v1/sys/unseal` or `/sys/rekey/init`. */
  readonly path: string
  readonly summary: string
  /** Members of its body, for the OpenAPI document. */
  readonly fields?: Fields
  /** Shape of its answers. A method that has none here answers without a body. */
  readonly answers?: Partial<Record<BareMethod, Schema>>
  /** The query says under which statuses it answers. */
  readonly anyStatus?: true
  /** PUT and POST are listed apart: the original face takes only PUT on `update`. */
  readonly handlers: Partial<Record<BareMethod, BareHandler>>
  /** Of a body, in bytes; without it what anybody may send (`MAX_UNAUTHENTICATED_BODY_BYTES`). */
  readonly maxBodyBytes?: number
  /** An empty body: `{}` on the modern face, an error on the original one. */
  readonly emptyBody: 'object' | 'refused'
  /** Sealed or not initialised, every method answers 503 (key-lifecycle.md section 5.2). */
  readonly needsOpen: boolean
  /** Told of every refusal of a request that would change something, once its path is known. Never throws. */
  readonly refused?: (source: string, error: unknown) => void
}

export type BareMethod = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'

export type BareHandler = (request: BareRequest) => Promise<BareResponse>

export interface BareRequest {
  readonly id: string
  readonly query: URLSearchParams
  /** Member names are matched without regard to case, as Go's decoder does (`fields.ts`). */
  readonly body: JsonObject
  readonly token: string | null
  readonly form?: LogicalRequest['form']
  readonly origin: Origin
}

export interface BareResponse {
  readonly status: number
  /** `null`: no body. Secrets in it are wiped once it has gone out. */
  readonly body: RawJson | { readonly [member: string]: JsonOut } | null
  /**
   * Set on an answer that carries new shares: called at most once, when the connection has shown that the
   * peer received it (custody.md section 4, evidence (a)). The listener then never closes first. It may never
   * be called.
   */
  readonly onArrived?: () => void
  /** Stands for the body. */
  readonly stream?: LineStream
}
