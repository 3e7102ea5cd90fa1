import { type Clock, millis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import type { Condition, Page, StorageBackend, Write } from '../physical/backend.ts'

/** How long answers that are under way may still take once the storage has failed. */
const LAST_ANSWERS_MS = 500

/**
 * After an I/O or fsync error the system may have thrown away what it could not write, and a second fsync
 * would say that all is well. So nothing more is written by this process: answers under way end, keys are
 * wiped, and it exits (custody.md section 2). A backend marks such an error with `detail.io`.
 */
export class IoGuard implements StorageBackend {
  readonly #storage: StorageBackend
  readonly #clock: Clock
  readonly #onIoError: (error: unknown) => void
  #failed: OperatingError | null = null

  /** `onIoError` is called once, a moment after the first I/O error. */
  constructor(storage: StorageBackend, clock: Clock, onIoError: (error: unknown) => void) {
    this.#storage = storage
    this.#clock = clock
    this.#onIoError = onIoError
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#storage.get(key)
  }

  list(prefix: string, page: Page): Promise<readonly string[]> {
    return this.#storage.list(prefix, page)
  }

  async commit(batch: readonly Write[], conditions?: readonly Condition[]): Promise<void> {
    if (this.#failed !== null) throw this.#failed
    try {
      await this.#storage.commit(batch, conditions)
    } catch (error) {
      if (error instanceof OperatingError && error.detail['io'] === true) this.#fail(error)
      throw error
    }
  }

  settle(): Promise<void> {
    return this.#storage.settle()
  }

  scrub(): Promise<void> {
    return this.#storage.scrub()
  }

  close(): Promise<void> {
    return this.#storage.close()
  }

  #fail(error: OperatingError): void {
    if (this.#failed !== null) return
    this.#failed = new OperatingError('storage_unavailable', 'the storage has failed; the server is ending', {
      cause: error,
    })
    void this.#clock.sleep(millis(LAST_ANSWERS_MS)).then(() => this.#onIoError(error))
  }
}
