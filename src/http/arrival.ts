import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { DELIVERY_LINGER_MS } from '../base/limits.ts'
import { closeAfterPeer } from './linger.ts'

/** What counts on a connection: a client that announced a request as evidence gives none by ending it. */
export type Evidence = 'request or end' | 'request'

/**
 * Evidence that an answer arrived (custody.md section 4 (a)): after it was handed over, on a connection that
 * was open both ways until then, the peer sends another request, or ends it in order and without an error
 * before we do.
 *
 * Not evidence: `finish` (it comes although a killed client has read nothing), a time-out, our own close, a
 * reset, a client that had half-closed before.
 */
interface Delivery {
  readonly socket: Socket
  readonly onArrived: () => void
  readonly onEnd: () => void
  readonly onLost: () => void
  state: 'sending' | 'sent' | 'over'
}

const DELIVERIES = new WeakMap<Socket, Delivery>()

/**
 * Waits for evidence on the connection of `response`; to be called before the answer is handed over. A peer
 * that asked us to close gets 5 s for its own end first.
 */
export function awaitArrival(response: ServerResponse, evidence: Evidence, onArrived: () => void): void {
  const { socket } = response
  // The peer had closed its half already: whatever ends this connection says nothing about the answer.
  if (socket === null || socket.readableEnded || socket.destroyed) return
  const delivery: Delivery = {
    socket,
    onArrived,
    // The peer's FIN, in order: before the answer was handed over it is none, after it, it is the evidence.
    onEnd: () => settle(delivery, delivery.state === 'sent' && evidence === 'request or end'),
    onLost: () => settle(delivery, false),
    state: 'sending',
  }
  DELIVERIES.set(socket, delivery)
  response.once('finish', () => {
    if (delivery.state === 'sending') delivery.state = 'sent'
  })
  socket.on('end', delivery.onEnd)
  socket.on('error', delivery.onLost)
  socket.on('close', delivery.onLost)
  // node:http would destroy the socket after the answer: a reader and a killed client would look alike.
  closeAfterPeer(socket, DELIVERY_LINGER_MS)
}

/** A request has come in on `socket`: if an answer with new shares went out there before, it arrived. */
export function noteRequest(socket: Socket): void {
  const delivery = DELIVERIES.get(socket)
  if (delivery !== undefined) settle(delivery, delivery.state === 'sent')
}

/**
 * Lets the event loop look at its connections once. What a peer did while we were busy is seen only then: an
 * end that had come before the answer must not be taken for one that came after it.
 */
export async function seeWhatCameIn(): Promise<void> {
  // The first of the two may come without a look: it is due at the end of the turn that runs now.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function settle(delivery: Delivery, arrived: boolean): void {
  if (delivery.state === 'over') return
  delivery.state = 'over'
  const { socket } = delivery
  // A kept connection may carry many answers.
  DELIVERIES.delete(socket)
  socket.removeListener('end', delivery.onEnd)
  socket.removeListener('error', delivery.onLost)
  socket.removeListener('close', delivery.onLost)
  if (arrived) delivery.onArrived()
}
