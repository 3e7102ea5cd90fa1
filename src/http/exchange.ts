import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_UNAUTHENTICATED_BODY_BYTES } from '../base/limits.ts'
import type { BareMethod, BareResponse, BareRoute } from '../logical/bare-route.ts'
import { emptyObject } from '../logical/json-reader.ts'
import type { LogicalRequest, Origin, Standing } from '../logical/request.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { canonicalPath } from '../router/canonical-path.ts'
import { type BodyBounds, NO_BODY, parseBody, readBody } from './body.ts'
import type { BodyBudget } from './body-budget.ts'
import { envelope } from './envelope.ts'
import { dataOf, type Intent, intentOf, isAsked, isWrite } from './logical-request.ts'
import { type Door, METRICS_PATH } from './metrics-door.ts'
import { type Prepared, prepare, send } from './outgoing.ts'
import {
  checkHead,
  checkNamespace,
  formOf,
  type ListenerFacts,
  originOf,
  sourceOf,
  tokenOf,
} from './request-head.ts'
import { type RenderedError, refusalHeaders, renderError } from './status.ts'

/** What a listener serves. It knows nothing of ceremonies or mounts. */
export interface Service {
  readonly bareRoutes: ReadonlyMap<string, BareRoute>
  /** Throws `sealed` while only bare routes answer. */
  readonly gate: () => void
  /** Whether the address may ask for the path, without `/v1/`, once more; `null` where nothing is counted. */
  readonly admit: (path: string, source: string) => Admission | null
  /** What a token is at a path, without `/v1/`; no use is spent. Throws `sealed`. */
  readonly standingOf: (token: string, path: string) => Promise<Standing>
  readonly dispatch: (request: LogicalRequest) => Promise<LogicalResponse | null>
  readonly newId: () => string
  readonly maxBodyBytes: number
  /** Of requests, and of answers; both shared by all listeners of a server. */
  readonly bodies: BodyBudget
  readonly answers: BodyBudget
  readonly listener: ListenerFacts
  /** Where a listener serves less than all, or something elsewhere. */
  readonly door?: Door
}

/** What is left of what an address may ask. */
export interface Admission {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  readonly resetSeconds: number
  /** Whether the numbers go out as headers. */
  readonly shown: boolean
}

/** What one exchange came to, for the log: never a header, a path below a mount, or a body. */
export interface ExchangeFacts {
  readonly id: string
  readonly method: string
  /** A bare route's path, or the first segment of another. */
  readonly route: string
  readonly status: number
  /** Of an error, as the client was told; `null` for an answer. */
  readonly code: RenderedError['body']['code'] | null
  /** The address of the peer. */
  readonly source: string
  /** What went wrong where nobody expected it. */
  readonly fault: unknown
}

const METHODS: ReadonlySet<string> = new Set<BareMethod>(['GET', 'HEAD', 'PUT', 'POST', 'DELETE'])

/** What changes nothing, whatever comes of it. */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'LIST', 'SCAN', 'HELP'])

/**
 * Reads one request, has it answered, and writes the answer: the whole life of an exchange. Never rejects.
 */
export async function exchange(
  service: Service,
  message: { readonly request: IncomingMessage; readonly method: string },
  { response, clock }: { readonly response: ServerResponse; readonly clock: Clock },
): Promise<ExchangeFacts> {
  const id = service.newId()
  const { request, method } = message
  let route = '?'
  let fault: unknown = null
  let code: ExchangeFacts['code'] = null
  let prepared: Prepared
  let namespace: string | null = null
  try {
    checkHead(request, method)
    const { path: asked, query } = target(request)
    const path = service.door?.(asked) ?? asked
    const bare = service.bareRoutes.get(path)
    route = bare?.path ?? path.split('/').slice(0, 3).join('/')
    namespace = checkNamespace(request, path, bare !== undefined || path === METRICS_PATH)
    // Before the body is read and the token looked up (CVE-2025-12044).
    checkQuota(service, { path, source: sourceOf(request, service.listener) }, response)
    prepared =
      bare === undefined
        ? prepare(await answerLogical(service, { id, request, method, path, query }), {
            budget: service.answers,
            owner: tokenOf(request),
          })
        : prepare(await answerBare(service, bare, { id, request, method, query }), null)
  } catch (error) {
    if (!(error instanceof OperatingError) || renderError(error).status === 500) fault = error
    const { status, body } = renderError(error)
    prepared = prepare({ status, body }, null)
    code = body.code
    for (const [name, value] of Object.entries(refusalHeaders(error))) response.setHeader(name, value)
  }
  try {
    await send(prepared, { request, method, response, namespace, clock })
  } catch (error) {
    fault = error
    response.destroy()
  }
  return {
    id,
    method,
    route,
    status: prepared.answer.status,
    code,
    source: sourceOf(request, service.listener),
    fault,
  }
}

