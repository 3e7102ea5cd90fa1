import type { Server, Socket } from 'node:net'
import { sourceOfAddress } from '../base/source-of-address.ts'

export interface SourceLimit {
  /** Connections that one source may have at once. */
  readonly each: number
  /** Called for each connection that is closed because its source has as many as it may. */
  readonly onTooMany: (source: string) => void
}

/**
 * Closes what one source opens beyond its limit, before a byte of it is read, and before a TLS handshake.
 * To be called when everybody else listens for connections: they are shown those only that are let in.
 */
export function limitSources(server: Server, limit: SourceLimit): void {
  const counts = new Map<string, number>()
  const letIn = new WeakSet<Socket>()
  const takers = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    // One that is put back (`list-verb.ts`) has been counted.
    if (!letIn.has(socket) && !enter(socket)) return
    for (const take of takers) take.call(server, socket)
  })

  function enter(socket: Socket): boolean {
    // Gone before anybody looked: there is no address any more, and nobody to serve.
    const source = socket.remoteAddress === undefined ? null : sourceOfAddress(socket.remoteAddress)
    const held = source === null ? 0 : (counts.get(source) ?? 0)
    if (source === null || held >= limit.each) {
      socket.on('error', () => undefined)
      socket.destroy()
      if (source !== null) limit.onTooMany(source)
      return false
    }
    letIn.add(socket)
    counts.set(source, held + 1)
    socket.once('close', () => leave(source))
    return true
  }

  function leave(source: string): void {
    const left = (counts.get(source) ?? 1) - 1
    if (left === 0) counts.delete(source)
    else counts.set(source, left)
  }
}
