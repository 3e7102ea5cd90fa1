import type { IncomingMessage, RequestOptions } from 'node:http'
import type { Agent as SecureAgent } from 'node:https'
import type { Socket } from 'node:net'
import { type Address, type Redirect, redirectTarget } from './address.ts'
import { TransportError, transportError } from './errors.ts'
import { Agent, nodeHttps, request as sendPlain } from './node-http.ts'
import { asked, type Retries } from './retries.ts'

/** An answer larger than this is refused. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024
export const REQUEST_TIMEOUT_MS = 60_000

export interface TransportOptions {
  readonly address: Address
  readonly tls?: TlsOptions
  /** How long one request may take in all, with what it is redirected to and asked again. */
  readonly timeoutMs?: number
  /** Ends what is under way, and no request is begun behind it: for all of them together. */
  readonly deadline?: AbortSignal
  /** None where nothing is told. */
  readonly retries?: Retries
  /** A redirect is an answer like any other: no token goes where the address does not say. */
  readonly staysHere?: boolean
}

export interface TlsOptions {
  /** Authorities to trust instead of the system's: the content of a PEM file. */
  readonly ca?: Uint8Array
  /** Certificate and key that this client shows: the content of PEM files. */
  readonly cert?: Uint8Array
  readonly key?: Uint8Array
  /** The name expected in the server's certificate, when it is not the host's. */
  readonly serverName?: string
  /** Talks to anybody who answers. For trying things out only. */
  readonly skipVerify?: boolean
}

export interface Outgoing {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** Begins with a slash; escaped already. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Stays with the caller, who wipes it when `send` has settled. */
  readonly body: Uint8Array | null
}

export interface Incoming {
  readonly status: number
  /** The URL that answered, after a redirect. */
  readonly url: string
  /** In memory of its own: the caller wipes it when it may hold a secret. */
  readonly body: Uint8Array
}

/** Bytes to a server and back, over connections that are kept between requests. */
export class Transport {
  readonly #options: TransportOptions
  readonly #address: Address
  readonly #tls: TlsOptions
  readonly #timeoutMs: number
  readonly #plain = new Agent({ keepAlive: true })
  #secure: SecureAgent | null = null

  constructor(options: TransportOptions) {
    this.#options = options
    this.#address = options.address
    this.#tls = options.tls ?? {}
    this.#timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS
  }

  /** One request and its answer, whatever its status. Follows one 307. Throws `TransportError`. */
  async send(outgoing: Outgoing): Promise<Incoming> {
    const { retries, deadline } = this.#options
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    const signal = deadline === undefined ? timeout : AbortSignal.any([timeout, deadline])
    const ask = (): Promise<Incoming> => this.#redirected(outgoing, signal)
    return retries === undefined ? await ask() : await asked(outgoing, retries, { ask, signal })
  }

