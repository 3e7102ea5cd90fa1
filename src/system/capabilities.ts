import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Call, Route } from '../logical/backend.ts'
import { type Fields, type Given, readFields } from '../logical/field-table.ts'
import type { JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { mapOf, shape, TEXTS, TRUTH, WHOLE } from '../logical/schema.ts'
import type { Acl, AclSource } from '../policy/acl.ts'
import { namesOf } from '../policy/capability.ts'
import type { Grant } from '../policy/grant.ts'

/** What these routes work on. */
export interface CapabilityRooms {
  readonly acls: AclSource
  readonly tokenPolicies: TokenPolicies
}

/** The rules of somebody else's token. */
export interface TokenPolicies {
  /** `null` for a token that is not good. */
  ofToken(token: SecretBytes): Promise<Acl | null>
  ofAccessor(accessor: string): Promise<Acl | null>
}

const PATHS = {
  paths: { type: 'comma-strings', description: 'Paths, without /v1/.' },
  path: { type: 'comma-strings', description: 'The old name of "paths".', deprecated: true },
} as const satisfies Fields
const WITH_TOKEN = {
  ...PATHS,
  token: { type: 'secret', description: 'Whose capabilities are asked for.' },
} as const satisfies Fields
const WITH_ACCESSOR = {
  ...PATHS,
  accessor: { type: 'string', description: 'Accessor of the token whose capabilities are asked for.' },
} as const satisfies Fields

const GRANT = shape(
  { capabilities: TEXTS },
  {
    max_wrapping_ttl: WHOLE,
    min_wrapping_ttl: WHOLE,
    pagination_limit: WHOLE,
    required_parameters: TEXTS,
  },
)

/** `sys/capabilities` and its kin, and the resultant ACL (surface.md section 3.6). */
export function capabilityRoutes(rooms: CapabilityRooms): readonly Route[] {
  const answers = { update: mapOf(TEXTS) }
  const summary = 'What a token may do on paths.'
  const { tokenPolicies } = rooms
  return [
    {
      pattern: 'capabilities-self',
      summary: 'What the token of this request may do on paths.',
      access: 'token',
      fields: PATHS,
      answers,
      handlers: {
        update: async (call) => {
          const paths = pathsOf(readFields(PATHS, call.request.data))
          return capabilitiesOn(await ownAcl(rooms, call), paths)
        },
      },
    },
    {
      pattern: 'capabilities',
      summary,
      access: 'token',
      fields: WITH_TOKEN,
      answers,
      handlers: {
        update: async ({ request }) => {
          const given = readFields(WITH_TOKEN, request.data)
          using token = given.token ?? null
          const acl = token === null ? null : await tokenPolicies.ofToken(token)
          return capabilitiesOn(acl ?? refuseOther('token'), pathsOf(given))
        },
      },
    },
    {
      pattern: 'capabilities-accessor',
      summary,
      access: 'token',
      fields: WITH_ACCESSOR,
      answers,
      handlers: {
        update: async ({ request }) => {
          const given = readFields(WITH_ACCESSOR, request.data)
          const acl = await tokenPolicies.ofAccessor(given.accessor ?? '')
          return capabilitiesOn(acl ?? refuseOther('accessor'), pathsOf(given))
        },
      },
    },
    {
      pattern: 'internal/ui/resultant-acl',
      summary: 'All rules of the token of this request.',
      access: 'token',
      fields: {},
      answers: {
        read: shape({ root: TRUTH, exact_paths: mapOf(GRANT), glob_paths: mapOf(GRANT) }),
      },
      handlers: { read: async (call) => ({ data: shownAcl(await ownAcl(rooms, call)) }) },
    },
  ]
}

/** The rules of whoever calls. */
export async function ownAcl({ acls }: CapabilityRooms, { caller }: Call): Promise<Acl> {
  if (caller === null) throw new OperatingError('permission_denied', 'permission denied')
  return await acls.of(caller)
}

function pathsOf({ paths, path }: Given<typeof PATHS>): readonly string[] {
  const given = paths ?? path ?? []
  if (given.length === 0) throw new OperatingError('bad_request', 'paths must be supplied')
  return given
}

/** Of one path also under the name that clients of before there were several look for. */
function capabilitiesOn(acl: Acl, paths: readonly string[]): LogicalResponse {
  const entries = paths.map((path): [string, JsonOut] => [path, [...acl.capabilities(withoutSlash(path))]])
  const [first] = entries
  const alone = paths.length === 1 && first !== undefined ? { capabilities: first[1] } : {}
  // Made of entries, so that a path called `__proto__` is a path.
  return { data: Object.fromEntries([...entries, ...Object.entries(alone)]), hoisted: true }
}

function withoutSlash(path: string): string {
  return path.startsWith('/') ? path.slice(1) : path
}

function refuseOther(what: 'token' | 'accessor'): never {
  throw new OperatingError('bad_request', `1 error occurred:\n\t* invalid ${what}\n\n`)
}

function shownAcl(acl: Acl): { readonly [member: string]: JsonOut } {
  const { isRoot, exact, globs } = acl.resultant()
  return { root: isRoot, exact_paths: shownGrants(exact), glob_paths: shownGrants(globs) }
}

function shownGrants(grants: readonly Grant[]): { readonly [path: string]: JsonOut } {
  const sorted = [...grants].sort((left, right) => (left.path < right.path ? -1 : 1))
  return Object.fromEntries(sorted.map((grant) => [shownPath(grant.path), shownGrant(grant)]))
}

/** As pages for browsers look for it: a plain prefix without its star. */
function shownPath(path: string): string {
  const isPlain = path.endsWith('*') && !path.split('/').includes('+')
  return isPlain ? path.slice(0, -1) : path
}

function shownGrant({ capabilities, minWrapTtl, maxWrapTtl, required, pageLimit }: Grant): JsonOut {
  return {
    capabilities: [...namesOf(capabilities)],
    ...(maxWrapTtl === null ? {} : { max_wrapping_ttl: maxWrapTtl }),
    ...(minWrapTtl === null ? {} : { min_wrapping_ttl: minWrapTtl }),
    ...(pageLimit === null ? {} : { pagination_limit: pageLimit }),
    ...(required.length === 0 ? {} : { required_parameters: [...required] }),
  }
}
