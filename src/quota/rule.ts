import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { OperatingError } from '../base/errors.ts'

/** How often one source, an address or an IPv6 /64, may ask for a path (surface.md section 12). */
export interface RateLimit {
  readonly name: string
  /** Empty: everything. A mount, ending in `/`; a path; or the beginning of one, with `*` behind it. */
  readonly path: string
  /** Requests an interval, above zero; half a one is one in two intervals. */
  readonly rate: number
  readonly intervalSeconds: number
  /** How long an address that asked too often is turned away altogether; 0: until the interval is over. */
  readonly blockSeconds: number
  /** Kept for clients, as are children of a namespace, which there are none of. */
  readonly role: string
  readonly inheritable: boolean
}

/** What holds for all of them. */
export interface QuotaConfig {
  readonly responseHeaders: boolean
  readonly auditLogging: boolean
  /** Without `/v1/`. */
  readonly exemptPaths: readonly string[]
}

/** What opens and watches a server is never counted. */
export const PLAIN_QUOTA_CONFIG: QuotaConfig = {
  responseHeaders: false,
  auditLogging: false,
  exemptPaths: [
    'sys/generate-recovery-token/attempt',
    'sys/generate-recovery-token/update',
    'sys/generate-root/attempt',
    'sys/generate-root/update',
    'sys/health',
    'sys/seal-status',
    'sys/unseal',
  ],
}

/** The rate is text in the record: a number that has a fraction has many spellings. */
export function encodeRateLimit(rule: RateLimit): Uint8Array {
  return canonicalJson({ format: 1, ...rule, rate: String(rule.rate) })
}

/** Throws `corrupt_entry` for what `encodeRateLimit` did not write. */
export function decodeRateLimit(stored: Uint8Array): RateLimit {
  const record = membersOf(parseCanonicalJson(stored))
  const { format, ...rule } = record
  const { name, path, rate, intervalSeconds, blockSeconds, role, inheritable } = rule
  const texts = [name, path, rate, role].every((text) => typeof text === 'string')
  const numbers = [intervalSeconds, blockSeconds].every((value) => typeof value === 'number')
  if (format !== 1 || !texts || !numbers || typeof inheritable !== 'boolean' || !(Number(rate) > 0)) {
    throw new OperatingError('corrupt_entry', 'a rate limit cannot be read')
  }
  return { ...(rule as unknown as RateLimit), rate: Number(rate) }
}

export function encodeQuotaConfig(config: QuotaConfig): Uint8Array {
  return canonicalJson({ format: 1, ...config })
}

/** Throws `corrupt_entry` for what `encodeQuotaConfig` did not write. */
export function decodeQuotaConfig(stored: Uint8Array): QuotaConfig {
  const record = membersOf(parseCanonicalJson(stored))
  const { format, responseHeaders, auditLogging, exemptPaths } = record
  const isList = Array.isArray(exemptPaths) && exemptPaths.every((path) => typeof path === 'string')
  if (format !== 1 || typeof responseHeaders !== 'boolean' || typeof auditLogging !== 'boolean' || !isList) {
    throw new OperatingError('corrupt_entry', 'the configuration of quotas cannot be read')
  }
  return { responseHeaders, auditLogging, exemptPaths }
}

function membersOf(value: unknown): { readonly [member: string]: unknown } {
  return typeof value === 'object' && value !== null ? (value as { readonly [member: string]: unknown }) : {}
}
