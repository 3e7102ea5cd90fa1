import type { AuditBroker } from '../audit/broker.ts'
import { InvariantError } from '../base/assert.ts'
import { type Clock, rfc3339 } from '../base/clock.ts'
import { utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { Meter, TimerName } from '../base/meter.ts'
import type { Call, Handler } from '../logical/backend.ts'
import { unknownMembers } from '../logical/field-table.ts'
import type { Caller, LogicalRequest, Operation } from '../logical/request.ts'
import type { LogicalResponse } from '../logical/response.ts'
import type { Acl, AclSource } from '../policy/acl.ts'
import { helpText } from './help.ts'
import { type ListTerms, withinTerms } from './listing.ts'
import { matchMount, matchRoute, type RouteMatch } from './match.ts'
import type { LiveMount } from './mounts.ts'
import { openApi } from './openapi.ts'

export interface RouterPorts {
  /** By path; looked at anew for each request, as mounts come and go. */
  readonly mounts: () => ReadonlyMap<string, LiveMount>
  /** `null` when there is no token, or not a valid one. One use of the token is spent, whatever comes. */
  readonly authenticate: (request: LogicalRequest) => Promise<Caller | null>
  readonly acls: AclSource
  /** Has secrets that end registered, and answers wrapped, before they go out. */
  readonly hold: (done: Done) => Promise<LogicalResponse>
  /** After the answer: a token whose last use this was ends here. */
  readonly finish: (caller: Caller) => Promise<void>
  readonly audit: AuditBroker
  readonly clock: Clock
  readonly meter: Meter
}

/** A request that came to an answer. */
export interface Done {
  readonly request: LogicalRequest
  readonly response: LogicalResponse
  readonly caller: Caller | null
  readonly mount: LiveMount
}

/** What the policies of a caller say of a request. */
interface Judgement {
  readonly verdict: 'allow' | 'no_token' | 'deny'
  /** `null` where no policy was asked. */
  readonly acl: Acl | null
  readonly terms: ListTerms
}

const OPEN: Judgement = { verdict: 'allow', acl: null, terms: { pageLimit: null, keysFilter: null } }

type Outcome =
  | { readonly failed: false; readonly response: LogicalResponse | null }
  | { readonly failed: true; readonly error: unknown }

/**
 * The longest path that may reach an engine. What `MAX_KEY_BYTES` leaves above it is for the prefixes under
 * which mounts and engines store it: a longer one would be a storage key that no backend takes.
 */
const MAX_ROUTED_PATH_BYTES = 3584

/** What lets somebody send a body for a path (surface.md section 3.6); `root` gives all. */
const WRITING: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'root'])

/** The whole life of a request below the envelope. There is no other way in. */
export class Router {
  readonly #ports: RouterPorts

  constructor(ports: RouterPorts) {
    this.#ports = ports
  }

  /**
   * Resolve, authenticate, authorise, record, act, record. `null`: nothing there, or done without an answer.
   * Throws `permission_denied` before anything that would tell which paths exist.
   */
  async dispatch(received: LogicalRequest): Promise<LogicalResponse | null> {
    const { meter } = this.#ports
    const began = meter.now()
    meter.began()
    let match: MountMatch | null = null
    try {
      refuseLong(received.path)
      match = this.#resolve(received.path)
      return await this.#answer(received, match, began)
    } finally {
      meter.ended()
      meter.since(nameOfRequest(match), began)
    }
  }

  /**
   * Whether some body could make a write by these policies allowed. Where nobody asks for policies, any
   * could.
   */
  mayWrite(path: string, acl: Acl): boolean {
    const route = this.#resolve(path)?.route
    if (route?.access === 'public' || route?.tokenless === true) return true
    return acl.capabilities(path).some((name) => WRITING.has(name))
  }

