import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { millis } from '../base/clock.ts'
import {
  HEAD_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  MAX_CONNECTIONS,
  MAX_HEAD_BYTES,
  REFUSED_LINGER_MS,
  REQUEST_TIMEOUT_MS,
  STALL_TIMEOUT_MS,
} from '../base/limits.ts'
import { noteRequest } from './arrival.ts'
import { type Endpoint, listen, type TcpEndpoint } from './endpoint.ts'
import { type ExchangeFacts, exchange, type Service } from './exchange.ts'
import { ListVerb } from './list-verb.ts'
import { createServer, nodeHttps } from './node-http.ts'
import { HEADERS } from './outgoing.ts'
import { type ParserRefusal, parserRefusal } from './parser-refusal.ts'
import { isFollowedPlainly } from './request-head.ts'
import { limitSources } from './sources.ts'
import { contextOptions, handshakeOptions, type TlsSettings } from './tls.ts'
import { type TurnLimits, Turns } from './turns.ts'

export interface ListenerOptions<Place extends Endpoint = TcpEndpoint> {
  readonly service: Service
  readonly address: Place
  /** `null` for plain HTTP. */
  readonly tls: TlsSettings | null
  readonly clock: Clock
  readonly log: (facts: ExchangeFacts & { readonly ms: number }) => void
  /** Called for each connection that is closed because there are too many: of one source, or of all. */
  readonly onFull?: (source: string | 'all') => void
  /** Other than the usual ones. */
  readonly bounds?: Partial<ListenerBounds>
}

/** Times in milliseconds; `base/limits.ts` says what each means. */
export interface ListenerBounds extends TurnLimits {
  readonly headMs: number
  readonly requestMs: number
  readonly idleMs: number
  readonly stallMs: number
  /** How often the first two are looked at. */
  readonly checkMs: number
  readonly connections: number
  /** `null` where addresses tell nobody apart: at a Unix socket, or behind a proxy. */
  readonly connectionsPerSource: number | null
}

export interface RunningListener<Place extends Endpoint = TcpEndpoint> {
  /** With the port that the system chose, where 0 was asked for. */
  readonly address: Place
  /**
   * New connections get this; those that are open go on with what they have. Only what `contextOptions` names
   * is replaced. Throws what OpenSSL has against it, and then nothing has changed.
   */
  renew(tls: TlsSettings): void
  /** Takes no new request, answers those under way, and cuts what is left after `graceMs`, or at `hurry`. */
  close(graceMs: number, hurry?: AbortSignal): Promise<void>
}

const USUAL: Omit<ListenerBounds, keyof TurnLimits> = {
  headMs: HEAD_TIMEOUT_MS,
  requestMs: REQUEST_TIMEOUT_MS,
  idleMs: IDLE_TIMEOUT_MS,
  stallMs: STALL_TIMEOUT_MS,
  checkMs: 5_000,
  connections: MAX_CONNECTIONS,
  connectionsPerSource: null,
}

/**
 * Opens a port or a socket and serves it. Throws `config_invalid` when the place cannot be had. That OpenSSL
 * takes the certificate was looked at before (`contextFault`).
 */
export async function startListener<Place extends Endpoint = TcpEndpoint>(
  options: ListenerOptions<Place>,
): Promise<RunningListener<Place>> {
  const bounds = { ...USUAL, ...options.bounds }
  const { server, renew } = makeServer(options.tls, bounds)
  server.maxConnections = bounds.connections
  server.on('drop', () => options.onFull?.('all'))
  const underWay = serveAll(server, options)
  if (bounds.connectionsPerSource !== null) {
    const onTooMany = (source: string): void => options.onFull?.(source)
    limitSources(server, { each: bounds.connectionsPerSource, onTooMany })
  }
  const address = await listen(server, options.address)
  const close = (graceMs: number, hurry?: AbortSignal): Promise<void> => {
    underWay.end()
    return closeServer(server, options.clock, { graceMs, hurry })
  }
  return { address, renew, close }
}

