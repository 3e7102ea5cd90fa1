import type { Clock, UnixMillis } from '../../base/clock.ts'

/** This machine as a diagnosis sees it. What a system does not say is `null`, and nothing is said of it. */
export interface Machine {
  readonly clock: Clock
  /** For example `24.21.0`. */
  readonly nodeVersion: string
  /** The user of this process; `null` where users have no numbers. */
  readonly uid: number | null
  /** Resolves that many milliseconds later. */
  pause(milliseconds: number): Promise<void>
  /** Of a process by its number; of this one for `null`, which a server started from here will resemble. */
  processFacts(pid: number | null): ProcessFacts
  /** The locks that processes hold on files: `/proc/locks` (proc_locks(5)). */
  lockTable(): string | null
  readonly certificates: Certificates
  readonly start: StartChecks
}

/**
 * What the server itself looks at before it starts: why it would not, in a sentence, or `null`. Nothing is
 * made, and an address is held for as long as it takes to look.
 */
export interface StartChecks {
  /** Certificate, key and authority of a listener, as OpenSSL takes them. */
  tls(terms: TlsTerms): string | null
  /** What initialising takes: there, and long enough. */
  initSecret(path: string): string | null
  pidFile(path: string): string | null
  socket(place: SocketPlace): string | null
  /** Whether all of these can be had at once. */
  addresses(addresses: readonly NetworkPlace[]): Promise<string | null>
}

export interface TlsTerms {
  /** PEM files. */
  readonly certFile: string
  readonly keyFile: string
  readonly minVersion: 'tls12' | 'tls13'
  readonly maxVersion: 'tls12' | 'tls13'
  readonly clientCertificates: 'none' | 'asked' | 'required'
  readonly clientCaFile: string | null
}

export interface SocketPlace {
  readonly path: string
  /** Names or numbers of whom the file is to belong to; `null` for whom the server runs as. */
  readonly user: string | null
  readonly group: string | null
}

export interface NetworkPlace {
  readonly host: string
  readonly port: number
}

export interface ProcessFacts {
  /** Of the program that it runs. */
  readonly name: string | null
  readonly uid: number | null
  readonly umask: number | null
  /** How memory with keys could get to a disk, a sentence each with what to do. */
  readonly memoryWarnings: readonly string[]
  /** Why somebody could look into it, with what to do. */
  readonly flagFault: string | null
  /** Whether SIGUSR1 opens the inspector. */
  readonly opensInspector: boolean | null
}

/** Reads the PEM files of a listener; `crypto/node/x509.ts` is one. */
export interface Certificates {
  readCertificate(pem: Uint8Array): CertificateDates | null
  judgeKey(
    certificatePem: Uint8Array,
    keyPem: Uint8Array,
  ): 'belongs' | 'belongs to another' | 'encrypted' | 'unreadable'
}

export interface CertificateDates {
  readonly notBefore: UnixMillis
  readonly notAfter: UnixMillis
  coversName(name: string): boolean
}
