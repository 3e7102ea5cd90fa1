import type { JsonObject } from '../logical/json.ts'
import type { Caller, Operation } from '../logical/request.ts'

/** What a caller wants to do. */
export interface Act {
  readonly operation: Operation
  /** Canonical, without `/v1/`. */
  readonly path: string
  /** Whether the route asks for the `sudo` capability besides. */
  readonly sudo: boolean
  /** The object that the handler would get. */
  readonly data: JsonObject | null
  /** Seconds for which the answer is to be wrapped; `null`: not at all. */
  readonly wrapTtl: number | null
}

/** What came of it. */
export interface Decision {
  readonly allowed: boolean
}

/**
 * The policy that may do everything. Its name is compared as stored: names are lower-cased where they are
 * taken.
 */
export const ROOT_POLICY = 'root'

/** Decides for one set of policies. Nothing is allowed that none of them gives. */
export interface Acl {
  decide(act: Act): Decision
  /** Whether anything at all is given on the path, which ends in `/`, or below it. */
  reaches(path: string): boolean
}

/** The rules that hold for a caller at this moment. */
export interface AclSource {
  of(caller: Caller): Promise<Acl>
}

/** The policies that are built in: `root` gives everything. */
export const BUILT_IN_ACLS: AclSource = {
  of: async ({ policies }) => {
    const isRoot = policies.includes(ROOT_POLICY)
    return { decide: () => ({ allowed: isRoot }), reaches: () => isRoot }
  },
}
