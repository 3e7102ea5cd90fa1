import type { Socket } from 'node:net'

/**
 * Ends our half of `socket` where node:http would destroy it after a last answer, and gives the peer
 * `lingerMs` without a byte to end its own. Destroying over bytes that nobody has read is a reset, and a
 * reset may take the answer away from the peer that is still reading it.
 */
export function closeAfterPeer(socket: Socket, lingerMs: number): void {
  socket.destroySoon = (): void => {
    socket.end()
    socket.setTimeout(lingerMs, () => socket.destroy())
  }
}
