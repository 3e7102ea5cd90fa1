/** The answers of one turn that wait for each other, at most. */
const MAX_WAITING = 16

/** A turn of the event loop that answers wait to end. There is one loop, and so one turn. */
interface Turn {
  waiting: number
  readonly ended: Promise<void>
  readonly end: () => void
}

let current: Turn | null = null

/**
 * Resolves when the loop has gone through what came in, so that answers made meanwhile go out one after the
 * other. The call that sends must wake a peer that has gone to sleep, which costs more than sending: a peer
 * that is busy with one answer is awake for the next.
 *
 * Nobody waits for more than 15 others.
 */
export function endOfTurn(): Promise<void> {
  current ??= begin()
  const turn = current
  turn.waiting++
  if (turn.waiting === MAX_WAITING) turn.end()
  return turn.ended
}

function begin(): Turn {
  const { promise, resolve } = Promise.withResolvers<void>()
  const turn: Turn = {
    waiting: 0,
    ended: promise,
    end: () => {
      if (current === turn) current = null
      resolve()
    },
  }
  setImmediate(turn.end)
  return turn
}