  async #answer(
    received: LogicalRequest,
    match: MountMatch | null,
    began: number,
  ): Promise<LogicalResponse | null> {
    const isTokenless = match?.route.tokenless === true && received.operation !== 'help'
    const caller = isTokenless ? null : await this.#ports.authenticate(received)
    if (!isTokenless) this.#ports.meter.since('vault.core.check_token', began)
    try {
      return await this.#act(received, match, caller)
    } finally {
      if (caller !== null) await this.#ports.finish(caller)
    }
  }

  async #act(
    received: LogicalRequest,
    match: MountMatch | null,
    caller: Caller | null,
  ): Promise<LogicalResponse | null> {
    const { request, fault } = await withOperation(received, match, caller)
    const { verdict, acl, terms } = await this.#authorise(caller, match, request)
    await this.#record('request', request, { caller, outcome: verdict })

    // Denied before missing: a stranger must not learn which paths exist.
    if (verdict === 'no_token') {
      throw match?.route.stranger?.(request) ?? new OperatingError('permission_denied', 'permission denied')
    }
    if (verdict === 'deny' || request.isUnread === true) {
      throw new OperatingError('permission_denied', '1 error occurred:\n\t* permission denied\n\n')
    }
    const call = { request, parameters: match?.parameters ?? {}, caller }
    const outcome = fault ?? (await this.#settle(match, call, { acl, terms }))
    await this.#record('response', request, { caller, outcome: nameOf(outcome) })
    if (outcome.failed) throw outcome.error
    return outcome.response
  }

  #resolve(path: string): MountMatch | null {
    const mount = matchMount(this.#ports.mounts(), path)
    if (mount === null) return null
    const below = path.slice(mount.path.length)
    return { ...(matchRoute(mount.mounted.routes, below) ?? { route: UNSUPPORTED, parameters: {} }), mount }
  }

  async #authorise(
    caller: Caller | null,
    match: MountMatch | null,
    request: LogicalRequest,
  ): Promise<Judgement> {
    if (match?.route.access === 'public' && request.operation !== 'help') return OPEN
    if (caller === null) return { ...OPEN, verdict: 'no_token' }
    // What a route takes is no secret to whoever has a token (surface.md section 1.4).
    if (request.operation === 'help') return OPEN
    const { operation, path, data, wrap } = request
    const began = this.#ports.meter.now()
    const acl = await this.#ports.acls.of(caller)
    this.#ports.meter.since('vault.core.fetch_acl_and_token', began)
    const sudo = match?.route.access === 'sudo'
    const terms = acl.decide({ operation, path, sudo, data, wrapTtl: wrap?.ttl ?? null })
    return { verdict: terms.allowed ? 'allow' : 'deny', acl, terms }
  }

  /** What the handler came to, as a value, so that it is recorded once whatever it is. */
  async #settle(
    match: MountMatch | null,
    call: Call,
    { acl, terms }: Pick<Judgement, 'acl' | 'terms'>,
  ): Promise<Outcome> {
    try {
      const plain = handlerOf(match, call.request)
      const { clock } = this.#ports
      const handler = acl === null ? plain : withinTerms(plain, { acl, terms, clock })
      const answer = await this.#routed(match, call, handler)
      const response = answer === null || match === null ? null : withWarnings(answer, match, call.request)
      if (response === null) expectSomethingToWrap(call.request)
      if (response === null || match === null) return { failed: false, response }
      const { request, caller } = call
      const done = { request, response, caller, mount: match.mount }
      return { failed: false, response: await this.#ports.hold(done) }
    } catch (error) {
      // A broken promise of our own ends the server: it waits for no audit device, which could hide it.
      if (error instanceof InvariantError) throw error
      return { failed: true, error }
    }
  }

  async #routed(match: MountMatch | null, call: Call, handler: Handler): Promise<LogicalResponse | null> {
    const { meter } = this.#ports
    const began = meter.now()
    try {
      return await handler(call)
    } finally {
      if (match !== null) meter.routed(call.request.operation, match.mount.path, began)
    }
  }

  async #record(
    type: 'request' | 'response',
    request: LogicalRequest,
    facts: { readonly caller: Caller | null; readonly outcome: string },
  ): Promise<void> {
    if (!this.#ports.audit.hasDevices) return
    await this.#ports.audit.record({
      type,
      requestId: request.id,
      time: rfc3339(this.#ports.clock.now()),
      operation: request.operation,
      path: request.path,
      accessor: facts.caller?.accessor ?? null,
      source: request.origin.source,
      outcome: facts.outcome,
    })
  }
}

