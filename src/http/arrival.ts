import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { DELIVERY_LINGER_MS } from '../base/limits.ts'

/**
 * Evidence that an answer arrived (custody.md section 4 (a)): after it was handed over, on a connection that
 * was open both ways until then, the peer sends another request, or ends it in order and without an error
 * before we do.
 *
 * Not evidence: `finish` (it comes although a killed client has read nothing), a time-out, our own close, a
 * reset, a client that had half-closed before.
 */
interface Delivery {
  readonly onArrived: () => void
  state: 'sending' | 'sent' | 'over'
}

const DELIVERIES = new WeakMap<Socket, Delivery>()

/** Waits for evidence on the connection of `response`; to be called before the answer is handed over. */
export function awaitArrival(response: ServerResponse, onArrived: () => void): void {
  const { socket } = response
  // The peer had closed its half already: whatever ends this connection says nothing about the answer.
  if (socket === null || socket.readableEnded || socket.destroyed) return
  const delivery: Delivery = { onArrived, state: 'sending' }
  DELIVERIES.set(socket, delivery)
  neverCloseFirst(socket, delivery)
  response.once('finish', () => {
    if (delivery.state === 'sending') delivery.state = 'sent'
  })
  // The peer's FIN, in order: before the answer was handed over it is none, after it, it is the evidence.
  socket.once('end', () => settle(delivery, delivery.state === 'sent'))
  socket.once('error', () => settle(delivery, false))
  socket.once('close', () => settle(delivery, false))
}

/** A request has come in on `socket`: if an answer with new shares went out there before, it arrived. */
export function noteRequest(socket: Socket): void {
  const delivery = DELIVERIES.get(socket)
  if (delivery !== undefined) settle(delivery, delivery.state === 'sent')
}

function settle(delivery: Delivery, arrived: boolean): void {
  if (delivery.state === 'over') return
  delivery.state = 'over'
  if (arrived) delivery.onArrived()
}

/**
 * Where the client asked for `Connection: close`, node:http would destroy the socket once the answer is out,
 * and a reader and a killed client would look alike. Here we end our half and give the peer up to 5 s for its
 * FIN.
 */
function neverCloseFirst(socket: Socket, delivery: Delivery): void {
  socket.destroySoon = (): void => {
    socket.end()
    socket.setTimeout(DELIVERY_LINGER_MS, () => {
      settle(delivery, false)
      socket.destroy()
    })
  }
}
