import type { Operation } from '../logical/request.ts'
import type { Acl, Decision } from './acl.ts'
import type { Act } from './act.ts'
import { CAPABILITIES, type Capability, capabilityFor, DENY, has, namesOf } from './capability.ts'
import type { Grant } from './grant.ts'
import { isTemplate } from './identity-template.ts'
import { kvHints, kvMeant, type MountFacts } from './kv-hint.ts'
import type { Obstacle } from './obstacle.ts'
import { parsePattern } from './pattern.ts'

/** Why a request is allowed or refused, for whoever may ask (vault#7235). */
export interface Explanation {
  readonly allowed: boolean
  readonly operation: Operation
  /** The path text that was chosen among all that fit; `null` when none does. */
  readonly rule: string | null
  /** Policies that speak of that path text. */
  readonly policies: readonly string[]
  readonly missing: readonly Capability[]
  /** One sentence. */
  readonly reason: string
  /** The smallest addition to a policy that allows it, in HCL; `null` when none does, or none is needed. */
  readonly patch: string | null
  readonly hints: readonly string[]
}

/** What a request stands in. */
export interface Surroundings {
  readonly mounts: readonly MountFacts[]
  /** Whose rules the ACL has, for a sentence: `these policies`. */
  readonly whose: string
}

/**
 * Asks the ACL, and says what it went by. Of a write, which is one of several acts, all have to be allowed.
 * Nothing of it says whether anything is at the path.
 */
export function explain(
  acl: Acl,
  acts: readonly [Act, ...Act[]],
  { mounts, whose }: Surroundings,
): Explanation {
  const judged = judge(acl, acts)
  const { act, decision, rule } = judged
  const { exact, globs } = acl.resultant()
  // A rule for a path at which nothing can be would help nobody.
  const meant = kvMeant(act, mounts)
  return {
    allowed: decision.allowed,
    operation: act.operation,
    rule: rule?.path ?? null,
    policies: decision.deciding.map(({ policy }) => policy),
    missing: decision.missing,
    reason: reasonOf(judged, whose),
    patch: decision.allowed ? null : patchOf(meant === null ? judged : judge(acl, meant)),
    hints: decision.allowed ? [] : kvHints(act, [...exact, ...globs], mounts),
  }
}

interface Judged {
  readonly act: Act
  readonly decision: Decision
  readonly rule: Grant | null
}

/** Of the first act that is refused, or of the first at all; what is missing, of all. */
function judge(acl: Acl, [first, ...others]: readonly [Act, ...Act[]]): Judged {
  const told = [first, ...others].map((act) => ({ act, judged: acl.decide(act) }))
  const refused = told.filter(({ judged }) => !judged.allowed)
  const { act, judged } = refused[0] ?? { act: first, judged: acl.decide(first) }
  const all = new Set(refused.flatMap((one) => one.judged.missing))
  const decision = { ...judged, missing: CAPABILITIES.filter((one) => all.has(one)) }
  return { act, decision, rule: acl.ruleFor(act) }
}

function reasonOf({ act, decision, rule }: Judged, whose: string): string {
  const { allowed, obstacle, missing, deciding } = decision
  if (act.operation === 'help') return 'help is open to every valid token'
  if (rule === null) {
    return allowed ? 'the policy "root" gives everything' : `no rule of ${whose} fits the path`
  }
  const path = `path ${JSON.stringify(rule.path)}`
  if (allowed) return `${path} gives ${capabilityFor(act.operation)}${act.sudo ? ' and sudo' : ''}`
  if (obstacle !== null) return `${path} ${obstacleText(obstacle)}`
  const denying = rule.sources.filter(({ capabilities }) => has(capabilities, 'deny'))
  if (denying.length > 0) return `${path} is denied by ${listed(denying.map(({ policy }) => policy))}`
  return `${path} of ${listed(deciding.map(({ policy }) => policy))} does not give ${missing.join(' and ')}`
}

function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'wrapping': {
      const { min, max } = obstacle
      if (min !== null && max !== null && max < min)
        return 'asks for two wrapping times that exclude each other'
      const bounds = [min === null ? '' : `at least ${min} s`, max === null ? '' : `at most ${max} s`]
      return `asks for a wrapped answer, of ${bounds.filter((bound) => bound !== '').join(' and ')}`
    }
    case 'parameter_required':
      return `asks for the parameter ${JSON.stringify(obstacle.name)}`
    case 'parameter_denied':
      return `denies the parameter ${JSON.stringify(obstacle.name)}, or the value that it has`
    case 'parameter_not_allowed':
      return `does not allow the parameter ${JSON.stringify(obstacle.name)}, or the value that it has`
    case 'page_limit':
      return `takes a limit from 1 to ${obstacle.limit}, or max`
  }
}

/**
 * Either a block on the very path, which is chosen before every pattern and so has to give what the pattern
 * gave; or, where the pattern asks for more than capabilities, which such a block would lose, an addition to
 * the pattern itself.
 */
function patchOf({ act, decision, rule }: Judged): string | null {
  const { allowed, missing, obstacle } = decision
  if (allowed) return null
  if (obstacle !== null) {
    if (obstacle.kind !== 'parameter_not_allowed' || rule === null) return null
    const parameter = `  allowed_parameters = {\n    ${JSON.stringify(obstacle.name)} = []\n  }\n`
    return `path ${JSON.stringify(rule.path)} {\n${parameter}}\n`
  }
  // A path that reads as a pattern in a policy cannot be named there alone.
  if (parsePattern(act.path) !== null || isTemplate(act.path)) return null
  if (rule === null) return block(act.path, missing)
  const isExact = rule.path === act.path || `${rule.path}/` === act.path
  // Nothing that is added undoes a deny on the same path text.
  if (rule.capabilities === DENY) return isExact ? null : block(act.path, missing)
  if (isExact || isLimited(rule)) return block(rule.path, missing)
  return block(act.path, [...namesOf(rule.capabilities), ...missing])
}

function isLimited(rule: Grant): boolean {
  const { allowed, denied, required, minWrapTtl, maxWrapTtl, pageLimit, keysFilter } = rule
  const bounds = [allowed, denied, minWrapTtl, maxWrapTtl, pageLimit, keysFilter]
  return required.length > 0 || bounds.some((bound) => bound !== null)
}

function block(path: string, capabilities: readonly Capability[]): string {
  const sorted = CAPABILITIES.filter((one) => capabilities.includes(one))
  const list = sorted.map((one) => JSON.stringify(one)).join(', ')
  return `path ${JSON.stringify(path)} {\n  capabilities = [${list}]\n}\n`
}

function listed(policies: readonly string[]): string {
  const names = policies.map((policy) => JSON.stringify(policy)).join(', ')
  return `${policies.length === 1 ? 'the policy' : 'the policies'} ${names}`
}
