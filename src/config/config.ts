/** The configuration of a server, checked, frozen, without secrets. */
export interface ServerConfig {
  readonly storage: StorageConfig
  readonly listeners: readonly ListenerConfig[]
  readonly logLevel: LogLevel
  readonly logFormat: 'standard' | 'json'
  /** Name of the cluster; made at init when it is not given. */
  readonly clusterName: string | null
}

export type StorageConfig =
  /** `folder` holds `conclave.db`. */
  { readonly type: 'sqlite'; readonly folder: string } | { readonly type: 'inmem' }

export interface ListenerConfig {
  readonly host: string
  readonly port: number
  /** `null` only where the operator said `tls_disable`. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  readonly ceremonyAccess: 'open' | 'guarded'
  readonly retireOn: 'acknowledgement' | 'proof'
  readonly maxRequestBytes: number
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

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
      retireOn: 'acknowledgement',
      maxRequestBytes: 33_554_432,
    },
  ],
  logLevel: 'info',
  logFormat: 'standard',
  clusterName: null,
}
