import type { Caller, Operation } from '../logical/request.ts'

/** What a caller wants to do. */
export interface Act {
  readonly operation: Operation
  /** Canonical, without `/v1/`. */
  readonly path: string
  /** Whether the route asks for the `sudo` capability besides. */
  readonly sudo: boolean
}

/**
 * The policy that may do everything. Its name is compared as stored: names are lower-cased where they are
 * taken.
 */
export const ROOT_POLICY = 'root'

/** Decides. Nothing is allowed that no policy of the caller's gives. */
export interface Acl {
  allows(caller: Caller, act: Act): boolean
}

/** The policies that are built in: `root` gives everything. */
export const BUILT_IN_ACL: Acl = {
  allows: (caller) => caller.policies.includes(ROOT_POLICY),
}
