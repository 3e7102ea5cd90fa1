import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { type UnixMillis, unixMillis } from '../../base/clock.ts'
import { fromUtf8 } from '../../base/encoding.ts'

/** What a certificate says, as far as a server that shows it has to know. */
export interface CertificateFacts {
  readonly notBefore: UnixMillis
  readonly notAfter: UnixMillis
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint` writes it: `AB:CD:…`. */
  readonly fingerprint: string
  coversName(name: string): boolean
  coversAddress(address: string): boolean
}

/** The first certificate of a PEM file; `null` where there is none that OpenSSL can read. */
export function readCertificate(pem: Uint8Array): CertificateFacts | null {
  const certificate = parse(pem)
  return certificate === null ? null : facts(certificate)
}

/**
 * Whether a private key in PEM belongs to the first certificate; which of the two cannot be read, where one
 * cannot.
 */
export function judgeKey(
  certificatePem: Uint8Array,
  keyPem: Uint8Array,
): 'belongs' | 'belongs to another' | 'encrypted' | 'unreadable' {
  const certificate = parse(certificatePem)
  const key = parseKey(keyPem)
  if (certificate === null || key === null) return isEncrypted(keyPem) ? 'encrypted' : 'unreadable'
  return certificate.checkPrivateKey(key) ? 'belongs' : 'belongs to another'
}

function facts(certificate: X509Certificate): CertificateFacts {
  return {
    notBefore: unixMillis(certificate.validFromDate.getTime()),
    notAfter: unixMillis(certificate.validToDate.getTime()),
    fingerprint: certificate.fingerprint256,
    coversName: (name) => certificate.checkHost(name) !== undefined,
    coversAddress: (address) => certificate.checkIP(address) !== undefined,
  }
}

function parse(pem: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    // Whatever OpenSSL has against it: it is no certificate for us, and its texts help nobody.
    return null
  }
}

function parseKey(pem: Uint8Array): KeyObject | null {
  try {
    return createPrivateKey({ key: Buffer.from(pem.buffer, pem.byteOffset, pem.length), format: 'pem' })
  } catch {
    return null
  }
}

/** By its label (RFC 7468 section 11), or by the header that older files have. */
function isEncrypted(pem: Uint8Array): boolean {
  try {
    return /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(
      fromUtf8(pem.subarray(0, 1024)),
    )
  } catch {
    return false
  }
}
