import { OperatingError } from '../base/errors.ts'
import { MAX_POLICY_NAME } from '../base/limits.ts'

/** Gives everything. It stands in no store, and its name is compared as it is, here and nowhere repaired. */
export const ROOT_POLICY = 'root'
/** Every token has it unless it says otherwise; it may be changed and not deleted. */
export const DEFAULT_POLICY = 'default'
/** What a wrapping token may do. Nobody can be given it. */
export const WRAPPING_POLICY = 'response-wrapping'

/** A policy's one name, and whether it was written with capitals. */
export interface CanonicalName {
  readonly name: string
  readonly wasLowered: boolean
}

/**
 * The one spelling of a policy's name, for everybody who takes one: tokens, roles, identities, the routes of
 * policies. Capitals become small letters, as clients are used to. All else that is not the name itself is
 * refused and not repaired: CVE-2025-5999 and CVE-2025-64761 were names like `ROOT` and ` root ` that one
 * part of a server took for another name and the next one for `root`.
 *
 * Visible ASCII without quotes and backslashes, in segments between single slashes of which none is `.` or
 * `..` or ends in a dot. Throws `bad_request`, without what was sent.
 */
export function canonicalPolicyName(raw: string): CanonicalName {
  if (raw === '') throw refused('is empty')
  if (raw.length > MAX_POLICY_NAME) throw refused(`is longer than ${MAX_POLICY_NAME} characters`)
  if (!/^[!-~]+$/.test(raw)) throw refused('holds a character that is not visible ASCII')
  if (/["'`\\]/.test(raw)) throw refused('holds a quote or a backslash')
  if (raw.split('/').some((segment) => segment === '' || segment.endsWith('.'))) {
    throw refused('has an empty part, or one that ends in a dot')
  }
  // ASCII alone reaches this line, where lower case is the same in every language.
  const name = raw.toLowerCase()
  return { name, wasLowered: name !== raw }
}

/** The names of a list in their one spelling: each once, sorted by their bytes. Throws as for one name. */
export function canonicalPolicyNames(raw: readonly string[]): readonly string[] {
  return [...new Set(raw.map((one) => canonicalPolicyName(one).name))].sort()
}

/** Whether a token, a role or an identity may be given the policy. */
export function isAssignable(name: string): boolean {
  return name !== WRAPPING_POLICY
}

function refused(fault: string): OperatingError {
  return new OperatingError('bad_request', `a policy name ${fault}`)
}
