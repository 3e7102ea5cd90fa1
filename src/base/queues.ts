import { Queue } from './queue.ts'

interface Waiting {
  readonly queue: Queue
  tasks: number
}

/** One queue a name: what is done with one thing is done in turn, and things do not wait for each other. */
export class Queues {
  readonly #waiting = new Map<string, Waiting>()

  /** Resolves or rejects as `task` does, once what was asked of this name before has ended. */
  async run<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    const waiting = this.#waiting.get(name) ?? { queue: new Queue(), tasks: 0 }
    this.#waiting.set(name, waiting)
    waiting.tasks++
    try {
      return await waiting.queue.run(task)
    } finally {
      waiting.tasks--
      if (waiting.tasks === 0) this.#waiting.delete(name)
    }
  }
}
