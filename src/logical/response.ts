import type { JsonOut, RawJson } from './json.ts'

/**
 * What a handler answers. `null` instead means: nothing there (404) on read and list, done (204) on a write.
 * The envelope of surface.md section 1.1 is made around it by `http/envelope.ts`.
 */
export interface LogicalResponse {
  readonly data?: RawJson | { readonly [member: string]: JsonOut } | null
  readonly warnings?: readonly string[]
  /** Seconds. */
  readonly leaseDuration?: number
  /** Members of `data` stand at the top level as well, as clients of before the envelope read them. */
  readonly hoisted?: true
  /** As `BareResponse.onArrived`: set on an answer that carries new shares. */
  readonly onArrived?: () => void
}
