import type { Clock, UnixMillis } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import type { ErrorDetail } from '../base/errors.ts'
import type { Meter } from '../base/meter.ts'
import type { LeaseKeeper, MountTtl, StorageView } from '../logical/backend.ts'
import type { JsonPort } from '../logical/json-port.ts'

/** What the room asks of the others. */
export interface LeasePorts {
  /** The room's own prefix. */
  readonly storage: StorageView
  readonly clock: Clock
  readonly entropy: Entropy
  readonly meter: Meter
  /** The mount with this accessor as it stands now; `null` when it has gone. */
  readonly mount: (accessor: string) => LeasingMount | null
  /**
   * Does `act` while the token at this place is good: what it stores is found by whoever ends the token
   * afterwards. Throws `permission_denied` where it is not good.
   */
  readonly whileGood: (tokenKey: string, act: () => Promise<void>) => Promise<void>
  readonly json: JsonPort
  readonly log: LeaseLog
  /** Something is due at this time, maybe before anything else. */
  readonly wake: (time: UnixMillis) => void
}

/** A mount whose engine makes secrets that end. */
export interface LeasingMount {
  readonly accessor: string
  readonly ttl: () => MountTtl
  /** Absent where it makes none. */
  readonly keeper: LeaseKeeper | undefined
  /** It has been taken away, and what it made is being ended. */
  readonly isLeaving: boolean
}

/** The operator's log. `facts` are numbers and names of ours, never a path below a mount. */
export interface LeaseLog {
  info(event: string, facts?: ErrorDetail): void
  warn(event: string, facts?: ErrorDetail): void
}
