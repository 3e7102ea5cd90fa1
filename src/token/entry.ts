import { canonicalJson, parseCanonicalJson, type RecordValue } from '../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import type { TokenFacts } from '../logical/token-facts.ts'

/** What is stored of a token. */
export interface TokenEntry extends TokenFacts {
  /** How many tokens stand above it, at most. */
  readonly generation: number
  /** Whether one above it may end by itself: only then is it worth while to look. */
  readonly ancestorEnds: boolean
  readonly noDefaultPolicy: boolean
}

/**
 * Networks from which a token may be used; none: from anywhere. A root token that never ends is not bound: it
 * is how one gets in when networks change.
 */
export function networksOf({ boundCidrs, expireTime }: TokenEntry): readonly string[] {
  return expireTime === null ? [] : boundCidrs
}

const FORMAT = 2

/**
 * What most tokens have, which is not written: a token is read at every request, and a batch token carries
 * its entry. `expireTime` is not here: that a token never ends is always said.
 */
const USUAL = {
  type: 'service',
  meta: null,
  parent: null,
  generation: 0,
  ancestor_ends: false,
  num_uses: 0,
  ttl: 0,
  granted_ttl: 0,
  explicit_max_ttl: 0,
  period: 0,
  renewable: false,
  last_renewal: null,
  role: '',
  bound_cidrs: [],
  no_default_policy: false,
  entity_id: '',
} as const

export function encodeTokenEntry(entry: TokenEntry): Uint8Array {
  const unusual: Record<string, RecordValue> = {
    type: entry.type,
    meta: entry.meta,
    parent: entry.parent,
    generation: entry.generation,
    ancestor_ends: entry.ancestorEnds,
    num_uses: entry.numUses,
    ttl: entry.ttl,
    granted_ttl: entry.grantedTtl,
    explicit_max_ttl: entry.explicitMaxTtl,
    period: entry.period,
    renewable: entry.renewable,
    last_renewal: entry.lastRenewal,
    role: entry.role,
    bound_cidrs: entry.boundCidrs,
    no_default_policy: entry.noDefaultPolicy,
    entity_id: entry.entityId,
  }
  for (const [name, usual] of Object.entries(USUAL)) {
    const value = unusual[name]
    if (value === usual || (Array.isArray(value) && value.length === 0)) delete unusual[name]
  }
  return canonicalJson({
    ...unusual,
    accessor: entry.accessor,
    display_name: entry.displayName,
    expire_time: entry.expireTime,
    format: FORMAT,
    issue_time: entry.issueTime,
    path: entry.path,
    policies: entry.policies,
  })
}

/** Throws `corrupt_entry` for what no version up to this one wrote. */
export function decodeTokenEntry(stored: Uint8Array): TokenEntry {
  const fields = parseCanonicalJson(stored)
  const entry = !isRecord(fields) ? null : fields['format'] === 1 ? fromFormat1(fields) : fromFormat2(fields)
  if (entry === null) throw new OperatingError('corrupt_entry', 'a token entry cannot be read')
  return entry
}

type Fields = Readonly<Record<string, unknown>>

const ALWAYS = ['accessor', 'display_name', 'expire_time', 'format', 'issue_time', 'path', 'policies']
const KNOWN: ReadonlySet<string> = new Set([...ALWAYS, ...Object.keys(USUAL)])

function fromFormat2(given: Fields): TokenEntry | null {
  // A member that this version does not know could be a bound on what the token may do.
  if (given['format'] !== FORMAT || !Object.keys(given).every((name) => KNOWN.has(name))) return null
  const fields: Fields = { ...USUAL, ...given }
  const { type, meta, parent, policies, bound_cidrs, expire_time, last_renewal } = fields
  const { accessor, display_name, path, role, entity_id } = fields
  const { issue_time, generation, num_uses, ttl, granted_ttl, explicit_max_ttl, period } = fields
  const { ancestor_ends, renewable, no_default_policy } = fields
  if (type !== 'service' && type !== 'batch') return null
  if (!isText(accessor) || !isText(display_name) || !isText(path)) return null
  if (!isText(role) || !isText(entity_id)) return null
  if (parent !== null && !isText(parent)) return null
  if (!isNumber(issue_time) || !isNumber(generation) || !isNumber(num_uses)) return null
  if (!isNumber(ttl) || !isNumber(granted_ttl) || !isNumber(explicit_max_ttl) || !isNumber(period))
    return null
  if (!isTime(expire_time) || !isTime(last_renewal)) return null
  if (!isTruth(ancestor_ends) || !isTruth(renewable) || !isTruth(no_default_policy)) return null
  if (!isTextList(policies) || !isTextList(bound_cidrs) || !isTexts(meta)) return null
  return {
    accessor,
    type,
    issueTime: unixMillis(issue_time),
    displayName: display_name,
    path,
    policies,
    meta,
    parent,
    generation,
    ancestorEnds: ancestor_ends,
    numUses: num_uses,
    ttl,
    grantedTtl: granted_ttl,
    explicitMaxTtl: explicit_max_ttl,
    period,
    expireTime: expire_time,
    renewable,
    lastRenewal: last_renewal,
    role,
    boundCidrs: bound_cidrs,
    noDefaultPolicy: no_default_policy,
    entityId: entity_id,
  }
}

const FIELDS_OF_FORMAT_1 = 6

/** Root tokens of before there were others: `creation_time` is in seconds, and none of them ends. */
function fromFormat1(fields: Fields): TokenEntry | null {
  const { accessor, creation_time, display_name, path, policies } = fields
  if (Object.keys(fields).length !== FIELDS_OF_FORMAT_1) return null
  if (!isText(accessor) || !isText(display_name) || !isText(path)) return null
  if (!isNumber(creation_time) || !isTextList(policies)) return null
  const issueTime = unixMillis(creation_time * 1000)
  return rootEntry({ accessor, issueTime, displayName: display_name, path, policies })
}

/** A token without an end, a parent or a bound. */
export function rootEntry(
  facts: Pick<TokenEntry, 'accessor' | 'issueTime' | 'displayName' | 'path' | 'policies'>,
): TokenEntry {
  return {
    ...facts,
    type: 'service',
    meta: null,
    parent: null,
    generation: 0,
    ancestorEnds: false,
    numUses: 0,
    ttl: 0,
    grantedTtl: 0,
    explicitMaxTtl: 0,
    period: 0,
    expireTime: null,
    renewable: false,
    lastRenewal: null,
    role: '',
    boundCidrs: [],
    noDefaultPolicy: false,
    entityId: '',
  }
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

function isTruth(value: unknown): value is boolean {
  return typeof value === 'boolean'
}

function isTime(value: unknown): value is UnixMillis | null {
  return value === null || typeof value === 'number'
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> | null {
  return value === null || (isRecord(value) && Object.values(value).every(isText))
}