  async #redirected(outgoing: Outgoing, signal: AbortSignal): Promise<Incoming> {
    const here = { address: this.#address, path: this.#address.prefix + outgoing.path }
    const first = await this.#exchange(here, outgoing, signal)
    if (first.status !== 307 || first.location === null || this.#options.staysHere === true) return first
    const target = redirectTarget(this.#address, outgoing.path, first.location)
    if (target === null) {
      const hint = 'Give the address of the server that is active.'
      throw new TransportError('answer_invalid', `${first.url} redirects to where this client will not go`, {
        hint,
      })
    }
    return this.#exchange(target, outgoing, signal)
  }

  /**
   * Hands on the body of a good answer as it comes, until `take` wants no more; another answer comes whole.
   * Only its beginning has to come in time. Throws `TransportError`.
   */
  async follow(outgoing: Outgoing, take: (piece: Uint8Array) => Promise<boolean>): Promise<Incoming> {
    const path = this.#address.prefix + outgoing.path
    try {
      const inbound = await this.#begun(path, outgoing)
      const status = inbound.statusCode ?? 0
      const isGood = status >= 200 && status < 300
      const body = isGood ? new Uint8Array(0) : await collect(inbound)
      if (isGood) for await (const piece of inbound) if (!(await take(piece))) break
      return answer(inbound, urlOf(this.#address, path), body)
    } catch (cause) {
      throw transportError(cause, this.#address.text, true)
    }
  }

  /** The head of an answer. */
  #begun(path: string, outgoing: Outgoing): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = this.#address.secure ? nodeHttps().request : sendPlain
    const outbound = request({ ...this.#target(this.#address, path), ...head(outgoing) }, (inbound) => {
      outbound.setTimeout(0)
      resolve(inbound)
    })
    outbound.setTimeout(this.#timeoutMs, () => outbound.destroy(tooSlow(this.#address, this.#timeoutMs)))
    outbound.on('error', reject)
    outbound.end()
    return promise
  }

  /** Where a request goes. */
  placeOf(path: string): { readonly url: string; readonly socketPath: string | null } {
    const { prefix, socketPath } = this.#address
    const url = socketPath === null ? urlOf(this.#address, prefix + path) : `http://localhost${path}`
    return { url, socketPath }
  }

  /** The same server over connections of its own: one, while its requests come one after the other. */
  apart(): Transport {
    return new Transport(this.#options)
  }

  /** Ends the kept connections in order. */
  close(): void {
    this.#plain.destroy()
    this.#secure?.destroy()
  }

  /** Breaks the kept connections: the peer sees an error where it can, and not an orderly end. */
  reset(): void {
    const agents = this.#secure === null ? [this.#plain] : [this.#plain, this.#secure]
    for (const { sockets, freeSockets } of agents) {
      const all = [...Object.values(sockets), ...Object.values(freeSockets)].flatMap((some) => some ?? [])
      for (const socket of all) breakOff(socket)
    }
    this.close()
  }

  #exchange({ address, path }: Redirect, outgoing: Outgoing, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    if (signal.aborted) return Promise.reject(tooSlow(address, this.#timeoutMs))
    const request = address.secure ? nodeHttps().request : sendPlain
    let sent = false
    const fail = (cause: unknown) => {
      reject(signal.aborted ? tooSlow(address, this.#timeoutMs) : transportError(cause, address.text, sent))
    }
    const outbound = request({ ...this.#target(address, path), ...head(outgoing), signal }, (inbound) => {
      collect(inbound).then((body) => resolve(answer(inbound, urlOf(address, path), body)), fail)
    })
    outbound.on('error', fail)
    outbound.on('finish', () => {
      sent = true
    })
    outbound.end(outgoing.body ?? undefined)
    return promise
  }

  #target(address: Address, path: string): RequestOptions & { rejectUnauthorized?: boolean } {
    if (address.socketPath !== null) return { socketPath: address.socketPath, path, agent: this.#plain }
    const target = { host: address.host, port: address.port, path }
    if (!address.secure) return { ...target, agent: this.#plain }
    this.#secure ??= new (nodeHttps().Agent)({ keepAlive: true })
    const { ca, cert, key, serverName, skipVerify } = this.#tls
    return {
      ...target,
      agent: this.#secure,
      rejectUnauthorized: skipVerify !== true,
      ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
      ...(cert === undefined ? {} : { cert: Buffer.from(cert) }),
      ...(key === undefined ? {} : { key: Buffer.from(key) }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    }
  }
}

/** Only bare TCP can be reset; TLS and unix sockets end without a goodbye of theirs. */
function breakOff(socket: Socket): void {
  if ('encrypted' in socket || socket.remotePort === undefined) socket.destroy()
  else socket.resetAndDestroy()
}

interface Answer extends Incoming {
  readonly location: string | null
}

function answer(inbound: IncomingMessage, url: string, body: Uint8Array): Answer {
  return { status: inbound.statusCode ?? 0, url, body, location: inbound.headers.location ?? null }
}

function urlOf({ text, prefix, socketPath }: Address, path: string): string {
  return (socketPath === null ? text.slice(0, text.length - prefix.length) : text) + path
}

function head(outgoing: Outgoing): RequestOptions {
  const length = outgoing.body === null ? {} : { 'content-length': String(outgoing.body.length) }
  return { method: outgoing.method, headers: { ...outgoing.headers, ...length } }
}

/** The whole body in one buffer; the pieces that the socket gave are wiped, as they may hold shares. */
async function collect(inbound: IncomingMessage): Promise<Uint8Array> {
  const pieces: Buffer[] = []
  try {
    let size = 0
    for await (const piece of inbound) {
      if (!Buffer.isBuffer(piece)) continue
      pieces.push(piece)
      size += piece.length
      if (size > MAX_ANSWER_BYTES) throw tooLarge()
    }
    const whole = Buffer.allocUnsafeSlow(size)
    let offset = 0
    for (const piece of pieces) offset += piece.copy(whole, offset)
    return whole
  } finally {
    for (const piece of pieces) piece.fill(0)
  }
}

function tooLarge(): TransportError {
  const hint = 'Is this the address of a secrets server?'
  return new TransportError('answer_too_large', `the answer is larger than ${MAX_ANSWER_BYTES} bytes`, {
    hint,
  })
}

function tooSlow(address: Address, timeoutMs: number): TransportError {
  const hint = 'The server may or may not have done it: read the status before trying again.'
  return new TransportError('timed_out', `no answer from ${address.text} within ${timeoutMs / 1000} s`, {
    hint,
  })
}