function makeServer(
  tls: TlsSettings | null,
  bounds: typeof USUAL,
): { readonly server: Server; readonly renew: (tls: TlsSettings) => void } {
  const limits = {
    // node:http refuses a head that may take longer than the whole.
    headersTimeout: Math.min(bounds.headMs, bounds.requestMs),
    requestTimeout: bounds.requestMs,
    keepAliveTimeout: bounds.idleMs,
    connectionsCheckingInterval: bounds.checkMs,
    maxHeaderSize: MAX_HEAD_BYTES,
    insecureHTTPParser: false,
    // Ours (`checkHead`) answers with our headers.
    requireHostHeader: false,
  }
  const server: Server | TlsServer =
    tls === null
      ? createServer(limits)
      : nodeHttps().createServer({
          ...limits,
          ...contextOptions(tls),
          ...handshakeOptions(tls, bounds.headMs),
        })
  server.timeout = bounds.stallMs
  // Lines above a number of its own node:http leaves away without a word; `checkHead` refuses them.
  server.maxHeadersCount = 0
  return {
    server,
    renew: (next) => {
      if ('setSecureContext' in server) server.setSecureContext(contextOptions(next))
    },
  }
}

/** Has every request answered, until `end` is called: answers then are the last of their connections. */
function serveAll(
  server: Server,
  options: Pick<ListenerOptions, 'service' | 'tls' | 'clock' | 'log' | 'bounds'>,
): { readonly end: () => void } {
  const verbs = new ListVerb(server, options.tls === null ? 'connection' : 'secureConnection')
  const turns = new Turns(options.bounds)
  const underWay = new Set<ServerResponse>()
  let closing = false
  const inTurn = (act: (request: IncomingMessage, method: string, response: ServerResponse) => void) => {
    return (request: IncomingMessage, response: ServerResponse): void => {
      noteRequest(request.socket)
      const method = verbs.verbOf(request)
      // Behind our last answer: RFC 9112 section 9.6 forbids to act on it.
      if (!request.socket.writable) {
        request.socket.destroy()
        return
      }
      const begin = (): void => {
        // Whoever has left gets nothing done that nobody is going to hear of.
        if (!request.socket.writable) return
        if (closing) response.shouldKeepAlive = false
        underWay.add(response)
        response.once('close', () => underWay.delete(response))
        act(request, method, response)
      }
      turns.take({ request, response, act: begin }, !isFollowedPlainly(request))
    }
  }
  server.on(
    'request',
    inTurn((request, method, response) => void serve(options, { request, method }, response)),
  )
  // Otherwise node:http answers, without our headers.
  server.on(
    'checkExpectation',
    inTurn((_, __, response) => {
      response.writeHead(417, { ...HEADERS, 'Content-Length': REFUSAL.length }).end(REFUSAL)
    }),
  )
  server.on('clientError', (error: Error, socket: Socket) => {
    if (verbs.revive(error, socket)) return
    const answer = parserRefusal(error, verbs.isWhole(socket))
    turns.breakOff(socket, () => refuse(error, { socket, answer }, options.clock))
  })
  const end = (): void => {
    closing = true
    // Otherwise a kept connection would outlive its answer, and every stop would last the whole grace.
    for (const response of underWay) response.shouldKeepAlive = false
  }
  return { end }
}

async function serve(
  { service, clock, log }: Pick<ListenerOptions, 'service' | 'clock' | 'log'>,
  message: { readonly request: IncomingMessage; readonly method: string },
  response: ServerResponse,
): Promise<void> {
  const started = clock.monotonic()
  const facts = await exchange(service, message, { response, clock })
  log({ ...facts, ms: clock.monotonic() - started })
}

/** What never became a request: a plain answer, and the connection ends. */
function refuse(
  error: Error & { code?: string },
  { socket, answer }: { readonly socket: Socket; readonly answer: ParserRefusal },
  clock: Clock,
): void {
  const isHttp = error.code?.startsWith('HPE_') === true || error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (!isHttp || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, body } = answer
  const headers = { ...HEADERS, Connection: 'close', 'Content-Length': body.length }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`)
  // Half open is how node:http takes connections: without this the peer could keep it for ever.
  void clock.sleep(millis(REFUSED_LINGER_MS)).then(() => socket.destroy())
}

/** To an `Expect` that is none of HTTP. */
const REFUSAL = '{"errors":["100-continue is the only Expect"],"code":"bad_request"}\n'

async function closeServer(
  server: Server,
  clock: Clock,
  { graceMs, hurry }: { readonly graceMs: number; readonly hurry: AbortSignal | undefined },
): Promise<void> {
  const timer = new AbortController()
  const enough = hurry === undefined ? timer.signal : AbortSignal.any([timer.signal, hurry])
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
  server.closeIdleConnections()
  const late = clock.sleep(millis(graceMs), enough).then(() => server.closeAllConnections())
  await Promise.race([closed, late])
  timer.abort()
  server.closeAllConnections()
}
