import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { millis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { noteRequest } from './arrival.ts'
import { type ExchangeFacts, exchange, HEADERS, type Service } from './exchange.ts'
import { ListVerb } from './list-verb.ts'

export interface ListenerOptions {
  readonly service: Service
  readonly address: { readonly host: string; readonly port: number }
  /** PEM, or `null` for plain HTTP. */
  readonly tls: { readonly cert: Uint8Array; readonly key: Uint8Array } | null
  readonly clock: Clock
  readonly log: (facts: ExchangeFacts & { readonly ms: number }) => void
  /** Other than the usual ones, for tests. */
  readonly timeouts?: Partial<ListenerTimeouts>
}

/** All in milliseconds. */
export interface ListenerTimeouts {
  /** Until the head of a request has come. */
  readonly head: number
  /** Until a request has come whole. */
  readonly request: number
  /** Between two requests on one connection. */
  readonly idle: number
  /** How often the first two are looked at. */
  readonly check: number
}

export interface RunningListener {
  /** With the port that the system chose, where 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number }
  /** Takes no new request, answers those under way, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>
}

const TIMEOUTS: ListenerTimeouts = { head: 10_000, request: 30_000, idle: 300_000, check: 5_000 }
/** How long a peer whose bytes were no request may take to read the refusal. */
const REFUSED_LINGER_MS = 2_000
const MAX_HEADER_BYTES = 16 * 1024
const MAX_CONNECTIONS = 4096

/**
 * Opens all of these ports for a moment: before anything is made for a server that could not be reached.
 * Throws `config_invalid` when an address cannot be had, or stands there twice.
 */
export async function expectFree(addresses: readonly ListenerOptions['address'][]): Promise<void> {
  const probes: Server[] = []
  try {
    for (const address of addresses) {
      const probe = createServer((request) => request.socket.destroy())
      probes.push(probe)
      await listen(probe, address)
    }
  } finally {
    await Promise.all(probes.map(closeNow))
  }
}

/** Opens a port and serves it. Throws `config_invalid` when the address cannot be had. */
export async function startListener(options: ListenerOptions): Promise<RunningListener> {
  const server = makeServer(options)
  const verbs = new ListVerb(server, options.tls === null ? 'connection' : 'secureConnection')
  const underWay = new Set<ServerResponse>()
  let closing = false
  server.maxConnections = MAX_CONNECTIONS
  server.on('request', (request, response) => {
    noteRequest(request.socket)
    // Behind our last answer: RFC 9112 section 9.6 forbids to act on it.
    if (!request.socket.writable) {
      request.socket.destroy()
      return
    }
    if (closing) response.shouldKeepAlive = false
    underWay.add(response)
    response.once('close', () => underWay.delete(response))
    void serve(options, { request, method: verbs.verbOf(request) }, response)
  })
  server.on('clientError', (error: Error, socket: Socket) => {
    if (!verbs.revive(error, socket)) refuse(error, socket, options.clock)
  })
  const { host, port } = await listen(server, options.address)
  const end = (graceMs: number): Promise<void> => {
    closing = true
    // Otherwise a kept connection would outlive its answer, and every stop would last the whole grace.
    for (const response of underWay) response.shouldKeepAlive = false
    return close(server, options.clock, graceMs)
  }
  return { address: { host, port }, close: end }
}

function makeServer(options: ListenerOptions): Server {
  const timeouts = { ...TIMEOUTS, ...options.timeouts }
  const limits = {
    headersTimeout: timeouts.head,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.idle,
    connectionsCheckingInterval: timeouts.check,
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    // Ours (`checkHead`) answers with our headers.
    requireHostHeader: false,
  }
  if (options.tls === null) return createServer(limits)
  const { cert, key } = options.tls
  return createTlsServer({
    ...limits,
    cert: Buffer.from(cert),
    key: Buffer.from(key),
    minVersion: 'TLSv1.2',
    handshakeTimeout: timeouts.head,
  })
}

async function serve(
  { service, clock, log }: ListenerOptions,
  message: { readonly request: IncomingMessage; readonly method: string },
  response: ServerResponse,
): Promise<void> {
  const started = clock.monotonic()
  const facts = await exchange(service, message, response)
  log({ ...facts, ms: clock.monotonic() - started })
}

/** What never became a request: a plain answer, and the connection ends. */
function refuse(error: Error & { code?: string }, socket: Socket, clock: Clock): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = REFUSALS.get(error.code ?? '') ?? '400 Bad Request'
  const body = '{"errors":[],"code":"bad_request"}\n'
  const headers = { ...HEADERS, Connection: 'close', 'Content-Length': body.length }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`)
  // Half open is how node:http takes connections: without this the peer could keep it for ever.
  void clock.sleep(millis(REFUSED_LINGER_MS)).then(() => socket.destroy())
}

const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
])

function listen(server: Server, address: ListenerOptions['address']): Promise<ListenerOptions['address']> {
  const { promise, resolve, reject } = Promise.withResolvers<ListenerOptions['address']>()
  server.once('error', (error: Error & { code?: string }) => {
    const why =
      error.code === 'EADDRINUSE'
        ? 'something listens there already; stop it, or give this server another address'
        : `the system says ${error.code}`
    const text = `cannot listen on ${address.host}:${address.port}: ${why}`
    reject(new OperatingError('config_invalid', text, { cause: error }))
  })
  server.listen(address.port, address.host, () => {
    const bound = server.address() as AddressInfo
    resolve({ host: address.host, port: bound.port })
  })
  return promise
}

function closeNow(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
  server.closeAllConnections()
  return closed
}

async function close(server: Server, clock: Clock, graceMs: number): Promise<void> {
  const timer = new AbortController()
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
  server.closeIdleConnections()
  const late = clock.sleep(millis(graceMs), timer.signal).then(() => server.closeAllConnections())
  await Promise.race([closed, late])
  timer.abort()
  server.closeAllConnections()
}
