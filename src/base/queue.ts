/** Runs one task after another, in the order they came; a task that fails does not stop the next. */
export class Queue {
  #tail: Promise<unknown> = Promise.resolve()

  /** Resolves or rejects as `task` does, once all earlier tasks have ended. */
  run<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(task)
    // The next task waits for this one whatever came of it; the failure itself goes to our caller.
    this.#tail = result.catch(() => undefined)
    return result
  }
}
