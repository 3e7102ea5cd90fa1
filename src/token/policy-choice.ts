import { OperatingError } from '../base/errors.ts'
import type { TokenRole } from '../logical/token-facts.ts'

/** What the token room must know of policies, without importing their room. */
export interface PolicyNames {
  /** Their one spelling, each once, sorted. Throws `bad_request`. */
  readonly canonical: (raw: readonly string[]) => readonly string[]
  /** Whether anybody may be given it. */
  readonly isAssignable: (name: string) => boolean
  /** Those of `names` that do not exist. */
  readonly missing: (names: readonly string[]) => Promise<readonly string[]>
}

/** What is asked for, and by whom. */
export interface PolicyAsk {
  /** As they were sent; empty: none were named. */
  readonly wanted: readonly string[]
  readonly noDefaultPolicy: boolean
  readonly parentPolicies: readonly string[]
  /** Whether the caller has `sudo` on the path. */
  readonly isSudo: boolean
  readonly role: TokenRole | null
}

const ROOT = 'root'
const DEFAULT = 'default'

/**
 * The policies of a new token (surface.md section 2.3), in their one spelling: every comparison is made on
 * that, and only then (CVE-2025-5999). Throws `bad_request` for what the caller may not give.
 */
export function choosePolicies(names: PolicyNames, ask: PolicyAsk): readonly string[] {
  const { wanted, role } = ask
  const given = names.canonical(wanted)
  const noDefault = ask.noDefaultPolicy || role?.tokenNoDefaultPolicy === true
  const chosen =
    role !== null && hasLists(role)
      ? byRole({ ...ask, given, role, noDefault })
      : withinParent({ ...ask, given, noDefault })
  const foreign = chosen.find((name) => !names.isAssignable(name))
  if (foreign !== undefined) throw refused(`cannot assign policy "${foreign}"`)
  if (chosen.includes(ROOT) && !ask.parentPolicies.includes(ROOT)) {
    throw refused('root tokens may not be created without parent token being root')
  }
  return chosen
}

interface Chosen extends PolicyAsk {
  readonly given: readonly string[]
  readonly noDefault: boolean
}

function withinParent({ given, parentPolicies, isSudo, noDefault }: Chosen): readonly string[] {
  if (given.length === 0) return together(parentPolicies, false)
  if (isSudo) return together(given, !noDefault)
  if (!given.every((name) => parentPolicies.includes(name))) {
    throw refused('child policies must be subset of parent')
  }
  return together(given, !noDefault && parentPolicies.includes(DEFAULT))
}

/** The lists of a role, which are canonical, stand in place of the parent's policies (surface.md 2.5). */
function byRole(ask: Chosen & { readonly role: TokenRole }): readonly string[] {
  const { given, role, parentPolicies } = ask
  const adds = !ask.noDefault && !role.disallowedPolicies.includes(DEFAULT)
  const allowed = together(role.allowedPolicies, adds)
  const isAllowList = role.allowedPolicies.length > 0 || role.allowedPoliciesGlob.length > 0
  const inherited = isAllowList ? allowed : together(parentPolicies, adds)
  const chosen = given.length === 0 ? inherited : together(given, adds)
  if (
    isAllowList &&
    !chosen.every((name) => allowed.includes(name) || fits(role.allowedPoliciesGlob, name))
  ) {
    throw refused(
      `token policies (${quoted(chosen)}) must be subset of the role's allowed policies ` +
        `(${quoted(allowed)}) or glob policies (${quoted(role.allowedPoliciesGlob)})`,
    )
  }
  const denied = chosen.find(
    (name) => role.disallowedPolicies.includes(name) || fits(role.disallowedPoliciesGlob, name),
  )
  if (denied !== undefined) throw refused(`token policy "${denied}" is disallowed by this role`)
  return chosen
}

function hasLists(role: TokenRole): boolean {
  const { allowedPolicies, disallowedPolicies, allowedPoliciesGlob, disallowedPoliciesGlob } = role
  return [allowedPolicies, disallowedPolicies, allowedPoliciesGlob, disallowedPoliciesGlob].some(
    (list) => list.length > 0,
  )
}

/** Sorted, each once. Beside `root` nothing else says anything. */
function together(policies: readonly string[], addsDefault: boolean): readonly string[] {
  if (policies.includes(ROOT)) return [ROOT]
  return [...new Set(addsDefault ? [...policies, DEFAULT] : policies)].sort()
}

function fits(globs: readonly string[], name: string): boolean {
  return globs.some((glob) => fitsGlob(glob, name))
}

/** `*` stands for any text, also for none. Without backtracking: each part where it first fits. */
export function fitsGlob(glob: string, name: string): boolean {
  const [head = '', ...parts] = glob.split('*')
  const tail = parts.pop()
  if (tail === undefined) return glob === name
  if (!name.startsWith(head) || name.length < head.length + tail.length || !name.endsWith(tail)) return false
  let at = head.length
  for (const part of parts) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= name.length - tail.length
}

/** As Go prints a list of texts. */
function quoted(names: readonly string[]): string {
  return `[${names.map((name) => `"${name}"`).join(' ')}]`
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
