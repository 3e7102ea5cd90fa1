import { type Clock, rfc3339, type UnixMillis, unixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import type { Call } from '../logical/backend.ts'
import { type Fields, type Given, readFields } from '../logical/field-table.ts'
import type { JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { shape, TEXT, TRUTH, WHOLE } from '../logical/schema.ts'
import { policyText } from '../policy/parse.ts'
import { canonicalPolicyName } from '../policy/policy-name.ts'
import type { PolicyChange } from '../policy/store.ts'
import type { StoredPolicy } from '../policy/stored-policy.ts'

/** What is said of a policy besides its name (surface.md section 3.1). */
export const POLICY_FIELDS = {
  policy: { type: 'string', description: 'The policy, in HCL or JSON, or either in base64.' },
  expiration: { type: 'time', description: 'From then on there is no such policy.' },
  ttl: { type: 'seconds', description: 'How long there is such a policy; instead of its expiration.' },
  cas: { type: 'integer', description: 'The version that is changed; -1 where there must be none.' },
  cas_required: { type: 'boolean', description: 'Whether every change has to say which version it is to.' },
  allow_slashes_in_identity_templates: {
    type: 'boolean',
    description: 'Whether values of an identity in its paths may hold slashes.',
  },
  allow_wildcards_in_identity_templates: {
    type: 'boolean',
    description: 'Whether values of an identity in its paths may hold wildcards.',
  },
} as const satisfies Fields

type GivenPolicy = Given<typeof POLICY_FIELDS>

export const LIST_FIELDS = {
  after: { type: 'string', description: 'Names behind this one, which need not be there.', in: 'query' },
  limit: {
    type: 'integer',
    description: 'How many names at most; all of them where it is not above 0.',
    in: 'query',
  },
} as const satisfies Fields

const FACTS = {
  name: TEXT,
  version: WHOLE,
  cas_required: TRUTH,
  allow_slashes_in_identity_templates: TRUTH,
  allow_wildcards_in_identity_templates: TRUTH,
}
const TIMES = { modified: TEXT, expiration: TEXT }

export const POLICY_SHAPE = shape({ ...FACTS, policy: TEXT }, TIMES)
export const LEGACY_SHAPE = shape({ ...FACTS, rules: TEXT }, TIMES)

/** A policy as answers have it; `textName`: what its text is called there. */
export function shownPolicy(
  policy: StoredPolicy,
  textName: 'policy' | 'rules',
): { readonly [member: string]: JsonOut } {
  const { name, text, version, casRequired, modified, expiration, leave } = policy
  return {
    allow_slashes_in_identity_templates: leave.slashes,
    allow_wildcards_in_identity_templates: leave.wildcards,
    cas_required: casRequired,
    ...(expiration === null ? {} : { expiration: rfc3339(expiration) }),
    ...(modified === null ? {} : { modified: rfc3339(modified) }),
    name,
    [textName]: text,
    version,
  }
}

/** The name in the path, and what has to be said of it. Throws `bad_request`. */
export function namedPolicy({ parameters }: Call): {
  readonly name: string
  readonly warning: string | null
} {
  const { name, wasLowered } = canonicalPolicyName(parameters['name'] ?? '')
  return { name, warning: wasLowered ? `policy name was converted to ${name}` : null }
}

/** 204, or 200 with warnings. */
export function doneWith(...warnings: readonly (string | null)[]): LogicalResponse | null {
  const said = warnings.filter((warning) => warning !== null)
  return said.length === 0 ? null : { warnings: said }
}

/** A whole policy, as PUT has it: what is not given is not there. Throws `bad_request`. */
export function wholeChange(clock: Clock, call: Call, text: string | undefined): PolicyChange {
  const given = readFields(POLICY_FIELDS, call.request.data)
  if (text === undefined || text === '') throw refused("'policy' parameter not supplied or empty")
  return {
    text: policyText(text),
    expiration: expirationOf(clock, given),
    cas: given.cas ?? null,
    casRequired: given.cas_required ?? null,
    leave: {
      slashes: given.allow_slashes_in_identity_templates ?? false,
      wildcards: given.allow_wildcards_in_identity_templates ?? false,
    },
  }
}

/** As PATCH has it: what is not given stays; `null` takes an expiration away. Throws `bad_request`. */
export function mergedChange(clock: Clock, call: Call, existing: StoredPolicy): PolicyChange {
  const given = readFields(POLICY_FIELDS, call.request.data)
  if (given.policy === '') throw refused("'policy' parameter not supplied or empty")
  const isCleared = ['expiration', 'ttl'].some(
    (name) => call.request.data?.members.get(name)?.kind === 'null',
  )
  const { leave } = existing
  return {
    text: given.policy === undefined ? existing.text : policyText(given.policy),
    expiration: expirationOf(clock, given) ?? (isCleared ? null : existing.expiration),
    cas: given.cas ?? null,
    casRequired: given.cas_required ?? null,
    leave: {
      slashes: given.allow_slashes_in_identity_templates ?? leave.slashes,
      wildcards: given.allow_wildcards_in_identity_templates ?? leave.wildcards,
    },
  }
}

/**
 * Those of `names`, which are in byte order, that a page has; `last` stands behind all of them. Where a page
 * begins depends on the order alone, and not on whether there is the name that it begins behind: that may be
 * one that the caller is not to know of.
 */
export function pageOfNames(
  names: readonly string[],
  call: Call,
  last: string | null = null,
): readonly string[] {
  const { after = '', limit = 0 } = readFields(LIST_FIELDS, call.request.data)
  const all = last === null ? names : [...names, last]
  const behind = after === last ? [] : all.filter((name) => name > after || name === last)
  return limit > 0 ? behind.slice(0, limit) : behind
}

function expirationOf(clock: Clock, { expiration, ttl }: GivenPolicy): UnixMillis | null {
  if (expiration !== undefined && ttl !== undefined) throw refused('give "expiration" or "ttl", not both')
  const now = clock.now()
  const time = expiration ?? (ttl === undefined || ttl === 0 ? null : now + ttl * 1000)
  if (time !== null && time <= now) throw refused('the expiration is in the past')
  return time === null ? null : unixMillis(time)
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
