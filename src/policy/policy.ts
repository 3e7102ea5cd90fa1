import type { UnixMillis } from '../base/clock.ts'
import type { CapabilitySet } from './capability.ts'
import type { TemplateLeave } from './identity-template.ts'
import type { ParameterTable } from './parameter.ts'

/** One `path` block of a policy (surface.md section 3.2). */
export interface PathRule extends Limits {
  /** Without its leading slash, with its wildcards and templates. */
  readonly path: string
  readonly capabilities: CapabilitySet
  /** From then on the block counts for nothing. */
  readonly expires: UnixMillis | null
}

/** What a rule asks of a request besides the capability. */
export interface Limits {
  readonly allowed: ParameterTable | null
  readonly denied: ParameterTable | null
  /** As written: parameters that must be there. */
  readonly required: readonly string[]
  /** Bounds of the wrapping in seconds; `null`: none. With either of them the answer has to be wrapped. */
  readonly minWrapTtl: number | null
  readonly maxWrapTtl: number | null
  /** The longest page of a list or scan. */
  readonly pageLimit: number | null
  /** Template of the paths that keys of a list or scan are judged by. */
  readonly keysFilter: string | null
  /** Read and shown; nothing asks for a second factor yet. */
  readonly mfaMethods: readonly string[]
}

export const NO_LIMITS: Limits = {
  allowed: null,
  denied: null,
  required: [],
  minWrapTtl: null,
  maxWrapTtl: null,
  pageLimit: null,
  keysFilter: null,
  mfaMethods: [],
}

/** A policy as decisions need it. */
export interface Policy {
  readonly name: string
  readonly rules: readonly PathRule[]
  /** What values of an identity may do in its paths. */
  readonly leave: TemplateLeave
  /** From then on the whole policy counts for nothing. */
  readonly expires: UnixMillis | null
}
