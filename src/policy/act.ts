import type { JsonObject } from '../logical/json.ts'
import type { Operation } from '../logical/request.ts'

/** What a caller wants to do. */
export interface Act {
  readonly operation: Operation
  /** Canonical, without `/v1/`; that of a list or scan ends in `/`. */
  readonly path: string
  /** Whether the route asks for the `sudo` capability besides. */
  readonly sudo: boolean
  /** What handlers get: parameters are judged on the same object. */
  readonly data: JsonObject | null
  /** How long the answer is to be wrapped, in seconds; `null`: not at all. */
  readonly wrapTtl: number | null
}

/** The act that needs nothing but a capability. */
export function plainAct(operation: Operation, path: string): Act {
  return { operation, path, sudo: false, data: null, wrapTtl: null }
}
