import { type Clock, type Millis, millis } from '../base/clock.ts'
import { type ErrorCode, OperatingError } from '../base/errors.ts'
import type { Condition, Page, StorageBackend, Write } from '../physical/backend.ts'

/** How long answers that are under way may still take once the storage has failed. */
const LAST_ANSWERS_MS = 500
/** The storage is looked at no more often, however often somebody asks. */
const LOOK_EVERY_MS = 1000

/** A storage that can be asked whether it would take a commit; `tries` has it write elsewhere to find out. */
export interface GuardedStorage extends StorageBackend {
  check?(tries: boolean): Promise<void>
}

/**
 * After an I/O or fsync error the system may have thrown away what it could not write, and a second fsync
 * would say that all is well. So nothing more is written by this process: keys are wiped, answers under way
 * end, and it exits (custody.md section 2). A backend marks such an error with `detail.io`.
 *
 * Any other refusal ends nothing. It is remembered as trouble until the storage takes a commit again.
 */
export class IoGuard implements StorageBackend {
  readonly #storage: GuardedStorage
  readonly #clock: Clock
  readonly #onIoError: (error: unknown) => void
  readonly #firstFailure = Promise.withResolvers<OperatingError>()
  #failed: OperatingError | null = null
  #trouble: ErrorCode | null = null
  #looked: Millis

  /** `onIoError` is called once, a moment after the first I/O error. */
  constructor(storage: GuardedStorage, clock: Clock, onIoError: (error: unknown) => void) {
    this.#storage = storage
    this.#clock = clock
    this.#onIoError = onIoError
    this.#looked = clock.monotonic()
  }

  /** Resolves at the first I/O error, and before `onIoError`: the time to wipe keys. */
  get failure(): Promise<OperatingError> {
    return this.#firstFailure.promise
  }

  /**
   * Why the storage took no write when it was last looked at, or `null`. Asking has it looked at again,
   * beside the caller: the next answer knows.
   */
  get trouble(): ErrorCode | null {
    this.#look()
    return this.#trouble
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
      this.#note(null)
    } catch (error) {
      this.#note(error)
      throw error
    }
  }

  async settle(): Promise<void> {
    // Opening the store again would read what the system shows, which is not what is on the disk.
    if (this.#failed !== null) throw this.#failed
    await this.#storage.settle()
  }

  async scrub(): Promise<void> {
    if (this.#failed !== null) throw this.#failed
    await this.#storage.scrub()
  }

  close(): Promise<void> {
    return this.#storage.close()
  }

  #note(error: unknown): void {
    if (this.#failed !== null) return
    if (error === null) this.#trouble = null
    // A condition is about what is stored, and everything else that is not ours about the program.
    if (!(error instanceof OperatingError) || error.code === 'condition_failed') return
    this.#trouble = error.code
    if (error.detail['io'] === true) this.#fail(error)
  }

  #look(): void {
    if (this.#storage.check === undefined || this.#failed !== null) return
    const now = this.#clock.monotonic()
    if (now - this.#looked < LOOK_EVERY_MS) return
    this.#looked = now
    const tries = this.#trouble === 'storage_full' || this.#trouble === 'storage_read_only'
    this.#storage.check(tries).then(
      () => this.#note(null),
      (error: unknown) => this.#note(error),
    )
  }

  #fail(error: OperatingError): void {
    this.#failed = new OperatingError('storage_unavailable', 'the storage has failed; the server is ending', {
      cause: error,
    })
    this.#firstFailure.resolve(error)
    void this.#clock.sleep(millis(LAST_ANSWERS_MS)).then(() => this.#onIoError(error))
  }
}