function refuseLong(path: string): void {
  // No character has more bytes than three for each of its units.
  if (path.length * 3 > MAX_ROUTED_PATH_BYTES && utf8(path).length > MAX_ROUTED_PATH_BYTES) {
    throw new OperatingError('bad_request', 'the path is longer than 3,584 bytes')
  }
}

/** As the peers divide them: what takes strangers is a login. */
function nameOfRequest(match: MountMatch | null): TimerName {
  return match?.route.access === 'public' ? 'vault.core.handle_login_request' : 'vault.core.handle_request'
}

/** A route of a mount that takes the path. */
interface MountMatch extends RouteMatch {
  readonly mount: LiveMount
}

/** Stands for a path inside a mount that no route takes. */
const UNSUPPORTED = { pattern: '', summary: '', access: 'token', handlers: {} } as const

/** A request with the operation that it is; with `fault` that could not be found out, and nothing is done. */
interface Asked {
  readonly request: LogicalRequest
  readonly fault: Extract<Outcome, { readonly failed: true }> | null
}

/**
 * Whether a write creates or updates is the engine's to say; it is asked only for a caller whom we know. What
 * it cannot say is told to whoever may update, and recorded as all else is.
 */
async function withOperation(
  request: LogicalRequest,
  match: MountMatch | null,
  caller: Caller | null,
): Promise<Asked> {
  if (request.operation !== 'update' || match?.route.exists === undefined || caller === null)
    return { request, fault: null }
  try {
    const exists = await match.route.exists({ request, parameters: match.parameters, caller })
    const operation: Operation = exists ? 'update' : 'create'
    return { request: { ...request, operation }, fault: null }
  } catch (error) {
    if (error instanceof InvariantError) throw error
    return { request, fault: { failed: true, error } }
  }
}

/** Says what was sent for nothing (surface.md section 0, 14): a mistyped name would do harm in silence. */
function withWarnings(
  response: LogicalResponse,
  match: MountMatch,
  request: LogicalRequest,
): LogicalResponse {
  const { fields } = match.route
  if (fields === undefined || response.bare !== undefined) return response
  const unknown = unknownMembers(fields, request.data).filter(
    (name) => !Object.hasOwn(match.parameters, name),
  )
  if (unknown.length === 0) return response
  const warning = `Endpoint ignored these unrecognized parameters: [${unknown.join(' ')}]`
  return { ...response, warnings: [...(response.warnings ?? []), warning] }
}

function helpOf(path: string, { mount, route }: MountMatch): LogicalResponse {
  const described = { path: mount.path, type: mount.entry.type, routes: [route] }
  const openapi = openApi({ title: 'Conclave API', version: '' }, [described], [])
  return { bare: { help: helpText(path, route), see_also: null, openapi } }
}

/** As the peers have it: whoever unwraps is not to find an empty list (surface.md section 6.2). */
function expectSomethingToWrap({ operation, wrap }: LogicalRequest): void {
  if (operation === 'list' && wrap !== null) {
    throw new OperatingError('unsupported_path', 'unsupported path')
  }
}

function nameOf(outcome: Outcome): string {
  if (!outcome.failed) return 'done'
  return outcome.error instanceof OperatingError ? outcome.error.code : 'internal'
}

function handlerOf(match: MountMatch | null, request: LogicalRequest): Handler {
  if (match === null) {
    throw new OperatingError('not_found', `no handler for route "${request.path}". route entry not found.`)
  }
  if (match.route === UNSUPPORTED) {
    throw new OperatingError('unsupported_path', '1 error occurred:\n\t* unsupported path\n\n')
  }
  if (request.operation === 'help') return async () => helpOf(request.path, match)
  if (match.route.unwrappable === true && request.wrap !== null) {
    throw new OperatingError('bad_request', 'what this path answers is kept in no store: it is not wrapped')
  }
  const { handlers } = match.route
  // A route that makes no difference between the two has one handler for both.
  const handler =
    handlers[request.operation] ?? (request.operation === 'create' ? handlers.update : undefined)
  if (handler === undefined) {
    throw new OperatingError('unsupported_operation', '1 error occurred:\n\t* unsupported operation\n\n')
  }
  return handler
}
