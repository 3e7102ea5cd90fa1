import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { millis } from '../base/clock.ts'
import {
  ANSWER_BYTES_PER_SECOND,
  ANSWER_TIMEOUT_MS,
  MAX_UNAUTHENTICATED_BODY_BYTES,
  REFUSED_LINGER_MS,
} from '../base/limits.ts'
import type { BareResponse } from '../logical/bare-route.ts'
import { awaitArrival, seeWhatCameIn } from './arrival.ts'
import { wipeUnread } from './body.ts'
import type { BodyBudget } from './body-budget.ts'
import { endOfTurn } from './end-of-turn.ts'
import { type WrittenJson, writeJson } from './json-writer.ts'
import { sendLines } from './line-stream.ts'
import { closeAfterPeer } from './linger.ts'
import { evidenceOf } from './request-head.ts'

/** On every answer (surface.md section 0, 16 and 17). */
export const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Type': 'application/json',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
}

/** An answer with its bytes. Whoever has it calls `end` once it has gone out, or never will. */
export interface Prepared {
  readonly answer: BareResponse
  readonly written: WrittenJson | null
  readonly end: () => void
}

/** Which budget the bytes of an answer count for, and whose they are: the token's, as it was sent. */
interface Account {
  readonly budget: BodyBudget
  readonly owner: string | null
}

/**
 * Writes the bytes of an answer. Throws `overloaded` where a large one does not fit into the budget: answers
 * that nobody takes stay in memory. `null`: it is small, or must go out whatever else does.
 */
export function prepare(answer: BareResponse, account: Account | null): Prepared {
  const written = answer.body === null ? null : writeJson(answer.body)
  if (written === null || account === null || written.length <= MAX_UNAUTHENTICATED_BODY_BYTES) {
    return { answer, written, end: () => written?.wipe() }
  }
  const room = account.budget.open(account.owner)
  const end = (): void => {
    written.wipe()
    room[Symbol.dispose]()
  }
  try {
    room.cover(written.length)
    return { answer, written, end }
  } catch (error) {
    end()
    throw error
  }
}

interface Outgoing {
  readonly request: IncomingMessage
  readonly method: string
  readonly response: ServerResponse
  readonly namespace: string | null
  readonly clock: Clock
}

/** Sends an answer, or takes care that nothing of it is left where its peer has gone. */
export async function send(
  { answer, written, end }: Prepared,
  { request, method, response, namespace, clock }: Outgoing,
): Promise<void> {
  try {
    if (answer.onArrived !== undefined) {
      await seeWhatCameIn()
      awaitArrival(response, evidenceOf(request), answer.onArrived)
    }
    wipeUnread(request)
    if (!request.complete) closeUnread(request, response)
    // Nothing may come between that look and the answer.
    else if (answer.onArrived === undefined) await endOfTurn()
    // Where the peer left before its answer was made, `close` has been and will not come again.
    if (response.destroyed) {
      end()
      answer.stream?.end()
      return
    }
    response.once('error', () => response.destroy())
    if (namespace !== null) response.setHeader('X-Vault-Namespace', namespace)
    if (answer.stream !== undefined) {
      await sendLines(response, answer.stream, HEADERS)
      return
    }
    if (written === null) {
      response.writeHead(answer.status, HEADERS).end()
      return
    }
    response.once('close', end)
    if (written.length > MAX_UNAUTHENTICATED_BODY_BYTES) cutWhenSlow(response, written.length, clock)
    response.writeHead(answer.status, { ...HEADERS, 'Content-Length': written.length })
    response.end(method === 'HEAD' ? undefined : written.body)
  } catch (error) {
    end()
    throw error
  }
}

/** A peer that takes a byte now and then would keep a large answer in memory for as long as it likes. */
function cutWhenSlow(response: ServerResponse, length: number, clock: Clock): void {
  const taken = new AbortController()
  response.once('close', () => taken.abort())
  const limit = millis(ANSWER_TIMEOUT_MS + (length * 1000) / ANSWER_BYTES_PER_SECOND)
  void clock.sleep(limit, taken.signal).then(() => {
    if (!response.closed) response.destroy()
  })
}

/** What is left of a body is not read for its own sake: it could be without end. */
function closeUnread(request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false
  closeAfterPeer(request.socket, REFUSED_LINGER_MS)
}
