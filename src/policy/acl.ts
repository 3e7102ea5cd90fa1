import type { Caller } from '../logical/request.ts'
import type { Act } from './act.ts'
import { type Capability, capabilityFor, DENY, has, NO_CAPABILITY, namesOf } from './capability.ts'
import type { Grant } from './grant.ts'
import { type Obstacle, obstacleTo, pageOf } from './obstacle.ts'
import { parsePattern } from './pattern.ts'
import { PatternTree } from './pattern-tree.ts'
import { ROOT_POLICY } from './policy-name.ts'

/** A policy and the path that it says it of. */
export interface Source {
  readonly policy: string
  readonly path: string
}

export interface Decision {
  readonly allowed: boolean
  /** Which rules gave the capability that the operation asks for; none when it is refused. */
  readonly granting: readonly Source[]
  /** Which rules decided, either way: those of the one path that was chosen. */
  readonly deciding: readonly Source[]
  readonly missing: readonly Capability[]
  /** What refuses it although no capability is missing. */
  readonly obstacle: Obstacle | null
  /** The limit that a list or scan is to have: 0 for everything, `null` to leave it as it is. */
  readonly pageLimit: number | null
  /** Template by which keys of the answer are to be judged. */
  readonly keysFilter: string | null
}

/** What `sys/internal/ui/resultant-acl` shows (surface.md section 3.6). */
export interface ResultantAcl {
  readonly isRoot: boolean
  readonly exact: readonly Grant[]
  /** With wildcards. */
  readonly globs: readonly Grant[]
}

/** Decides for one set of policies. Nothing is allowed that none of them gives. */
export interface Acl {
  decide(act: Act): Decision
  /** Sorted; `root` alone for root, `deny` alone for nothing (surface.md section 3.6). */
  capabilities(path: string): readonly string[]
  /** Whether anything at or below a folder is open; `prefix` ends in `/` (surface.md section 4.4). */
  reaches(prefix: string): boolean
  resultant(): ResultantAcl
  /** The rules on the one path text that decide about an act; `null` for none, and for root. */
  ruleFor(act: Pick<Act, 'operation' | 'path'>): Grant | null
}

/** The rules that hold for a caller at this moment. */
export interface AclSource {
  of(caller: Caller): Promise<Acl>
}

const ALLOWED: Decision = {
  allowed: true,
  granting: [],
  deciding: [],
  missing: [],
  obstacle: null,
  pageLimit: null,
  keysFilter: null,
}

/** Of a token with the policy `root`. */
export const ROOT_ACL: Acl = {
  decide: (act) => {
    const sources = [{ policy: ROOT_POLICY, path: '' }]
    const { pageLimit } = pageDecision(act, null)
    return { ...ALLOWED, granting: sources, deciding: sources, pageLimit }
  },
  capabilities: () => [ROOT_POLICY],
  reaches: () => true,
  resultant: () => ({ isRoot: true, exact: [], globs: [] }),
  ruleFor: () => null,
}

/** Grants, each on a path text of its own, as something that decides. */
export function aclOf(grants: readonly Grant[]): Acl {
  return new RuleAcl(grants)
}

class RuleAcl implements Acl {
  readonly #exact = new Map<string, Grant>()
  readonly #patterns = new PatternTree<Grant>()
  readonly #globs: Grant[] = []
  /** Paths without wildcards that give something, sorted. */
  readonly #openPaths: readonly string[]

  constructor(grants: readonly Grant[]) {
    for (const grant of grants) {
      const pattern = parsePattern(grant.path)
      if (pattern === null) this.#exact.set(grant.path, grant)
      else {
        this.#patterns.add(pattern, grant, isOpen(grant))
        this.#globs.push(grant)
      }
    }
    this.#openPaths = [...this.#exact.values()]
      .filter(isOpen)
      .map(({ path }) => path)
      .sort()
  }

  decide(act: Act): Decision {
    const wanted = capabilityFor(act.operation)
    if (wanted === null) return ALLOWED
    const lists = isListing(act)
    const grant = this.ruleFor(act)
    const asked: readonly Capability[] = act.sudo ? [wanted, 'sudo'] : [wanted]
    const missing = asked.filter((one) => grant === null || !has(grant.capabilities, one))
    if (grant === null || missing.length > 0) return refused(grant, { missing, obstacle: null })
    const page = lists ? pageDecision(act, grant) : ALLOWED
    const obstacle = obstacleTo(act, grant) ?? page.obstacle
    if (obstacle !== null) return refused(grant, { missing, obstacle })
    return {
      ...ALLOWED,
      // Made for whoever asks: a thousand policies may say it, and most requests only want to know whether.
      get granting() {
        return sourcesOf(grant, wanted)
      },
      get deciding() {
        return sourcesOf(grant)
      },
      pageLimit: page.pageLimit,
      keysFilter: lists ? grant.keysFilter : null,
    }
  }

  capabilities(path: string): readonly string[] {
    const set = this.#chosen(path, true)?.capabilities ?? NO_CAPABILITY
    return set === NO_CAPABILITY ? namesOf(DENY) : namesOf(set)
  }

  reaches(prefix: string): boolean {
    const grant = this.#chosen(prefix, true)
    if (grant !== null && isOpen(grant)) return true
    return this.#hasOpenPathBelow(prefix) || this.#patterns.hasBelow(prefix)
  }

  resultant(): ResultantAcl {
    return { isRoot: false, exact: [...this.#exact.values()], globs: this.#globs }
  }

  ruleFor(act: Pick<Act, 'operation' | 'path'>): Grant | null {
    return this.#chosen(act.path, isListing(act))
  }

  /** The one rule that decides (surface.md section 3.3, steps 2 to 5). */
  #chosen(path: string, lists: boolean): Grant | null {
    // The path of a list has a slash at its end, which the author of a policy may have left out.
    const bare = lists && path.endsWith('/') ? path.slice(0, -1) : null
    return (
      this.#exact.get(path) ??
      (bare === null ? undefined : this.#exact.get(bare)) ??
      this.#patterns.best(path) ??
      (bare === null ? null : this.#patterns.best(bare))
    )
  }

  #hasOpenPathBelow(prefix: string): boolean {
    let low = 0
    let high = this.#openPaths.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#openPaths[middle] ?? '') < prefix) low = middle + 1
      else high = middle
    }
    return this.#openPaths[low]?.startsWith(prefix) ?? false
  }
}

function isListing({ operation }: Pick<Act, 'operation'>): boolean {
  return operation === 'list' || operation === 'scan'
}

function isOpen({ capabilities }: Grant): boolean {
  return capabilities !== NO_CAPABILITY && capabilities !== DENY
}

function pageDecision(act: Act, grant: Grant | null): Pick<Decision, 'pageLimit' | 'obstacle'> {
  if (!isListing(act)) return ALLOWED
  const page = pageOf(act, grant ?? { pageLimit: null, required: [] })
  if (page === null || typeof page === 'number') return { pageLimit: page, obstacle: null }
  return { pageLimit: null, obstacle: page }
}

function refused(grant: Grant | null, why: Pick<Decision, 'missing' | 'obstacle'>): Decision {
  return {
    ...ALLOWED,
    ...why,
    allowed: false,
    get deciding() {
      return grant === null ? [] : sourcesOf(grant)
    },
  }
}

/** Of those that give `wanted`, or of all. */
function sourcesOf({ sources, path }: Grant, wanted: Capability | null = null): readonly Source[] {
  return sources
    .filter(({ capabilities }) => wanted === null || has(capabilities, wanted))
    .map(({ policy }) => ({ policy, path }))
}
