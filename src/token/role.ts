import { canonicalJson, parseCanonicalJson, type RecordValue } from '../base/canonical-json.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_ROLE_BYTES, MAX_ROLE_TEXT } from '../base/limits.ts'
import { Queue } from '../base/queue.ts'
import type { StorageView } from '../logical/backend.ts'
import type { TokenRole, TokenRoleType } from '../logical/token-facts.ts'
import { isNetwork } from './cidr.ts'

const ROLE_TYPES: readonly TokenRoleType[] = ['service', 'batch', 'default-service', 'default-batch']

/** One of which nothing was said. */
export const NEW_ROLE: TokenRole = {
  allowedPolicies: [],
  disallowedPolicies: [],
  allowedPoliciesGlob: [],
  disallowedPoliciesGlob: [],
  orphan: false,
  renewable: true,
  pathSuffix: '',
  allowedEntityAliases: [],
  tokenType: 'default-service',
  tokenPeriod: 0,
  tokenExplicitMaxTtl: 0,
  tokenBoundCidrs: [],
  tokenNoDefaultPolicy: false,
  tokenNumUses: 0,
  period: 0,
  explicitMaxTtl: 0,
  boundCidrs: [],
}

const FORMAT = 1
const PREFIX = 'role/'
const NAME = /^\w(?:[\w.-]*\w)?$/
const SUFFIX = /^\w[\w.-]+\w$/

/** Roles of tokens, by name. */
export class TokenRoles {
  readonly #storage: StorageView
  readonly #queue = new Queue()

  constructor(storage: StorageView) {
    this.#storage = storage
  }

  /** `null` where there is none. Throws `corrupt_entry`. */
  async get(name: string): Promise<TokenRole | null> {
    if (!isRoleName(name)) return null
    const stored = await this.#storage.get(PREFIX + name)
    return stored === null ? null : decodeRole(stored)
  }

  async names(page: { readonly after: string; readonly limit: number }): Promise<readonly string[]> {
    return await this.#storage.page(PREFIX, page)
  }

  /**
   * Makes a role, or changes what `changes` names of one. Throws `bad_request` for one that could make no
   * token, and for a name that is none.
   */
  async put(name: string, changes: Partial<TokenRole>): Promise<void> {
    if (!isRoleName(name)) throw refused('the name of a role is letters, digits, "_", and "-" and "." inside')
    await this.#queue.run(async () => {
      const role = { ...((await this.get(name)) ?? NEW_ROLE), ...changes }
      checkRole(role)
      const value = encodeRole(role)
      if (value.length > MAX_ROLE_BYTES) throw refused(`a role has at most ${MAX_ROLE_BYTES} bytes`)
      await this.#storage.commit([{ op: 'put', key: PREFIX + name, value }])
    })
  }

  async delete(name: string): Promise<void> {
    if (!isRoleName(name)) return
    await this.#queue.run(() => this.#storage.commit([{ op: 'delete', key: PREFIX + name }]))
  }
}

function isRoleName(name: string): boolean {
  return NAME.test(name) && name.length <= MAX_ROLE_TEXT
}

/** `text` as a type of role, or `null`. */
export function roleType(text: string): TokenRoleType | null {
  return ROLE_TYPES.find((type) => type === text) ?? null
}

function checkRole(role: TokenRole): void {
  const { pathSuffix } = role
  // `\w` is ASCII, and a dot stands between two of them: `..` is in no path.
  if (pathSuffix !== '' && (!SUFFIX.test(pathSuffix) || pathSuffix.includes('..'))) {
    throw refused('given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w')
  }
  if (pathSuffix.length > MAX_ROLE_TEXT)
    throw refused(`a path suffix has at most ${MAX_ROLE_TEXT} characters`)
  if (role.tokenNumUses < 0) throw refused("'token_num_uses' cannot be negative")
  if (!role.tokenBoundCidrs.every(isNetwork)) {
    throw refused('"token_bound_cidrs" holds something that is no address and no network')
  }
  if (role.tokenType !== 'batch') return
  const fault = batchFault(role)
  if (fault !== null) throw refused(`'token_type' cannot be 'batch' when role is set to generate ${fault}`)
}

function batchFault(role: TokenRole): string | null {
  if (!role.orphan) return 'non-orphan tokens'
  if (role.tokenPeriod > 0) return 'periodic tokens'
  if (role.renewable) return 'renewable tokens'
  if (role.tokenExplicitMaxTtl > 0) return 'tokens with an explicit max TTL'
  return role.tokenNumUses > 0 ? 'tokens with limited use count' : null
}

function encodeRole(role: TokenRole): Uint8Array {
  return canonicalJson({ ...(role as unknown as { readonly [member: string]: RecordValue }), format: FORMAT })
}

/** Throws `corrupt_entry` for what `encodeRole` did not write. */
function decodeRole(stored: Uint8Array): TokenRole {
  const value = parseCanonicalJson(stored) as { readonly [name: string]: unknown } | null
  const { format, ...role } = value ?? {}
  const names = Object.keys(NEW_ROLE)
  const usual: Readonly<Record<string, unknown>> = { ...NEW_ROLE }
  const isWhole =
    format === FORMAT &&
    Object.keys(role).length === names.length &&
    names.every((name) => isLike(role[name], usual[name])) &&
    roleType(String(role['tokenType'])) !== null
  if (!isWhole) throw new OperatingError('corrupt_entry', 'the role of a token cannot be read')
  return role as unknown as TokenRole
}

function isLike(value: unknown, usual: unknown): boolean {
  if (Array.isArray(usual)) return Array.isArray(value) && value.every((item) => typeof item === 'string')
  return typeof value === typeof usual
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
