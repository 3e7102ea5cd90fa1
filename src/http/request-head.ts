import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { OperatingError } from '../base/errors.ts'
import { MAX_HEADER_LINES } from '../base/limits.ts'
import type { CeremonyAccess, LogicalRequest, Origin } from '../logical/request.ts'
import type { Evidence } from './arrival.ts'
import { PUT_BACK } from './list-verb.ts'

const FORWARDING = [
  ...['forwarded', 'via', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'x-original-forwarded-for'],
  ...['cf-connecting-ip', 'true-client-ip', 'fastly-client-ip', 'x-envoy-external-address'],
]
const FORWARDING_PREFIX = 'x-forwarded-'

/** Paths below `/v1/sys/` that answer in every namespace (key-lifecycle.md section 1.3). */
const ANY_NAMESPACE = ['/v1/sys/seal-status', '/v1/sys/leader']

/** The characters of `host [":" port]` (RFC 3986 section 3.2.2). */
const HOST = /^[\w.~!$&'()*+,;=%:[\]-]*$/

/** Headers that decide something. Twice, one of two readers would take the first and the other the last. */
const SINGLE: ReadonlySet<string> = new Set([
  ...['host', 'authorization', 'content-type', 'content-encoding', 'origin', 'sec-fetch-site'],
  ...['x-vault-token', 'x-vault-namespace', 'x-vault-wrap-ttl', 'x-vault-wrap-format'],
  'x-conclave-acknowledge',
])

/**
 * What no request may be without, and what it may not have twice, or a list at all. Throws `bad_request`.
 *
 * `LIST` and its like are put back to the parser (`list-verb.ts`): with a body there would be a second place
 * where a request could end.
 */
export function checkHead(request: IncomingMessage, method: string): void {
  if (!isFramedPlainly(request)) {
    const text =
      'HTTP/1.0 and HTTP/1.1 are spoken here, and in the latter "chunked" is the only Transfer-Encoding'
    throw new OperatingError('bad_request', text)
  }
  checkLines(request)
  checkHost(request)
  // A fragment is not sent (RFC 9112 section 3.2): some readers would cut it off, and others would not.
  if (request.url?.includes('#')) throw new OperatingError('bad_request', 'a path has no #; write %23')
  const { 'content-length': declared, 'transfer-encoding': chunked } = request.headers
  if (PUT_BACK.has(method) && (chunked !== undefined || Number(declared ?? 0) > 0)) {
    throw new OperatingError('bad_request', `${method} takes no body`)
  }
  checkInlineLogin(request)
  evidenceOf(request)
}

/**
 * The peers log in by these headers and answer the request in one (surface.md section 1.3), which is not
 * here. Without a word the request would be a stranger's, or that of a token that was not meant. Throws
 * `bad_request`.
 */
function checkInlineLogin({ headers }: IncomingMessage): void {
  if (headers['x-vault-inline-auth-path'] === undefined) return
  const text = 'X-Vault-Inline-Auth-Path is not supported: log in first, and send the token of the answer'
  throw new OperatingError('bad_request', text)
}

/**
 * By what the peer will show that new shares arrived. `X-Conclave-Acknowledge: request` is for a client that
 * has them out of its hands before it says so: its orderly end says nothing, as a kernel ends the connections
 * of a process that was killed in order too. Throws `bad_request` for any other value: it may ask for more.
 */
export function evidenceOf(request: IncomingMessage): Evidence {
  const announced = request.headers['x-conclave-acknowledge']
  if (announced === undefined) return 'request or end'
  if (announced === 'request') return 'request'
  throw new OperatingError('bad_request', 'X-Conclave-Acknowledge may only be "request" in this version')
}

/**
 * Whether every reader agrees where the request ends. node:http takes requests without a version, and those
 * that were compressed before they were chunked; RFC 9112 section 6.1 calls chunks in HTTP/1.0 faulty.
 */
export function isFramedPlainly({ httpVersion, headers }: IncomingMessage): boolean {
  const encoding = headers['transfer-encoding']
  if (httpVersion !== '1.1') return httpVersion === '1.0' && encoding === undefined
  return encoding === undefined || encoding.toLowerCase() === 'chunked'
}

/**
 * Whether what comes behind `request` on its connection can still be told apart. node:http's parser stops
 * behind a request that asks for another protocol, drops the rest of that packet, and hides what is wrong
 * with the next; no protocol but HTTP/1 is spoken here, and RFC 9110 section 7.8 lets a server ignore the
 * wish. The header alone is enough: of which option makes a wish of it, the parser has a notion of its own
 * (`Proxy-Connection` is one).
 */
export function isFollowedPlainly(request: IncomingMessage): boolean {
  return request.headers.upgrade === undefined && isFramedPlainly(request)
}

/** RFC 9112 section 3.2: one, in every request but those of HTTP/1.0, and made of what hosts are made of. */
function checkHost({ httpVersion, headers: { host } }: IncomingMessage): void {
  if (host === undefined) {
    if (httpVersion === '1.0') return
    throw new OperatingError('bad_request', 'missing Host header')
  }
  if (!HOST.test(host)) throw new OperatingError('bad_request', 'the Host header holds no host')
}

function checkLines({ rawHeaders, headers }: IncomingMessage): void {
  const lines = rawHeaders.length / 2
  if (lines > MAX_HEADER_LINES) {
    throw new OperatingError('bad_request', `more than ${MAX_HEADER_LINES} header lines`)
  }
  // Most requests have each header once, and that is quickly seen.
  if (Object.keys(headers).length === lines) return
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  const twice = names.find((name, index) => SINGLE.has(name) && names.indexOf(name) < index)
  if (twice !== undefined) throw new OperatingError('bad_request', `more than one ${twice} header`)
}

/** `X-Vault-Token` wins, even when it is wrong; then `Authorization: Bearer`, case-sensitive. */
export function tokenOf(request: IncomingMessage): string | null {
  const token = request.headers['x-vault-token']
  if (typeof token === 'string' && token !== '') return token
  const authorization = request.headers.authorization
  if (authorization?.startsWith('Bearer ') !== true) return null
  return authorization.slice('Bearer '.length).trim() || null
}

/** What `Accept` of a scraper says, as the peers read it (surface.md section 12, `sys/metrics`). */
export function formOf({ headers: { accept } }: IncomingMessage): LogicalRequest['form'] {
  if (accept === undefined) return undefined
  const isScraper =
    accept.startsWith('application/openmetrics-text') || accept.includes('prometheus/telemetry')
  return isScraper ? 'prometheus' : undefined
}

/** What the configuration says of the listener on which a request came in. */
export interface ListenerFacts extends Pick<Origin, 'listener' | 'access' | 'retireOn'> {
  /** `Host` values that are ours, besides addresses and `localhost`; lower-case, without a port. */
  readonly serverNames: readonly string[]
  /** A Unix socket: its peers have no address. */
  readonly isUnix: boolean
}

const GUARDED: CeremonyAccess = { rekey: 'guarded', generateRoot: 'guarded', unseal: 'guarded' }

/**
 * What listener and headers say about where a request comes from. What a browser sends for a page of
 * somebody else's, or under a name that is not ours (DNS rebinding), or a proxy for who knows whom, is
 * guarded on every listener (custody.md section 3).
 */
export function originOf(request: IncomingMessage, facts: ListenerFacts): Origin {
  const { listener, access, retireOn, serverNames } = facts
  const names = Object.keys(request.headers)
  const forwarded = names.some((name) => FORWARDING.includes(name) || name.startsWith(FORWARDING_PREFIX))
  const ours = isOfOurOrigin(request) && isOurHost(request.headers.host, serverNames)
  const direct = !forwarded && ours
  const foreign = !ours && isOfABrowser(request)
  const allowed = direct ? access : GUARDED
  const source = sourceOf(request, facts)
  return { listener, retireOn, source, forwarded, direct, foreign, access: allowed }
}

/**
 * The address of the peer; `unix` at a socket. A connection that is gone has no address either, and must not
 * pass for one of this machine.
 */
export function sourceOf({ socket }: IncomingMessage, { isUnix }: Pick<ListenerFacts, 'isUnix'>): string {
  return isUnix ? 'unix' : (socket.remoteAddress ?? 'gone')
}

function isOfABrowser({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
}

/** Fetch metadata of browsers: nothing else sends it, and a page cannot take it away. */
function isOfOurOrigin({ headers, socket }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const { origin, host } = headers
  if (origin === undefined) return true
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  return origin.toLowerCase() === `${scheme}://${host?.toLowerCase()}`
}

function isOurHost(host: string | undefined, serverNames: readonly string[]): boolean {
  if (host === undefined) return true
  const name = host.toLowerCase().replace(/:\d*$/, '')
  const address = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name
  return isIP(address) !== 0 || name === 'localhost' || serverNames.includes(name)
}

/** There is one namespace, the root. Throws `not_found`, or `bad_request` on the routes that know none. */
export function checkNamespace(request: IncomingMessage, path: string, isBare: boolean): string | null {
  const header = request.headers['x-vault-namespace']
  if (header === undefined) return null
  const namespace = String(header).replace(/^\/+|\/+$/g, '')
  if (namespace === '' || namespace === 'root') return String(header)
  if (ANY_NAMESPACE.includes(path)) return String(header)
  if (isBare) throw new OperatingError('bad_request', 'operation unavailable in namespaces')
  throw new OperatingError('not_found', 'namespace not found')
}

/** A merge patch says so (RFC 7396). Throws `bad_request` or `unsupported_media_type`. */
export function checkPatchType(request: IncomingMessage): void {
  const type = request.headers['content-type']
  if (type === undefined) throw new OperatingError('bad_request', 'mime: no media type')
  if (type.split(';')[0]?.trim().toLowerCase() === 'application/merge-patch+json') return
  throw new OperatingError(
    'unsupported_media_type',
    'PATCH requires Content-Type of application/merge-patch+json',
  )
}