/** The original face of the rekey, without `/v1/`, counts as what it does. Throws `quota_exceeded`. */
function checkQuota(
  service: Service,
  { path, source }: { readonly path: string; readonly source: string },
  response: ServerResponse,
): void {
  const below = path.replace(/^\/v1\/|^\/(?=sys\/rekey\/)/, '')
  if (below === path) return
  const admission = service.admit(below, source)
  if (admission === null) return
  if (admission.shown) {
    response.setHeader('X-Ratelimit-Limit', admission.limit)
    response.setHeader('X-Ratelimit-Remaining', admission.remaining)
    response.setHeader('X-Ratelimit-Reset', admission.resetSeconds)
  }
  if (admission.allowed) return
  response.setHeader('Retry-After', admission.resetSeconds)
  throw new OperatingError('quota_exceeded', `request path "${below}": rate limit quota exceeded`)
}

interface Incoming {
  readonly id: string
  readonly request: IncomingMessage
  readonly method: string
  readonly query: URLSearchParams
}

async function answerBare(service: Service, route: BareRoute, incoming: Incoming): Promise<BareResponse> {
  const origin = originOf(incoming.request, service.listener)
  try {
    return await handleBare(service, route, { ...incoming, origin })
  } catch (error) {
    if (!READS.has(incoming.method)) route.refused?.(origin.source, error)
    throw error
  }
}

async function handleBare(
  service: Service,
  route: BareRoute,
  incoming: Incoming & { readonly origin: Origin },
): Promise<BareResponse> {
  const { id, request, method, query, origin } = incoming
  isAsked(query, 'list')
  const handler = METHODS.has(method) ? route.handlers[method as BareMethod] : undefined
  // Sealed before the method, as every method answers 503 then (key-lifecycle.md section 5.2).
  if (route.needsOpen) service.gate()
  if (handler === undefined) throw new OperatingError('unsupported_operation', '')
  using body = await readBody(request, {
    owner: null,
    maxBytes: Math.min(service.maxBodyBytes, route.maxBodyBytes ?? MAX_UNAUTHENTICATED_BODY_BYTES),
    budget: service.bodies,
    reserves: false,
  })
  const writes = method === 'PUT' || method === 'POST'
  const parsed = parseBody(body.bytes)
  if (parsed === null && writes && route.emptyBody === 'refused')
    throw new OperatingError('bad_request', 'EOF')
  return await handler({
    id,
    query,
    body: parsed ?? emptyObject(),
    token: tokenOf(request),
    form: formOf(request),
    origin,
  })
}

async function answerLogical(
  service: Service,
  incoming: Incoming & { readonly path: string },
): Promise<BareResponse> {
  const { id, request, method, query, path } = incoming
  if (!path.startsWith('/v1/')) throw new OperatingError('not_found', '')
  const intent = intentOf(request, { method, path, query })
  // Sealed before the body: a sealed server reads nothing that it cannot use.
  service.gate()
  const token = tokenOf(request)
  const standing = mayBeLarge(request, intent) ? await standingOf(service, token, intent.path) : null
  const isUnread = standing === 'known'
  using body = isUnread ? NO_BODY : await readBody(request, boundsFor(service, { standing, token }))
  const logicalRequest: LogicalRequest = {
    id,
    ...intent,
    isUnread,
    form: formOf(request),
    data: dataOf(request, intent.operation, { body: body.bytes, query }),
    token,
    origin: originOf(request, service.listener),
  }
  return envelope(logicalRequest, await service.dispatch(logicalRequest))
}

/** Only what writes has use for a body. */
function mayBeLarge({ headers }: IncomingMessage, { operation }: Intent): boolean {
  const { 'content-length': declared, 'transfer-encoding': chunked } = headers
  return (
    isWrite(operation) && (chunked !== undefined || Number(declared ?? 0) > MAX_UNAUTHENTICATED_BODY_BYTES)
  )
}

async function standingOf(service: Service, token: string | null, path: string): Promise<Standing> {
  return token === null ? 'stranger' : await service.standingOf(token, path)
}

/**
 * Who is not known sends little: a login, never a document. What a caller may do in the end is judged later,
 * by the router; `null` where nobody was asked, as the body has to be small.
 */
function boundsFor(
  service: Service,
  { standing, token }: { readonly standing: Standing | null; readonly token: string | null },
): BodyBounds {
  const budget = service.bodies
  if (standing === 'writer') return { maxBytes: service.maxBodyBytes, budget, reserves: true, owner: token }
  const maxBytes = Math.min(service.maxBodyBytes, MAX_UNAUTHENTICATED_BODY_BYTES)
  return { maxBytes, budget, reserves: false, owner: null }
}

function target(request: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  const path = canonicalPath(mark === -1 ? url : url.slice(0, mark))
  return { path, query: new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1)) }
}
