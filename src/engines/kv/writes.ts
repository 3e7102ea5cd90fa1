import type { StorageView, ViewWrite } from '../../logical/backend.ts'

/** Writes under way, so that an engine can end knowing that none comes behind its end. */
export class Writes {
  readonly #refusal: () => Error
  readonly #under = new Set<Promise<unknown>>()
  #ended = false

  /** `refusal`: what a write gets that comes after the end. */
  constructor(refusal: () => Error) {
    this.#refusal = refusal
  }

  async run<Result>(write: () => Promise<Result>): Promise<Result> {
    if (this.#ended) throw this.#refusal()
    const running = write()
    this.#under.add(running)
    try {
      return await running
    } finally {
      this.#under.delete(running)
    }
  }

  /** Resolves when the writes under way have ended, however they did. */
  async end(): Promise<void> {
    this.#ended = true
    await Promise.allSettled(this.#under)
  }
}

/** Commits values that were made for it alone, which are wiped once they are sealed, or refused. */
export async function commitWiping(storage: StorageView, writes: readonly ViewWrite[]): Promise<void> {
  try {
    await storage.commit(writes)
  } finally {
    for (const write of writes) if (write.op === 'put') write.value.fill(0)
  }
}
