import type { ServerOptions } from 'node:https'
import { nodeTls } from './node-http.ts'

/** What a listener shows to clients and asks of them. Files are read by whoever makes it. */
export interface TlsSettings {
  /** PEM: the server's own certificate first. */
  readonly cert: Uint8Array
  /** PEM. */
  readonly key: Uint8Array
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3'
  /**
   * `asked`: a client may show a certificate, and nothing is made of it: some clients have one for every
   * server, and would fail where nobody asks. `required`: one that `clientCa` vouches for, or no connection.
   */
  readonly clientCertificates: 'none' | 'asked' | 'required'
  /** PEM. Where it is `null`, the authorities that Node.js knows. */
  readonly clientCa: Uint8Array | null
}

/** `SSL_OP_NO_TICKET` of OpenSSL. */
const NO_TICKETS = 1 << 14

/** What may be replaced while the server runs: new connections get the new one. */
export function contextOptions(tls: TlsSettings): ServerOptions {
  const { cert, key, minVersion, maxVersion, clientCa, clientCertificates } = tls
  return {
    cert: Buffer.from(cert),
    key: Buffer.from(key),
    minVersion,
    maxVersion,
    ...(clientCa === null ? {} : { ca: Buffer.from(clientCa) }),
    // A session that is resumed shows no certificate again: it could have expired since.
    ...(clientCertificates === 'required' ? { secureOptions: NO_TICKETS } : {}),
  }
}

/** What OpenSSL has against these: its code, such as `ERR_SSL_EE_KEY_TOO_SMALL`. `null` for nothing. */
export function contextFault(tls: TlsSettings): string | null {
  try {
    nodeTls().createSecureContext(contextOptions(tls))
    return null
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (/^ERR_(?:SSL|OSSL|TLS|CRYPTO)_/.test(code)) return code
    throw error
  }
}

/** What stays as it was when the server was made. */
export function handshakeOptions(tls: TlsSettings, timeoutMs: number): ServerOptions {
  return {
    requestCert: tls.clientCertificates !== 'none',
    rejectUnauthorized: tls.clientCertificates === 'required',
    handshakeTimeout: timeoutMs,
  }
}
