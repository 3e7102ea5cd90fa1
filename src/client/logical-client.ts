import { utf8 } from '../base/encoding.ts'
import { isMembers, type Members } from './answers.ts'
import { apiError, type Exchange, parseMembers } from './exchange.ts'
import type { Incoming } from './transport.ts'

/** What a logical path holds: the parsed envelope, and its bytes as they came. */
export interface LogicalAnswer {
  readonly members: Members
  readonly body: Uint8Array
  /** 404 where the answer says why there is nothing (surface.md section 0.4). */
  readonly status: number
}

/** Parameters behind the question mark. */
export type Query = Readonly<Record<string, string>>

/**
 * The verbs of everyday requests, on paths as people write them. Every method throws `ApiError` when the
 * server refuses and `TransportError` when no usable answer came.
 */
export class LogicalClient {
  readonly #exchange: Exchange

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** What a path holds, or `null` when there is nothing. */
  async read(path: string, query: Query = {}): Promise<LogicalAnswer | null> {
    return found('GET', await this.#exchange.any('GET', logicalPath(path) + search(query)))
  }

  /** The names below a path, in the envelope's `data.keys`, or `null` when there are none. */
  async list(path: string): Promise<LogicalAnswer | null> {
    return found('GET', await this.#exchange.any('GET', folderPath(path) + search({ list: 'true' })))
  }

  /** The names at every depth below a path. */
  async scan(path: string): Promise<LogicalAnswer | null> {
    return found('GET', await this.#exchange.any('GET', folderPath(path) + search({ scan: 'true' })))
  }

  /** Writes JSON, as bytes or as members. The envelope that came back, or `null` for an empty answer. */
  async write(path: string, body: Members | Uint8Array): Promise<LogicalAnswer | null> {
    return logical(await this.#exchange.raw('PUT', logicalPath(path), json(body)))
  }

  /** Changes members and leaves the others: a JSON merge patch (RFC 7396), in which `null` takes away. */
  async patch(path: string, body: Members): Promise<LogicalAnswer | null> {
    return logical(await this.#exchange.raw('PATCH', logicalPath(path), json(body)))
  }

  async delete(path: string): Promise<LogicalAnswer | null> {
    return logical(await this.#exchange.raw('DELETE', logicalPath(path)))
  }

  /** What a path tells without end, as it comes, until `take` wants no more. */
  async follow(path: string, query: Query, take: (piece: Uint8Array) => Promise<boolean>): Promise<void> {
    await this.#exchange.follow(logicalPath(path) + search(query), take)
  }

  /** What the server says of a path: `help`, `see_also`, `openapi`. */
  async help(path: string): Promise<Members> {
    return parseMembers(await this.#exchange.raw('GET', logicalPath(path) + search({ help: '1' })))
  }
}

/** A 404 without a text means "nothing there"; with one it is an error (surface.md section 15.3). */
function found(method: string, incoming: Incoming): LogicalAnswer | null {
  if (incoming.status >= 200 && incoming.status < 300) return logical(incoming)
  const error = apiError(method, incoming)
  if (incoming.status !== 404 || error.errors.length > 0) throw error
  const answer = explained(incoming)
  return answer !== null && saysSomething(answer.members) ? answer : null
}

/** `null` where the body is no JSON: the page of a proxy. */
function explained(incoming: Incoming): LogicalAnswer | null {
  try {
    return logical(incoming)
  } catch {
    return null
  }
}

function saysSomething({ data, warnings }: Members): boolean {
  return isMembers(data) || (Array.isArray(warnings) && warnings.length > 0)
}

function logical(incoming: Incoming): LogicalAnswer | null {
  if (incoming.body.length === 0) return null
  return { members: parseMembers(incoming), body: incoming.body, status: incoming.status }
}

function json(body: Members | Uint8Array): Uint8Array {
  return body instanceof Uint8Array ? body : utf8(JSON.stringify(body))
}

function search(query: Query): string {
  const text = new URLSearchParams(query).toString()
  return text === '' ? '' : `?${text}`
}

/**
 * `/v1/` and the path, each segment escaped. Slashes in front and a leading `v1/` are dropped, as people
 * type both.
 */
function logicalPath(path: string): string {
  const trimmed = path.replace(/^\/+/, '').replace(/^v1\//, '')
  return `/v1/${trimmed.split('/').map(encodeURIComponent).join('/')}`
}

function folderPath(path: string): string {
  return logicalPath(path === '' || path.endsWith('/') ? path : `${path}/`)
}
