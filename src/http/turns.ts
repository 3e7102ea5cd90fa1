import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { MAX_PIPELINED_REQUESTS, MAX_REQUESTS_PER_CONNECTION, REFUSED_LINGER_MS } from '../base/limits.ts'
import { closeAfterPeer } from './linger.ts'

export interface TurnLimits {
  readonly requests: number
  readonly pipelined: number
}

/** A request, its answer, and what makes the one of the other. */
export interface Turn {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly act: () => void
}

/** What a connection has done so far. */
interface Connection {
  requests: number
  current: Turn | null
  readonly waiting: Turn[]
  /** Called once every turn is over: the answer to what was no request. */
  refuse: (() => void) | null
  /** Nothing that comes behind the newest request is acted on (RFC 9112 section 9.6). */
  isLast: boolean
}

/**
 * The requests of a connection, one after the other. node:http gives out pipelined ones as soon as it has
 * read them: a read would run beside the write that was sent before it, and a refusal would go out before the
 * answers to what came first. RFC 9112 section 9.3.2 lets safe methods alone run side by side.
 */
export class Turns {
  readonly #limits: TurnLimits
  readonly #connections = new WeakMap<Socket, Connection>()

  constructor(limits: Partial<TurnLimits> = {}) {
    this.#limits = {
      requests: limits.requests ?? MAX_REQUESTS_PER_CONNECTION,
      pipelined: limits.pipelined ?? MAX_PIPELINED_REQUESTS,
    }
  }

  /**
   * Calls `turn.act` when every answer before is out: at once, where nothing is pipelined. It may never come.
   * `isLast`: nothing that comes behind this one on the connection is to be read.
   */
  take(turn: Turn, isLast: boolean): void {
    const { socket } = turn.request
    const connection = this.#connections.get(socket) ?? begin()
    this.#connections.set(socket, connection)
    if (connection.isLast) return
    const newest = connection.waiting.at(-1)
    if (newest !== undefined && connection.waiting.length >= this.#limits.pipelined) {
      end(connection, newest)
      return
    }
    connection.requests++
    if (isLast || connection.requests >= this.#limits.requests) end(connection, turn)
    turn.response.once('close', () => next(connection))
    if (connection.current !== null) {
      connection.waiting.push(turn)
      return
    }
    connection.current = turn
    turn.act()
  }

  /**
   * What came on `socket` is no request, or breaks one off: `refuse` is called when its turn comes, and
   * nothing behind it is acted on.
   */
  breakOff(socket: Socket, refuse: () => void): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined || connection.current === null) {
      refuse()
      return
    }
    connection.isLast = true
    const newest = connection.waiting.at(-1) ?? connection.current
    if (newest.request.complete || newest.response.headersSent) {
      connection.refuse = refuse
      return
    }
    // The refusal is its answer.
    if (newest === connection.current) refuse()
    else {
      connection.waiting.pop()
      connection.refuse = refuse
    }
  }
}

function begin(): Connection {
  return { requests: 0, current: null, waiting: [], refuse: null, isLast: false }
}

/** The answer of `turn` says that it is the last, and gives the peer time to read it. */
function end(connection: Connection, turn: Turn): void {
  connection.isLast = true
  turn.response.shouldKeepAlive = false
  closeAfterPeer(turn.request.socket, REFUSED_LINGER_MS)
}

function next(connection: Connection): void {
  const turn = connection.waiting.shift()
  connection.current = turn ?? null
  if (turn !== undefined) turn.act()
  else connection.refuse?.()
}
