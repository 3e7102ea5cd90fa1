import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import type { TemplateLeave } from './identity-template.ts'

const FORMAT = 1
const MEMBERS = 9

/** A policy as its author left it (surface.md section 3.1). */
export interface StoredPolicy {
  readonly name: string
  /** HCL 1 or JSON, as it was sent. */
  readonly text: string
  /** From 1; one more with each change. */
  readonly version: number
  /** Whether a change has to say which version it is made to. */
  readonly casRequired: boolean
  /** `null` for what is built in and was never written. */
  readonly modified: UnixMillis | null
  /** From then on there is no such policy. */
  readonly expiration: UnixMillis | null
  readonly leave: TemplateLeave
}

/** A policy that stands in a store was written at some time. */
export type WrittenPolicy = StoredPolicy & { readonly modified: UnixMillis }

export function encodePolicy(policy: WrittenPolicy): Uint8Array {
  return canonicalJson({
    allow_slashes: policy.leave.slashes,
    allow_wildcards: policy.leave.wildcards,
    cas_required: policy.casRequired,
    expiration: policy.expiration,
    format: FORMAT,
    modified: policy.modified,
    name: policy.name,
    text: policy.text,
    version: policy.version,
  })
}

/** Throws `corrupt_entry` for what `encodePolicy` did not write. */
export function decodePolicy(stored: Uint8Array): WrittenPolicy {
  const value = parseCanonicalJson(stored)
  const fields =
    typeof value === 'object' && value !== null ? (value as { readonly [name: string]: unknown }) : {}
  const { allow_slashes, allow_wildcards, cas_required, expiration, format, modified, name, text, version } =
    fields
  if (
    format !== FORMAT ||
    typeof allow_slashes !== 'boolean' ||
    typeof allow_wildcards !== 'boolean' ||
    typeof cas_required !== 'boolean' ||
    (expiration !== null && typeof expiration !== 'number') ||
    typeof modified !== 'number' ||
    typeof name !== 'string' ||
    typeof text !== 'string' ||
    typeof version !== 'number' ||
    // A member that this version does not know could be a bound on what the policy gives.
    Object.keys(fields).length !== MEMBERS
  ) {
    throw new OperatingError('corrupt_entry', 'a policy cannot be read')
  }
  return {
    name,
    text,
    version,
    casRequired: cas_required,
    modified: unixMillis(modified),
    expiration: expiration === null ? null : unixMillis(expiration),
    leave: { slashes: allow_slashes, wildcards: allow_wildcards },
  }
}
