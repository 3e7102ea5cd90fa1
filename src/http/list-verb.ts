import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * `LIST`, which hvac and node-vault send and node:http's parser refuses, and `SCAN` and `HELP`. The refused
 * head is put back into the same connection with a verb that the parser knows, and mapped back when the
 * request comes out. Other verbs cost nothing.
 *
 * It fails closed: only a whole head, alone in its packet, on a connection without an answer pending. A
 * pipelined or split `LIST` is a 400, so that no two readers can disagree where a request ends.
 */
const STAND_IN = 'SEARCH'
/**
 * Where the parser stops at a verb that is its message's first word: `LI` could still be `LINK`, `SC` is the
 * beginning of nothing.
 */
const VERBS = [
  { name: 'LIST', word: Buffer.from('LIST '), refusedAfterBytes: 2 },
  { name: 'SCAN', word: Buffer.from('SCAN '), refusedAfterBytes: 1 },
  { name: 'HELP', word: Buffer.from('HELP '), refusedAfterBytes: 2 },
]
export const PUT_BACK: ReadonlySet<string> = new Set(VERBS.map(({ name }) => name))
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
  /** The verb for which the stand-in stands. */
  readonly #standsFor = new WeakMap<Socket, string>()
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
    const verb = request.method === STAND_IN ? this.#standsFor.get(request.socket) : undefined
    if (verb === undefined) return request.method ?? ''
    this.#standsFor.delete(request.socket)
    return verb
  }

  /** Whether the newest message began in the packet that came last. */
  isWhole(socket: Socket): boolean {
    return this.#begunAt.get(socket) === socket.bytesRead
  }

  /** Takes a refused connection back in when it asked by such a verb. False: it is the caller's to answer. */
  revive(error: Error, socket: ParsedSocket): boolean {
    const refused = refusedHead(error)
    if (refused === null || socket._httpMessage || !socket.writable || this.#standsFor.has(socket))
      return false
    // `GE` and then `LIST /…` is no LIST, whatever this packet looks like.
    if (!this.isWhole(socket)) return false
    const before = this.#before.get(socket)
    if (before === undefined) return false
    detach(socket, before)
    this.#standsFor.set(socket, refused.name)
    this.#server.emit(this.#event, socket)
    socket.unshift(Buffer.concat([Buffer.from(`${STAND_IN} `), refused.behindVerb]))
    return true
  }
}

/** Such a verb where the parser stopped, whatever stands before and behind it; `null` where none stands. */
export function verbOfRefused(error: Error): string | null {
  const stopped = 'bytesParsed' in error && typeof error.bytesParsed === 'number' ? error.bytesParsed : 0
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : null
  const found = VERBS.find(({ word, refusedAfterBytes }) => {
    const start = stopped - refusedAfterBytes
    return start >= 0 && packet?.subarray(start, start + word.length).equals(word) === true
  })
  return found?.name ?? null
}

/** What follows the verb in the packet that was refused, when that is one whole head and nothing else. */
function refusedHead(error: Error): { readonly name: string; readonly behindVerb: Buffer } | null {
  if (!('code' in error) || error.code !== 'HPE_INVALID_METHOD') return null
  // Anywhere else, the packet's first bytes were the end of another request's body.
  const stopped = 'bytesParsed' in error ? error.bytesParsed : undefined
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : null
  if (packet === null) return null
  const verb = VERBS.find(({ word }) => packet.subarray(0, word.length).equals(word))
  if (verb === undefined || stopped !== verb.refusedAfterBytes) return null
  const isWhole = packet.indexOf(END_OF_HEAD) === packet.length - END_OF_HEAD.length
  return isWhole ? { name: verb.name, behindVerb: packet.subarray(verb.word.length) } : null
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
