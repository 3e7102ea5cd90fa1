import { OperatingError } from '../base/errors.ts'
import type { Call, Route } from '../logical/backend.ts'
import { type Fields, type Given, readFields } from '../logical/field-table.ts'
import type { Operation } from '../logical/request.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { nullable, shape, TEXT, TEXTS, TRUTH } from '../logical/schema.ts'
import type { Acl } from '../policy/acl.ts'
import { type Act, plainAct } from '../policy/act.ts'
import { type Explanation, explain } from '../policy/explain.ts'
import { canonicalPolicyNames, ROOT_POLICY } from '../policy/policy-name.ts'
import type { PolicyStore } from '../policy/store.ts'
import { matchMount, matchRoute } from '../router/match.ts'
import type { Mounts } from '../router/mounts.ts'
import { type CapabilityRooms, ownAcl } from './capabilities.ts'

/** What this route works on. */
export interface ExplainRooms extends CapabilityRooms {
  readonly policies: PolicyStore
  readonly mounts: () => Mounts
}

const FIELDS = {
  path: { type: 'string', description: 'The path of the request, without /v1/.' },
  method: {
    type: 'string',
    description: 'Its method: GET, LIST, SCAN, POST, PUT, PATCH, DELETE; GET if absent.',
  },
  data: { type: 'object', description: 'Its parameters: what its body or query has.' },
  wrap_ttl: { type: 'seconds', description: 'How long its answer is to be wrapped.' },
  policies: { type: 'comma-strings', description: 'Whose policies; those of this token if absent.' },
  accessor: { type: 'string', description: 'Accessor of the token whose request it is.' },
} as const satisfies Fields

/** A write is one of two things, which the engine tells apart by what is there; that is not told here. */
type Acts = readonly [Operation, Operation?]

const OPERATIONS: ReadonlyMap<string, Acts> = new Map<string, Acts>([
  ['GET', ['read']],
  ['LIST', ['list']],
  ['SCAN', ['scan']],
  ['POST', ['create', 'update']],
  ['PUT', ['create', 'update']],
  ['PATCH', ['patch']],
  ['DELETE', ['delete']],
])

/**
 * `sys/policies/explain`: which rule decides about a request, what is missing, and the smallest patch
 * (vault#7235). It says nothing of what is at the path.
 */
export function explainRoute(rooms: ExplainRooms): Route {
  return {
    pattern: 'policies/explain',
    summary: 'Why a request is allowed or refused, and the smallest change that allows it.',
    access: 'token',
    fields: FIELDS,
    answers: {
      update: shape({
        allowed: TRUTH,
        operation: TEXT,
        path: TEXT,
        rule: nullable(TEXT),
        policies: TEXTS,
        missing: TEXTS,
        reason: TEXT,
        patch: nullable(TEXT),
        hints: TEXTS,
      }),
    },
    handlers: { update: (call) => explainTo(rooms, call) },
  }
}

async function explainTo(rooms: ExplainRooms, call: Call): Promise<LogicalResponse> {
  const given = readFields(FIELDS, call.request.data)
  const { operations, path } = askedOf(given)
  const own = await ownAcl(rooms, call)
  const { acl, whose, warnings } = await aclOf(rooms, given, own)
  const { route, writes } = routeAt(rooms, own, path)
  if (route?.access === 'public') return shown(path, { ...OPEN, operation: operations[0] }, warnings)
  const act = (operation: Operation): Act => ({
    operation,
    path,
    sudo: route?.access === 'sudo',
    data: given.data ?? null,
    wrapTtl: given.wrap_ttl ?? null,
  })
  // Of mounts that the asking token does not reach it learns nothing.
  const mounts = rooms
    .mounts()
    .entries.filter((entry) => own.reaches(entry.path))
    .map((entry) => ({ path: entry.path, type: entry.type, options: entry.options }))
  const [operation, other] = operations
  // A route that makes no difference between the two takes every write as an update.
  const acts = other === undefined ? [operation] : writes ? [operation, other] : [other]
  const [first = operation, ...others] = acts
  return shown(path, explain(acl, [act(first), ...others.map(act)], { mounts, whose }), warnings)
}

