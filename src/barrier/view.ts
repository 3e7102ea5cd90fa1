import { assert } from '../base/assert.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_LIST_PAGE } from '../base/limits.ts'
import type { Barrier, PlainWrite } from './barrier.ts'

/** Plaintext storage below one prefix; there is no key by which it could leave it. */
export class BarrierView {
  readonly #barrier: Barrier
  readonly #prefix: string
  #closed = false

  /** `prefix` ends in `/`. */
  constructor(barrier: Barrier, prefix: string) {
    assert(prefix.endsWith('/') && prefix.length > 1, 'a view has a folder of its own')
    this.#barrier = barrier
    this.#prefix = prefix
  }

  async get(key: string): Promise<Uint8Array | null> {
    return await this.#barrier.get(this.#place(key))
  }

  async has(key: string): Promise<boolean> {
    return await this.#barrier.has(this.#place(key))
  }

  async page(
    prefix: string,
    page: { readonly after: string; readonly limit: number },
  ): Promise<readonly string[]> {
    return await this.#barrier.list(this.#prefix + prefix, page)
  }

  /** All names directly below `prefix`, read page by page. */
  async list(prefix: string): Promise<readonly string[]> {
    const names: string[] = []
    for (;;) {
      const page = { after: names.at(-1) ?? '', limit: MAX_LIST_PAGE }
      const next = await this.page(prefix, page)
      names.push(...next)
      if (next.length < page.limit) return names
    }
  }

  /** Throws `not_found` once the view was closed. */
  async commit(batch: readonly PlainWrite[]): Promise<void> {
    if (this.#closed) throw new OperatingError('not_found', 'what was mounted here has been taken away')
    await this.#barrier.commit(batch.map((write) => ({ ...write, key: this.#place(write.key) })))
  }

  /** Nothing is written by this view any more: what it is for is being removed. */
  close(): void {
    this.#closed = true
  }

  #place(key: string): string {
    // Prefixes are joined, never resolved: there is no `..` here. The router refuses such paths before.
    assert(key.length > 0 && !key.startsWith('/'), 'a key of a view is relative')
    return this.#prefix + key
  }
}
