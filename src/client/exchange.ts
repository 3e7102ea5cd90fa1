import { fromUtf8, utf8 } from '../base/encoding.ts'
import { isMembers, type Members, text } from './answers.ts'
import { ApiError, TransportError } from './errors.ts'
import { parseExactly } from './json-numbers.ts'
import { NotSent } from './not-sent.ts'
import { type SplitAnswer, splitSecrets } from './secret-json.ts'
import type { Incoming, Outgoing, Transport } from './transport.ts'

export interface ExchangeOptions {
  readonly transport: Transport
  readonly token: string | null
  readonly namespace: string | null
  /** On every request, besides the usual ones. */
  readonly headers?: Readonly<Record<string, string>>
  /** Throws `NotSent` in place of sending anything. */
  readonly onlyShows?: boolean
}

const JSON_TYPE = 'application/json'
/** Surface.md section 0.18: no other is taken for a PATCH. */
const MERGE_PATCH_TYPE = 'application/merge-patch+json'

/** Requests with this client's headers, and answers read as JSON or as errors. */
export class Exchange {
  readonly #options: ExchangeOptions
  readonly #transport: Transport
  readonly #headers: Readonly<Record<string, string>>

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#transport = options.transport
    this.#headers = {
      // Servers that demand it use it to tell a client from a page that a browser was tricked into posting.
      'X-Vault-Request': 'true',
      ...(options.token === null ? {} : { 'X-Vault-Token': options.token }),
      ...(options.namespace === null ? {} : { 'X-Vault-Namespace': options.namespace }),
      ...options.headers,
    }
  }

  /** The same requests with more headers, over connections of their own. Whoever asked for it ends them. */
  apart(headers: Readonly<Record<string, string>>): Exchange {
    const all = { ...this.#options.headers, ...headers }
    return new Exchange({ ...this.#options, transport: this.#transport.apart(), headers: all })
  }

  /** Ends the connections in order. */
  close(): void {
    this.#transport.close()
  }

  /** Breaks the connections: the peer sees an error where it can, and not an orderly end. */
  reset(): void {
    this.#transport.reset()
  }

  /** The answer of any status below 400. Throws `ApiError` and `TransportError`. */
  async raw(method: Outgoing['method'], path: string, body: Uint8Array | null = null): Promise<Incoming> {
    const incoming = await this.any(method, path, body)
    if (incoming.status >= 200 && incoming.status < 300) return incoming
    throw apiError(method, incoming)
  }

  /** The answer whatever its status. Throws `TransportError` and `NotSent`. */
  async any(method: Outgoing['method'], path: string, body: Uint8Array | null = null): Promise<Incoming> {
    const type = { 'Content-Type': method === 'PATCH' ? MERGE_PATCH_TYPE : JSON_TYPE }
    const headers = { ...this.#headers, ...(body === null ? {} : type) }
    const outgoing = { method, path, body, headers }
    if (this.#options.onlyShows === true) throw new NotSent(outgoing, this.#transport.placeOf(path))
    return this.#transport.send(outgoing)
  }

  /** Hands on a body that has no end, as it comes, until `take` wants no more. Throws as `raw` does. */
  async follow(path: string, take: (piece: Uint8Array) => Promise<boolean>): Promise<void> {
    const outgoing = { method: 'GET', path, body: null, headers: this.#headers } as const
    if (this.#options.onlyShows === true) throw new NotSent(outgoing, this.#transport.placeOf(path))
    const incoming = await this.#transport.follow(outgoing, take)
    if (incoming.status < 200 || incoming.status >= 300) throw apiError('GET', incoming)
  }

  /** The members of a JSON object that is answered. An empty answer has none. */
  async members(method: Outgoing['method'], path: string, body: Members | null = null): Promise<Members> {
    const sent = body === null ? null : utf8(JSON.stringify(body))
    return parseMembers(await this.raw(method, path, sent))
  }

  /**
   * Sends a body that may carry a share, wipes it, and takes the secrets out of the answer as bytes. The
   * members are those of the envelope's `data`, where the answer is one.
   */
  async secrets(method: 'PUT' | 'DELETE', path: string, body: Uint8Array | null): Promise<SecretAnswer> {
    try {
      const incoming = await this.raw(method, path, body)
      if (incoming.body.length === 0) return { members: {}, secrets: new Map() }
      const split = splitSecrets(incoming.body)
      if (split === null) throw unreadable(incoming.url)
      return { members: payload(parseText(split.text, incoming.url)), secrets: split.secrets }
    } finally {
      body?.fill(0)
    }
  }
}

export interface SecretAnswer {
  readonly members: Members
  readonly secrets: SplitAnswer['secrets']
}

/** What an answer says: the `data` of an envelope, or all that is bare (key-lifecycle.md section 1.1). */
export function payload(members: Members): Members {
  const { data } = members
  return 'request_id' in members && isMembers(data) ? data : members
}

/** The members of an answer that holds no secret. Throws `TransportError` when it is not a JSON object. */
export function parseMembers(incoming: Incoming): Members {
  if (incoming.body.length === 0) return {}
  return parseText(fromUtf8(incoming.body), incoming.url)
}

/** The error that an answer of 300 and above stands for. */
export function apiError(method: string, incoming: Incoming): ApiError {
  const members = errorMembers(incoming)
  const errors = Array.isArray(members['errors'])
    ? members['errors'].filter((line) => typeof line === 'string')
    : []
  const code = text(members, 'code')
  const answer = { status: incoming.status, errors, code: code === '' ? null : code }
  return new ApiError(answer, { method, url: incoming.url })
}

function errorMembers(incoming: Incoming): Members {
  try {
    return parseMembers(incoming)
  } catch {
    // A proxy's page, for example: the status alone says enough, and its text is not ours to repeat.
    return {}
  }
}

function parseText(json: string, url: string): Members {
  let value: unknown
  try {
    value = parseExactly(json)
  } catch {
    throw unreadable(url)
  }
  if (!isMembers(value)) throw unreadable(url)
  return value
}

function unreadable(url: string): TransportError {
  const hint = 'Is this the address of a secrets server? A proxy in between may have answered.'
  return new TransportError('answer_invalid', `the answer of ${url} cannot be read`, { hint })
}
