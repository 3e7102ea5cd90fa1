import { systemCode, TransportError } from './errors.ts'
import type { Incoming, Outgoing } from './transport.ts'

/** How often a read is asked again that no server has refused, and how to wait for that. */
export interface Retries {
  /** After the first time. */
  readonly times: number
  /** Resolves after so many milliseconds, or rejects once `signal` says that nobody waits any more. */
  pause(waitMs: number, signal: AbortSignal): Promise<unknown>
}

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 8000

/** Somebody who knows the request has said that it will not be done, and never will be. */
const NOT_IMPLEMENTED = 501

/**
 * Asks again where nobody took the connection, or the answer is a failure of the server, until `signal` ends
 * it. Only what reads: of what writes nobody knows whether it was done. Throws what `ask` throws last.
 */
export async function asked(
  outgoing: Pick<Outgoing, 'method'>,
  { times, pause }: Retries,
  { ask, signal }: { readonly ask: () => Promise<Incoming>; readonly signal: AbortSignal },
): Promise<Incoming> {
  const repeats = outgoing.method === 'GET' ? times : 0
  for (let repeat = 0; repeat < repeats; repeat++) {
    try {
      const answer = await ask()
      if (answer.status < 500 || answer.status === NOT_IMPLEMENTED) return answer
      answer.body.fill(0)
    } catch (error) {
      if (!wasRefused(error)) throw error
    }
    // Where the time is over `ask` says so, in its own words.
    await pause(Math.min(FIRST_WAIT_MS * 2 ** repeat, LONGEST_WAIT_MS), signal).catch(() => undefined)
  }
  return await ask()
}

/** Nobody listened: no byte of the request can have been read. */
function wasRefused(error: unknown): boolean {
  return error instanceof TransportError && systemCode(error.cause) === 'ECONNREFUSED'
}
