import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { type Acl, aclOf, ROOT_ACL } from './acl.ts'
import { mergeRules } from './grant.ts'
import { fillTemplate, isTemplate, type Subject } from './identity-template.ts'
import type { PathRule, Policy } from './policy.ts'
import { ROOT_POLICY } from './policy-name.ts'

/** An ACL, and how long it says what its policies say. */
export interface CompiledAcl {
  readonly acl: Acl
  /** From then on a rule or a policy has expired that counts in it; `null`: it holds as long as they do. */
  readonly until: UnixMillis | null
  /** Whether its paths speak of the identity behind the token. */
  readonly isPersonal: boolean
}

/**
 * What a set of policies comes to at `now`, for the identity `subject`. Policies are given in the order of
 * their names. Throws `permission_denied` when a value of the identity would reach too far.
 */
export function compileAcl(
  policies: readonly Policy[],
  now: UnixMillis,
  subject: Subject | null,
): CompiledAcl {
  if (policies.some(({ name }) => name === ROOT_POLICY))
    return { acl: ROOT_ACL, until: null, isPersonal: false }
  const byPath = new Map<string, { policy: string; rule: PathRule }[]>()
  let until = Number.POSITIVE_INFINITY
  let isPersonal = false
  for (const { name, rules, leave, expires } of policies) {
    if (!isValid(expires, now)) continue
    until = Math.min(until, expires ?? until)
    for (const rule of rules) {
      if (!isValid(rule.expires, now)) continue
      until = Math.min(until, rule.expires ?? until)
      isPersonal ||= isTemplate(rule.path)
      const path = fillTemplate(rule.path, subject, leave)
      if (path === null) continue
      const known = byPath.get(path)
      if (known === undefined) byPath.set(path, [{ policy: name, rule }])
      else known.push({ policy: name, rule })
    }
  }
  const grants = [...byPath].map(([path, rules]) => mergeRules(path, rules))
  return { acl: aclOf(grants), until: Number.isFinite(until) ? unixMillis(until) : null, isPersonal }
}

function isValid(expires: UnixMillis | null, now: UnixMillis): boolean {
  return expires === null || now < expires
}
