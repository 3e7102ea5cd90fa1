import type { IncomingMessage } from 'node:http'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_JSON_STRINGS } from '../base/limits.ts'
import { parseSeconds } from '../logical/duration.ts'
import type { JsonObject } from '../logical/json.ts'
import { readJson } from '../logical/json-reader.ts'
import type { LogicalRequest, Operation, WrapRequest } from '../logical/request.ts'
import { parseBody } from './body.ts'
import { checkPatchType } from './request-head.ts'

const VERBS: ReadonlyMap<string, Operation> = new Map([
  ['GET', 'read'],
  ['LIST', 'list'],
  ['SCAN', 'scan'],
  ['PUT', 'update'],
  ['POST', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
  ['HELP', 'help'],
])

/** Go's spellings of a truth, and nothing else. */
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True']
const FALSE = ['', '0', 'f', 'F', 'false', 'FALSE', 'False']

/** Members of a query that say what is done, and nothing of it. */
const OPERATIONS_BY_QUERY = ['list', 'scan', 'help'] as const

/** What is asked for, as far as the head says. */
export interface Intent {
  readonly operation: Operation
  /** Below `/v1/`; that of a list or scan ends in `/`. */
  readonly path: string
  readonly wrap: WrapRequest | null
}

/**
 * Verb, path and query become one operation (surface.md section 1.4): the only place where they do, and the
 * list is closed. Throws `unsupported_operation` and `bad_request`.
 */
export function intentOf(
  request: IncomingMessage,
  asked: { readonly method: string; readonly path: string; readonly query: URLSearchParams },
): Intent {
  const { method, path, query } = asked
  if (method === 'OPTIONS') {
    throw new OperatingError('bad_request', 'cannot handle internal-only request operation')
  }
  const wanted = OPERATIONS_BY_QUERY.filter((name) => isAsked(query, name))
  const verb = VERBS.get(method)
  if (verb === undefined) throw new OperatingError('unsupported_operation', '')
  if (wanted.length > 1) throw new OperatingError('bad_request', '')
  const operation = verb === 'read' ? (wanted[0] ?? verb) : verb
  const below = path.slice('/v1/'.length)
  if (isWrite(operation)) {
    if (path.endsWith('/')) throw new OperatingError('bad_request', "cannot write to a path ending in '/'")
    if (operation === 'patch') checkPatchType(request)
  }
  const isFolder = operation === 'list' || operation === 'scan'
  return {
    operation,
    path: isFolder && !below.endsWith('/') ? `${below}/` : below,
    wrap: wrapOf(request),
  }
}

/** Whether a member of the query is set. Throws `bad_request` for what is no truth to Go. */
export function isAsked(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  if (value === null || FALSE.includes(value)) return false
  if (TRUE.includes(value)) return true
  throw new OperatingError('bad_request', '')
}

/** The body of a write, the query of everything else. Throws `bad_request`. */
export function dataOf(
  request: IncomingMessage,
  operation: Operation,
  given: { readonly body: Uint8Array; readonly query: URLSearchParams },
): LogicalRequest['data'] {
  if (!isWrite(operation)) return membersOf(given.query, OPERATIONS_BY_QUERY)
  if (operation === 'update' && isForm(request, given.body)) {
    return membersOf(new URLSearchParams(fromUtf8(given.body)), [])
  }
  return parseBody(given.body)
}

/** Whether what the request says stands in its body. */
export function isWrite(operation: Operation): boolean {
  return operation === 'update' || operation === 'patch'
}

/** One value is a text, several are a list. */
function membersOf(query: URLSearchParams, without: readonly string[]): JsonObject | null {
  if (query.size === 0) return null
  const members: Record<string, string | string[]> = Object.create(null)
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name)
    if (!without.includes(name)) members[name] = values.length === 1 ? (values[0] ?? '') : values
  }
  const node = readJson(utf8(JSON.stringify(members)), { maxDepth: 2, maxStrings: MAX_JSON_STRINGS })
  return node.kind === 'object' && node.members.size > 0 ? node : null
}

/** A form says so, and does not look like JSON: curl calls everything a form. */
function isForm(request: IncomingMessage, body: Uint8Array): boolean {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return false
  const first = body.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
  return first !== undefined && first !== 0x7b && first !== 0x5b
}

/** Throws `bad_request`. Zero seconds ask for nothing. */
function wrapOf({ headers }: IncomingMessage): WrapRequest | null {
  const text = headers['x-vault-wrap-ttl']
  if (typeof text !== 'string' || text === '') return null
  const ttl = parseSeconds(text)
  const fault = wrapTtlFault(text, ttl)
  if (ttl === null || fault !== null) {
    throw new OperatingError('bad_request', `error parsing X-Vault-Wrap-TTL header: ${fault}`)
  }
  const format = headers['x-vault-wrap-format']
  return ttl === 0 ? null : { ttl, format: format === 'jwt' ? 'jwt' : 'token' }
}

function wrapTtlFault(text: string, ttl: number | null): string | null {
  if (ttl === null) return 'time: invalid duration'
  if (ttl < 0 || text.startsWith('-')) return 'the time must not be negative'
  // What is less than a second has become 0 seconds: an answer in plain is not what was asked for.
  const isFraction = ttl === 0 && /[1-9]/.test(text)
  return isFraction ? 'the time must be at least a second, or 0 for an answer that is not wrapped' : null
}
