import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_TOKEN_BYTES } from '../base/limits.ts'
import type { MountTtl } from '../logical/backend.ts'
import { type Lifetime, lesser, lifetime } from '../logical/lifetime.ts'
import type { CreationAsk, TokenRole } from '../logical/token-facts.ts'
import { networksInBoth } from './cidr.ts'
import { networksOf } from './entry.ts'
import { choosePolicies, type PolicyNames } from './policy-choice.ts'
import type { KnownToken, TokenTerms } from './store.ts'

/** Who asks, and where. */
export interface CreationContext {
  readonly path: string
  readonly parent: KnownToken
  /** Whether the caller has `sudo` on the path. */
  readonly isSudo: boolean
  /** A path that makes orphans for everybody who may use it. */
  readonly makesOrphans: boolean
  readonly role: { readonly name: string; readonly role: TokenRole } | null
  readonly mount: MountTtl
  readonly now: UnixMillis
  readonly names: PolicyNames
}

/**
 * The terms of a new token (surface.md section 2.3), and what its maker should be told. Throws `bad_request`
 * for what the caller may not have.
 */
export function creationTerms(
  ask: CreationAsk,
  context: CreationContext,
): { readonly terms: TokenTerms; readonly warnings: readonly string[] } {
  checkParent(context.parent)
  const { parent, role, now } = context
  const type = typeOf(ask, role?.role ?? null)
  checkRights(ask, context)
  if (ask.id !== null) ask.id.lend(checkId)
  const warnings: string[] = []
  const bounds = boundsOf(ask, role?.role ?? null, warnings)
  if (type === 'batch') checkBatch(ask, bounds)
  const policies = choosePolicies(context.names, {
    wanted: ask.policies,
    noDefaultPolicy: ask.noDefaultPolicy,
    parentPolicies: parent.entry.policies,
    isSudo: context.isSudo,
    role: role?.role ?? null,
  })
  if (type === 'batch' && policies.includes('root')) throw refused('batch tokens cannot be root tokens')
  const life = lifeOf(ask, context, { bounds, isRoot: policies.includes('root') })
  const isOrphan = ask.noParent || context.makesOrphans || role?.role.orphan === true
  const terms: TokenTerms = {
    type,
    issueTime: now,
    displayName: shownName(ask.displayName),
    path:
      role === null || role.role.pathSuffix === '' ? context.path : `${context.path}/${role.role.pathSuffix}`,
    policies,
    meta: ask.meta,
    parent: isOrphan ? null : storedParent(parent),
    numUses: bounds.numUses,
    ttl: life?.ttl ?? 0,
    grantedTtl: life?.ttl ?? 0,
    explicitMaxTtl: bounds.explicitMaxTtl,
    // That of a role is asked of the role at every renewal.
    period: ask.period,
    expireTime: life?.expireTime ?? null,
    renewable: type === 'service' && life !== null && ask.renewable && role?.role.renewable !== false,
    lastRenewal: null,
    role: role?.name ?? '',
    boundCidrs: networksBelow(parent, role?.role ?? null),
    noDefaultPolicy: ask.noDefaultPolicy || role?.role.tokenNoDefaultPolicy === true,
    entityId: isOrphan ? '' : parent.entry.entityId,
  }
  return { terms, warnings: [...warnings, ...(life?.warnings ?? [])] }
}

/**
 * The terms of a wrapping token (surface.md section 6.2): one use, at most `ttl` seconds, nobody's child. It
 * is bound to no network, as with the peers: it is made to be handed to somebody else, and opens one answer.
 */
export function wrappingTerms(asked: {
  readonly path: string
  readonly ttl: number
  readonly now: UnixMillis
}): TokenTerms & { readonly parent: null } {
  const { path, ttl, now } = asked
  return {
    type: 'service',
    issueTime: now,
    displayName: '',
    path,
    policies: ['response-wrapping'],
    meta: null,
    parent: null,
    numUses: 1,
    ttl,
    grantedTtl: ttl,
    explicitMaxTtl: ttl,
    period: 0,
    expireTime: unixMillis(now + ttl * 1000),
    renewable: false,
    lastRenewal: null,
    role: '',
    boundCidrs: [],
    noDefaultPolicy: true,
    entityId: '',
  }
}

function checkParent({ entry }: KnownToken): void {
  if (entry.type === 'batch') throw refused('batch tokens cannot create more tokens')
  if (entry.numUses !== 0) throw refused('restricted use token cannot generate child tokens')
}

function storedParent({ key, entry }: KnownToken): TokenTerms['parent'] {
  if (key === null) throw refused('batch tokens cannot create more tokens')
  return { key, entry }
}

/** Where a role names one type it is that, whatever is asked for. */
function typeOf({ type }: CreationAsk, role: TokenRole | null): 'service' | 'batch' {
  if (type !== '' && type !== 'service' && type !== 'batch') throw refused("invalid 'token_type' value")
  if (role?.tokenType === 'service' || role?.tokenType === 'batch') return role.tokenType
  if (type !== '') return type
  return role?.tokenType === 'default-batch' ? 'batch' : 'service'
}

