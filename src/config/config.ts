import { type Millis, millis } from '../base/clock.ts'
import { CEREMONY_EXPIRY_MS, CEREMONY_UNJOINED_EXPIRY_MS, DEALT_EXPIRY_MS } from '../base/limits.ts'

/** The configuration of a server, checked, frozen, without secrets. */
export interface ServerConfig {
  readonly storage: StorageConfig
  readonly listeners: readonly ListenerConfig[]
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  /** Name of the cluster; made at init when it is not given. */
  readonly clusterName: string | null
  /** Holds what init has to be shown; `null` where anyone who reaches a listener may initialise. */
  readonly initSecretFile: string | null
  /** How long a ceremony may take; how long more once it is dealt; how long it waits for a first holder. */
  readonly ceremonyExpiry: Millis
  readonly dealtExpiry: Millis
  readonly unjoinedExpiry: Millis
  /** Where the number of the process is written while it runs. */
  readonly pidFile: string | null
}

export type StorageConfig =
  /** `folder` holds `conclave.db`. */
  { readonly type: 'sqlite'; readonly folder: string } | { readonly type: 'inmem' }

export interface ListenerConfig {
  readonly host: string
  readonly port: number
  /** `null` only where the operator said `tls_disable`. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  /** Who may open and cancel a ceremony, but for the two families that have a switch of their own. */
  readonly ceremonyAccess: CeremonyAccess
  readonly rekeyAccess: CeremonyAccess
  readonly generateRootAccess: CeremonyAccess
  readonly retireOn: 'acknowledgement' | 'proof'
  /** Names in `Host` that are ours, in lower case, besides addresses and `localhost`. */
  readonly serverNames: readonly string[]
  readonly maxRequestBytes: number
}

/** custody.md section 3. */
export type CeremonyAccess = 'open' | 'guarded'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const LOG_FORMATS = ['standard', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** Something in a configuration that has no effect, told once at the start. The place is in the text. */
export type ConfigWarning = string

/**
 * What `npm start` runs: embedded storage in `./data`, loopback, no TLS because nothing leaves the machine.
 */
export const DEFAULT_CONFIG: ServerConfig = {
  storage: { type: 'sqlite', folder: 'data' },
  listeners: [
    {
      host: '127.0.0.1',
      port: 8200,
      tls: null,
      ceremonyAccess: 'open',
      rekeyAccess: 'open',
      generateRootAccess: 'open',
      retireOn: 'acknowledgement',
      serverNames: [],
      maxRequestBytes: 33_554_432,
    },
  ],
  logLevel: 'info',
  logFormat: 'standard',
  clusterName: null,
  initSecretFile: null,
  ceremonyExpiry: millis(CEREMONY_EXPIRY_MS),
  dealtExpiry: millis(DEALT_EXPIRY_MS),
  unjoinedExpiry: millis(CEREMONY_UNJOINED_EXPIRY_MS),
  pidFile: null,
}
