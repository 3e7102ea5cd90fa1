import type { Clock } from '../../../base/clock.ts'
import type { StorageView } from '../../../logical/backend.ts'
import type { Keys } from './keys.ts'
import type { MountConfig } from './mount-config.ts'

/** What the routes of a mount share. */
export interface Room {
  readonly storage: StorageView
  readonly clock: Clock
  readonly keys: Keys
  readonly config: MountConfig
}
