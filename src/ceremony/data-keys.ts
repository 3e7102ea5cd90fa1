import type { RotationConfig } from '../barrier/keyring.ts'
import type { UnixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_OPERATIONS_DEFAULT, MIN_OPERATIONS, MIN_ROTATION_INTERVAL_MS } from '../base/limits.ts'
import type { DeskPlace } from './desk.ts'

/** The newest data key, as `sys/key-status` shows it. */
export interface KeyStatus {
  readonly term: number
  readonly createdAt: UnixMillis
  /** Seals that were done under it, not those that are reserved. */
  readonly operations: number
}

/** The data keys of an open store. Every method throws `sealed` on another. */
export class DataKeys {
  readonly #place: DeskPlace

  constructor(place: DeskPlace) {
    this.#place = place
  }

  status(): KeyStatus {
    const { barrier } = this.#place.expectOpen().session
    const { term, createdAt } = barrier.keyring.active
    return { term, createdAt, operations: barrier.done }
  }

  /**
   * Makes a new data key for what is written from now on; what was written before stays readable. Slot, link
   * and root key are untouched, so it is fine while a set is retiring. Throws what storage throws.
   */
  async rotate(): Promise<void> {
    await this.#place.run(async () => {
      const session = this.#place.expectOpen().session
      await session.change({ term: 'new', entries: [] })
      this.#place.ports.log.info('data key rotated', {
        term: session.barrier.keyring.active.term,
        why: 'asked for',
      })
    })
  }

  /** When a new data key is made by itself. */
  rotation(): RotationConfig {
    return this.#place.expectOpen().session.barrier.keyring.rotation
  }

  /** What is left out stays. Throws `parameters_invalid` with the words of key-lifecycle.md section 3.9. */
  async configureRotation(change: Partial<RotationConfig>): Promise<void> {
    await this.#place.run(async () => {
      const session = this.#place.expectOpen().session
      const rotation = { ...session.barrier.keyring.rotation, ...change }
      checkRotation(rotation)
      await session.change({ term: 'same', entries: [], rotation })
      this.#place.ports.log.info('rotation of data keys configured', { ...rotation })
    })
  }
}

/** The interval is judged before the number, as the peer does. */
function checkRotation({ intervalMs, maxOperations }: RotationConfig): void {
  if (intervalMs !== 0 && intervalMs < MIN_ROTATION_INTERVAL_MS) {
    throw new OperatingError('parameters_invalid', 'interval must be greater or equal to 24h0m0s')
  }
  if (maxOperations < MIN_OPERATIONS || maxOperations > MAX_OPERATIONS_DEFAULT) {
    const range = `[${MIN_OPERATIONS},${MAX_OPERATIONS_DEFAULT}]`
    throw new OperatingError('parameters_invalid', `max_operations must be in the range ${range}`)
  }
}
