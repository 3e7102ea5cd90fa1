import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * `LIST`, which hvac and node-vault send and node:http's parser refuses. The refused head is put back into
 * the same connection with a verb that the parser knows, and mapped back when the request comes out. Other
 * verbs cost nothing.
 *
 * It fails closed: only a whole head, alone in its packet, on a connection without an answer pending. A
 * pipelined or split `LIST` is a 400, so that no two readers can disagree where a request ends.
 */
const LIST = Buffer.from('LIST ')
const STAND_IN = 'SEARCH'
/** Where the parser stops at a `LIST` that is its message's first word: `LI` could still be `LINK`. */
const REFUSED_AFTER_BYTES = 2
const END_OF_HEAD = Buffer.from('\r\n\r\n')
const EVENTS = ['data', 'end', 'close', 'drain', 'error', 'timeout', 'pause', 'resume'] as const

/** What node:http keeps on a socket while it parses there. */
interface ParsedSocket extends Socket {
  parser?: { unconsume(): void; remove(): void; close(): void } | null
  _httpMessage?: unknown
}

/**
 * Where node:http's parser looks for a function to call at the first byte of a message (`kOnMessageBegin`).
 */
const ON_MESSAGE_BEGIN = 0

type Listener = (...parameters: unknown[]) => void

export class ListVerb {
  readonly #server: Server
  /** Listeners that a connection had before node:http added its own. */
  readonly #before = new WeakMap<Socket, Map<string, readonly unknown[]>>()
  readonly #standsForList = new WeakSet<Socket>()
  /**
   * Bytes that a connection had given when its newest message began, the packet of its first byte included.
   */
  readonly #begunAt = new WeakMap<Socket, number>()
  readonly #event: 'connection' | 'secureConnection'

  /** `event` is the one by which `server` takes a connection. */
  constructor(server: Server, event: 'connection' | 'secureConnection') {
    this.#server = server
    this.#event = event
    server.prependListener(event, (socket: Socket) => {
      this.#before.set(socket, new Map(EVENTS.map((name) => [name, socket.listeners(name)])))
    })
    // After node:http's own listener: the parser is there.
    server.on(event, (socket: ParsedSocket) => {
      if (!socket.parser) return
      Object.assign(socket.parser, {
        [ON_MESSAGE_BEGIN]: () => void this.#begunAt.set(socket, socket.bytesRead),
      })
    })
  }

  /** The verb that the client sent. */
  verbOf(request: IncomingMessage): string {
    if (request.method === STAND_IN && this.#standsForList.delete(request.socket)) return 'LIST'
    return request.method ?? ''
  }

  /** Takes a refused connection back in when it asked for a `LIST`. False: it is the caller's to answer. */
  revive(error: Error, socket: ParsedSocket): boolean {
    const head = refusedHead(error)
    if (head === null || socket._httpMessage || !socket.writable || this.#standsForList.has(socket))
      return false
    // The message began in an earlier packet: `GE` and then `LIST /…` is no LIST, whatever this packet looks
    // like.
    if (this.#begunAt.get(socket) !== socket.bytesRead) return false
    const before = this.#before.get(socket)
    if (before === undefined) return false
    detach(socket, before)
    this.#standsForList.add(socket)
    this.#server.emit(this.#event, socket)
    socket.unshift(Buffer.concat([Buffer.from(`${STAND_IN} `), head.subarray(LIST.length)]))
    return true
  }
}

/** The packet that was refused, when it is one whole head of a `LIST` and nothing else. */
function refusedHead(error: Error): Buffer | null {
  if (!('code' in error) || error.code !== 'HPE_INVALID_METHOD') return null
  // Anywhere else, the packet's first bytes were the end of another request's body.
  if (!('bytesParsed' in error) || error.bytesParsed !== REFUSED_AFTER_BYTES) return null
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : null
  if (packet === null || !packet.subarray(0, LIST.length).equals(LIST)) return null
  return packet.indexOf(END_OF_HEAD) === packet.length - END_OF_HEAD.length ? packet : null
}

/** Takes node:http's parser and listeners off the connection. */
function detach(socket: ParsedSocket, before: ReadonlyMap<string, readonly unknown[]>): void {
  socket.parser?.unconsume()
  socket.parser?.remove()
  socket.parser = null
  for (const name of EVENTS) {
    const kept = before.get(name) ?? []
    for (const listener of socket.listeners(name)) {
      if (!kept.includes(listener)) socket.removeListener(name, listener as Listener)
    }
  }
}
