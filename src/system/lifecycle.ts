import type { Clock } from '../base/clock.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { Reading } from '../base/meter.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Custodian } from '../ceremony/custodian.ts'
import type { Delivery } from '../ceremony/delivery.ts'
import type { Journal } from '../ceremony/journal/journal.ts'
import type { Primitives } from '../crypto/primitives.ts'
import type { HostPort } from './host-readings.ts'
import type { Measurements } from './metrics.ts'
import type { FollowLog } from './monitor.ts'

/** What the routes outside the mount router work on. */
export interface Lifecycle {
  readonly custodian: Custodian
  readonly journal: Journal
  readonly clock: Clock
  /** For the check words of a share that is given as words, and for what clients want hashed. */
  readonly hashing: Pick<Primitives, 'sha256' | 'digest'>
  /** Random bytes that the caller owns. */
  readonly random: (length: number) => Uint8Array
  readonly gate: TokenGate
  /** Reads the keys of people to whom shares and tokens are wrapped. */
  readonly delivery: Delivery
  /** A one-time password: base62 characters in ASCII, the caller's own. */
  readonly newOtp: (length: number) => SecretBytes
  /** What initialising takes, where the operator closed it; the process keeps it until it ends. */
  readonly initSecret: SecretBytes | null
  /** In constant time. */
  readonly equal: (one: Uint8Array, other: Uint8Array) => boolean
  /** As seal-status calls it: `sqlite`, `inmem`. */
  readonly storageType: string
  /** Why the storage took no write when it was last looked at, or `null`. */
  readonly storageTrouble: () => ErrorCode | null
  /** Where clients reach this node, as far as the configuration says; else empty. */
  readonly apiAddress: string
  readonly host: HostPort
  readonly followLog: FollowLog
  readonly measurements: Measurements
  /** How much there is in an open store. Throws `sealed`. */
  readonly usage: () => Promise<readonly Reading[]>
  /** Known while the store is open. */
  readonly cluster: () => { readonly name: string; readonly id: string } | null
}

/** Asks the token and policy rooms, where a bare route needs more than a share. */
export interface TokenGate {
  /**
   * Whether the token of a request is valid and its policies give `update` and `sudo` on `path` (without
   * `/v1/`). One use of it is spent.
   */
  check(request: TokenSender, path: string): Promise<'allowed' | 'no_token' | 'denied'>
}

/** A token, and where it comes from. */
export interface TokenSender {
  readonly token: string | null
  readonly origin: { readonly source: string }
}
