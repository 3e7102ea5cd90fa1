import type { Clock } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import type { ErrorDetail } from '../base/errors.ts'
import { CEREMONY_EXPIRY_MS, CEREMONY_UNJOINED_EXPIRY_MS, DEALT_EXPIRY_MS } from '../base/limits.ts'
import type { Meter } from '../base/meter.ts'
import type { NoncePool } from '../crypto/nonce-pool.ts'
import type { Primitives } from '../crypto/primitives.ts'
import type { StorageBackend } from '../physical/backend.ts'
import type { Delivery } from './delivery.ts'
import type { Journal } from './journal/journal.ts'

/** What ceremonies are handed: nothing ambient, so that a seed replays a run. */
export interface CeremonyPorts {
  readonly storage: StorageBackend
  readonly primitives: Primitives
  readonly entropy: Entropy
  readonly clock: Clock
  readonly nonces: NoncePool
  readonly log: CeremonyLog
  readonly journal: Journal
  readonly delivery: Delivery
  readonly settings: CeremonySettings
  /** For the barrier of an open store. */
  readonly meter: Meter
}

/** What an operator decides about ceremonies (custody.md section 3, settings). */
export interface CeremonySettings {
  /** From the opening to the quorum. */
  readonly ceremonyExpiryMs: number
  /** What a rekey has on top once new shares are out and wait to be given back. */
  readonly dealtExpiryMs: number
  /** For one that was opened without a credential and that nobody joined. */
  readonly unjoinedExpiryMs: number
}

export const DEFAULT_SETTINGS: CeremonySettings = {
  ceremonyExpiryMs: CEREMONY_EXPIRY_MS,
  dealtExpiryMs: DEALT_EXPIRY_MS,
  unjoinedExpiryMs: CEREMONY_UNJOINED_EXPIRY_MS,
}

/** The operator's log. `facts` are numbers and names of ours: never a share, a key or a token. */
export interface CeremonyLog {
  info(event: string, facts?: ErrorDetail): void
  warn(event: string, facts?: ErrorDetail): void
}