function checkRights(ask: CreationAsk, { isSudo, role }: CreationContext): void {
  if (ask.numUses < 0) throw refused('number of uses cannot be negative')
  if (ask.entityAlias !== '') {
    throw refused(
      role === null
        ? "'entity_alias' is only allowed in combination with token role"
        : "'entity_alias' needs the identity engine, which this version does not have",
    )
  }
  if (isSudo) return
  if (ask.id !== null) throw refused('root or sudo privileges required to specify token id')
  if (ask.noParent) throw refused('root or sudo privileges required to create orphan token')
  if (ask.period > 0) throw refused('root or sudo privileges required to create periodic token')
}

/**
 * No token is usable from where its maker is not, whether it hangs on it or not: who steals a bound token
 * must not get rid of its networks by making another one. The role of an operator narrows them further.
 */
function networksBelow(parent: KnownToken, role: TokenRole | null): readonly string[] {
  const [ofParent, ofRole] = [networksOf(parent.entry), role?.tokenBoundCidrs ?? []]
  if (ofParent.length === 0) return ofRole
  if (ofRole.length === 0) return ofParent
  const both = networksInBoth(ofParent, ofRole)
  if (both.length === 0) {
    throw refused('the networks of this role and those of the token that asks have no address in common')
  }
  return both
}

/** What was chosen goes into headers and answers as it is, and must not look like a token of another kind. */
function checkId(id: Uint8Array): void {
  const text = (at: number): string => String.fromCharCode(id[at] ?? 0)
  const dot = id.indexOf('.'.charCodeAt(0))
  const prefix = Array.from({ length: dot + 1 }, (_, at) => text(at)).join('')
  if (['s.', 'b.', 'hvs.', 'hvb.'].includes(prefix)) {
    throw refused(`custom token ID cannot have the '${prefix}' prefix`)
  }
  if (dot !== -1) throw refused("custom token ID cannot have a '.' in the value")
  const isPlain = id.every(
    (byte) => byte > 0x20 && byte < 0x7f && !['"', '\\'].includes(String.fromCharCode(byte)),
  )
  if (!isPlain) throw refused('custom token ID must be visible ASCII without quotes and backslashes')
  if (id.length > MAX_TOKEN_BYTES)
    throw refused(`custom token ID is longer than ${MAX_TOKEN_BYTES} characters`)
}

interface EffectiveBounds {
  readonly period: number
  readonly explicitMaxTtl: number
  readonly numUses: number
}

/** The lesser of what the role has and what is asked for. */
function boundsOf(ask: CreationAsk, role: TokenRole | null, warnings: string[]): EffectiveBounds {
  const both = (asked: number, ofRole: number, said: (used: number) => string): number => {
    const used = lesser(asked, ofRole)
    if (asked > 0 && ofRole > 0 && asked !== ofRole) warnings.push(said(used))
    return used
  }
  const twice = (what: string, used: string): string =>
    `${what} specified both during creation call and in role; using the lesser value of ${used}`
  return {
    period: both(ask.period, role?.tokenPeriod ?? 0, (used) => twice('Period', `${used} seconds`)),
    explicitMaxTtl: both(ask.explicitMaxTtl, role?.tokenExplicitMaxTtl ?? 0, (used) =>
      twice('Explicit max TTL', `${used} seconds`),
    ),
    numUses: both(ask.numUses, role?.tokenNumUses ?? 0, (used) => twice('Number of uses', `${used}`)),
  }
}

function checkBatch(ask: CreationAsk, { period, explicitMaxTtl, numUses }: EffectiveBounds): void {
  const set = Object.entries({ explicit_max_ttl: explicitMaxTtl, num_uses: numUses, period })
  const [name] = set.find(([, value]) => value > 0) ?? []
  if (name !== undefined) throw refused(`batch tokens cannot have "${name}" set`)
  if (ask.id !== null) throw refused('batch tokens cannot have "id" set')
}

/** `null`: it never ends. Only root tokens can be such, and only of one that does not end either. */
function lifeOf(
  ask: CreationAsk,
  { parent, mount, now }: CreationContext,
  { bounds, isRoot }: { readonly bounds: EffectiveBounds; readonly isRoot: boolean },
): Lifetime | null {
  const { period, explicitMaxTtl } = bounds
  const increment = ask.ttl > 0 || !isRoot ? ask.ttl : explicitMaxTtl
  if (isRoot && increment === 0 && period === 0) {
    if (parent.entry.expireTime === null) return null
    throw refused('expiring root tokens cannot create non-expiring root tokens')
  }
  const terms = { mount, increment, period, explicitMax: explicitMaxTtl, issueTime: now }
  return lifetime({ ...terms, usual: 0, backendMax: 0 }, now)
}

function shownName(asked: string): string {
  if (asked === '') return 'token'
  return `token-${asked}`.replace(/[^a-zA-Z0-9-]/g, '-').replace(/-$/, '')
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