const OPEN: Omit<Explanation, 'operation'> = {
  allowed: true,
  rule: null,
  policies: [],
  missing: [],
  reason: 'the path is open to everybody',
  patch: null,
  hints: [],
}

function shown(path: string, told: Explanation, warnings: readonly string[]): LogicalResponse {
  const { policies, missing, hints, ...rest } = told
  return {
    ...(warnings.length === 0 ? {} : { warnings }),
    data: { ...rest, path, policies: [...policies], missing: [...missing], hints: [...hints] },
  }
}

function askedOf(given: Given<typeof FIELDS>): {
  readonly operations: Acts
  readonly path: string
} {
  const bare = (given.path ?? '').replace(/^\/?(?:v1\/)?/, '')
  if (bare === '') throw new OperatingError('bad_request', 'missing path')
  const operations = OPERATIONS.get((given.method ?? 'GET').toUpperCase())
  if (operations === undefined) {
    const known = [...OPERATIONS.keys()].join(', ')
    throw new OperatingError('bad_request', `"method" is one of ${known}`)
  }
  const isListing = operations[0] === 'list' || operations[0] === 'scan'
  return { operations, path: isListing && !bare.endsWith('/') ? `${bare}/` : bare }
}

/** The rules that are asked about. */
interface Asked {
  readonly acl: Acl
  readonly whose: string
  readonly warnings: readonly string[]
}

async function aclOf(rooms: ExplainRooms, given: Given<typeof FIELDS>, own: Acl): Promise<Asked> {
  if (given.policies !== undefined && given.policies.length > 0) {
    return await namedAcl(rooms.policies, canonicalPolicyNames(given.policies), own)
  }
  if (given.accessor === undefined || given.accessor === '') {
    return { acl: own, whose: 'the policies of this token', warnings: [] }
  }
  need(own, 'update', 'sys/capabilities-accessor')
  const acl = await rooms.tokenPolicies.ofAccessor(given.accessor)
  if (acl === null) throw new OperatingError('bad_request', '1 error occurred:\n\t* invalid accessor\n\n')
  // Capabilities say what a token may do; an explanation shows the rules of its policies besides.
  for (const name of policiesIn(acl)) need(own, 'read', `sys/policies/acl/${name}`)
  return { acl, whose: 'the policies of that token', warnings: [] }
}

/** Whoever may read a policy of a name is told as well that there is none, and nobody else. */
async function namedAcl(policies: PolicyStore, names: readonly string[], own: Acl): Promise<Asked> {
  for (const name of names) need(own, 'read', `sys/policies/acl/${name}`)
  const there = await Promise.all(names.map((name) => policies.exists(name)))
  const missing = names.filter((_, index) => there[index] === false)
  const warnings = missing.map((name) => `Policy "${name}" does not exist`)
  const whose = names.length === 1 ? `the policy "${names[0]}"` : 'these policies'
  return { acl: await policies.aclOf(names, null), whose, warnings }
}

function policiesIn(acl: Acl): ReadonlySet<string> {
  const { isRoot, exact, globs } = acl.resultant()
  const names = [...exact, ...globs].flatMap(({ sources }) => sources.map(({ policy }) => policy))
  return new Set(isRoot ? [ROOT_POLICY] : names)
}

/** What an explanation tells of others is told to whoever could have learnt it otherwise. */
function need(own: Acl, operation: Operation, path: string): void {
  if (own.decide(plainAct(operation, path)).allowed) return
  throw new OperatingError('permission_denied', '1 error occurred:\n\t* permission denied\n\n')
}

/**
 * The route that takes the path, and whether it tells creating from changing. Of a mount that the asking
 * token does not reach nothing is looked at.
 */
function routeAt(
  { mounts }: ExplainRooms,
  own: Acl,
  path: string,
): { readonly route: Route | null; readonly writes: boolean } {
  const mount = matchMount(mounts().live, path)
  const isHidden = mount === null || (mount.path !== 'sys/' && !own.reaches(mount.path))
  const match = isHidden ? null : matchRoute(mount.mounted.routes, path.slice(mount.path.length))
  return { route: match?.route ?? null, writes: match?.route.exists !== undefined }
}
