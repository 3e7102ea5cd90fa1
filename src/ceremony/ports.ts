import type { Clock } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import type { ErrorDetail } from '../base/errors.ts'
import type { NoncePool } from '../crypto/nonce-pool.ts'
import type { Primitives } from '../crypto/primitives.ts'
import type { StorageBackend } from '../physical/backend.ts'

/** What ceremonies are handed: nothing ambient, so that a seed replays a run. */
export interface CeremonyPorts {
  readonly storage: StorageBackend
  readonly primitives: Primitives
  readonly entropy: Entropy
  readonly clock: Clock
  readonly nonces: NoncePool
  readonly log: CeremonyLog
}

/** The operator's log. `facts` are numbers and names of ours: never a share, a key or a token. */
export interface CeremonyLog {
  info(event: string, facts?: ErrorDetail): void
  warn(event: string, facts?: ErrorDetail): void
}
