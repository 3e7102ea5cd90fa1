import { Queue } from '../base/queue.ts'

interface Waiting {
  readonly queue: Queue
  tasks: number
}

/**
 * One queue a token: what changes one token is done in turn, and tokens do not wait for each other. A token
 * that nothing is done with takes no room here.
 */
export class TokenQueues {
  readonly #waiting = new Map<string, Waiting>()

  /** Resolves or rejects as `task` does, once what was asked of this token before has ended. */
  async run<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const waiting = this.#waiting.get(key) ?? { queue: new Queue(), tasks: 0 }
    this.#waiting.set(key, waiting)
    waiting.tasks++
    try {
      return await waiting.queue.run(task)
    } finally {
      waiting.tasks--
      if (waiting.tasks === 0) this.#waiting.delete(key)
    }
  }

  /** How many tokens something is being done with. */
  get size(): number {
    return this.#waiting.size
  }
}
