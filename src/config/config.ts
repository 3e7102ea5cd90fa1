import { type Millis, millis } from '../base/clock.ts'
import {
  CEREMONY_EXPIRY_MS,
  CEREMONY_UNJOINED_EXPIRY_MS,
  DEALT_EXPIRY_MS,
  HEAD_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  LEASE_TTL_S,
  MAX_BODY_BYTES,
  MAX_CONNECTIONS,
  REQUEST_TIMEOUT_MS,
  STALL_TIMEOUT_MS,
} from '../base/limits.ts'

import { DEFAULT_METRICS, DEFAULT_TELEMETRY, type MetricsTerms, type TelemetryConfig } from './telemetry.ts'

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
  /** What mounts that name no bounds of their own give out. In seconds, above zero. */
  readonly leases: { readonly defaultTtl: number; readonly maxTtl: number }
  /** Where the number of the process is written while it runs. */
  readonly pidFile: string | null
  readonly telemetry: TelemetryConfig
}

export type StorageConfig =
  /** `folder` holds `conclave.db`. */
  { readonly type: 'sqlite'; readonly folder: string } | { readonly type: 'inmem' }

export type ListenerConfig = TcpListenerConfig | UnixListenerConfig

/** What every listener is told, wherever it listens. */
export interface ListenerTerms {
  /** Who may open and cancel a ceremony, but for the two families that have a switch of their own. */
  readonly ceremonyAccess: CeremonyAccess
  readonly rekeyAccess: CeremonyAccess
  readonly generateRootAccess: CeremonyAccess
  readonly retireOn: 'acknowledgement' | 'proof'
  /** Names in `Host` that are ours, in lower case, besides addresses and `localhost`. */
  readonly serverNames: readonly string[]
  readonly maxRequestBytes: number
  readonly timeouts: ListenerTimeouts
  readonly maxConnections: number
  readonly metrics: MetricsTerms
}

export interface TcpListenerConfig extends ListenerTerms {
  readonly type: 'tcp'
  readonly host: string
  readonly port: number
  /** `null`: no limit but that of all, as on loopback, where everybody has one address. */
  readonly maxConnectionsPerSource: number | null
  /** `null` only where the operator said `tls_disable`, or no file describes the listener. */
  readonly tls: TlsConfig | null
}

export interface UnixListenerConfig extends ListenerTerms {
  readonly type: 'unix'
  /** Of the socket file. */
  readonly path: string
  /** Permission bits of the socket file: who may write to it may connect. */
  readonly mode: number
  /** Names or numbers of who is to own the socket file; `null` for whom the server runs as. */
  readonly user: string | null
  readonly group: string | null
}

export interface TlsConfig {
  readonly certificate: CertificateFiles | 'self-signed'
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  /** Whether a client may show a certificate, or must show one that `clientCaFile` vouches for. */
  readonly clientCertificates: 'none' | 'asked' | 'required'
  readonly clientCaFile: string | null
}

/** PEM: the server's certificate first, then those that vouch for it. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

export const TLS_VERSIONS = ['tls12', 'tls13'] as const
export type TlsVersion = (typeof TLS_VERSIONS)[number]

/** How long a connection may take; `base/limits.ts` says what each means. */
export interface ListenerTimeouts {
  readonly head: Millis
  readonly request: Millis
  readonly idle: Millis
  readonly stall: Millis
}

/** custody.md section 3. */
export type CeremonyAccess = 'open' | 'guarded'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const LOG_FORMATS = ['standard', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** Something in a configuration that has no effect, told once at the start. The place is in the text. */
export type ConfigWarning = string

export const DEFAULT_TIMEOUTS: ListenerTimeouts = {
  head: millis(HEAD_TIMEOUT_MS),
  request: millis(REQUEST_TIMEOUT_MS),
  idle: millis(IDLE_TIMEOUT_MS),
  stall: millis(STALL_TIMEOUT_MS),
}

/** Of a server that nobody configured. */
export const DEFAULT_LISTENER: TcpListenerConfig = {
  type: 'tcp',
  host: '127.0.0.1',
  port: 8200,
  tls: null,
  ceremonyAccess: 'open',
  rekeyAccess: 'open',
  generateRootAccess: 'open',
  retireOn: 'acknowledgement',
  serverNames: [],
  maxRequestBytes: MAX_BODY_BYTES,
  timeouts: DEFAULT_TIMEOUTS,
  maxConnections: MAX_CONNECTIONS,
  metrics: DEFAULT_METRICS,
  maxConnectionsPerSource: null,
}

/**
 * What `npm start` runs: embedded storage in `./data`, loopback, no TLS because nothing leaves the machine.
 */
export const DEFAULT_CONFIG: ServerConfig = {
  storage: { type: 'sqlite', folder: 'data' },
  listeners: [DEFAULT_LISTENER],
  logLevel: 'info',
  logFormat: 'standard',
  clusterName: null,
  initSecretFile: null,
  ceremonyExpiry: millis(CEREMONY_EXPIRY_MS),
  dealtExpiry: millis(DEALT_EXPIRY_MS),
  unjoinedExpiry: millis(CEREMONY_UNJOINED_EXPIRY_MS),
  leases: { defaultTtl: LEASE_TTL_S, maxTtl: LEASE_TTL_S },
  pidFile: null,
  telemetry: DEFAULT_TELEMETRY,
}
