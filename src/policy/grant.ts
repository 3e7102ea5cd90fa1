import { type CapabilitySet, DENY, NO_CAPABILITY } from './capability.ts'
import type { ParameterTable, ParameterValue } from './parameter.ts'
import { type Limits, NO_LIMITS, type PathRule } from './policy.ts'

/** What all policies of a token say of one path text, in one. */
export interface Grant extends Limits {
  readonly path: string
  readonly capabilities: CapabilitySet
  /** Who said it, in the order of their names, each with what it gives. */
  readonly sources: readonly GrantSource[]
}

export interface GrantSource {
  readonly policy: string
  readonly capabilities: CapabilitySet
}

/**
 * Rules on the same path text as one (surface.md section 3.3): what they give is added up, what they ask is
 * asked by all of them, and a `deny` wins wherever it stands. The order of the rules matters for the filter
 * of keys alone, of which the first holds.
 */
export function mergeRules(path: string, rules: readonly { policy: string; rule: PathRule }[]): Grant {
  const sources = rules.map(({ policy, rule }) => ({ policy, capabilities: rule.capabilities }))
  const capabilities = rules.reduce((set, { rule }) => set | rule.capabilities, NO_CAPABILITY)
  if ((capabilities & DENY) !== 0) return { ...NO_LIMITS, path, capabilities: DENY, sources }
  const limits = rules.map(({ rule }) => rule)
  return {
    path,
    capabilities,
    sources,
    allowed: union(limits.map((one) => one.allowed)),
    denied: union(limits.map((one) => one.denied)),
    required: [...new Set(limits.flatMap((one) => one.required))],
    minWrapTtl: least(limits.map((one) => one.minWrapTtl)),
    maxWrapTtl: least(limits.map((one) => one.maxWrapTtl)),
    pageLimit: least(limits.map((one) => one.pageLimit)),
    keysFilter: limits.find((one) => one.keysFilter !== null)?.keysFilter ?? null,
    mfaMethods: [...new Set(limits.flatMap((one) => one.mfaMethods))],
  }
}

/** Values of both; a list that is empty stands for all of them, and so does its union with another. */
function union(tables: readonly (ParameterTable | null)[]): ParameterTable | null {
  const merged = new Map<string, readonly ParameterValue[]>()
  for (const table of tables) {
    for (const [name, values] of table ?? []) {
      const known = merged.get(name)
      const isAny = values.length === 0 || known?.length === 0
      merged.set(name, isAny ? [] : [...(known ?? []), ...values])
    }
  }
  return merged.size === 0 ? null : merged
}

function least(bounds: readonly (number | null)[]): number | null {
  const given = bounds.filter((bound) => bound !== null)
  return given.length === 0 ? null : given.reduce((left, right) => Math.min(left, right))
}
