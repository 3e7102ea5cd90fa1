import { readFileSync, statSync } from 'node:fs'
import { rfc3339, type UnixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { CERTIFICATE_WARNING_MS, MAX_PEM_BYTES } from '../base/limits.ts'
import type { CertificateFiles, TlsConfig, TlsVersion } from '../config/config.ts'
import { type CertificateFacts, judgeKey, readCertificate } from '../crypto/node/x509.ts'
import { contextFault, type TlsSettings } from '../http/tls.ts'

/** What a listener shows to its clients, read and checked. */
export interface ReadTls {
  readonly settings: TlsSettings
  readonly facts: CertificateFacts
  /** What does not keep it from being served, a sentence each. */
  readonly warnings: readonly string[]
}

/** A certificate and its key, from wherever they come. */
export interface KeyPair {
  readonly cert: Uint8Array
  readonly key: Uint8Array
  /** For sentences. */
  readonly from: CertificateFiles
}

const VERSIONS: Readonly<Record<TlsVersion, TlsSettings['minVersion']>> = {
  tls12: 'TLSv1.2',
  tls13: 'TLSv1.3',
}
/** Permission for others to read. */
const OTHERS_READ = 0o004

/** Reads certificate, key and authority of a listener. Throws `config_invalid`, with file and what to do. */
export function readTlsFiles(config: TlsConfig, files: CertificateFiles, now: UnixMillis): ReadTls {
  const { certFile, keyFile } = files
  const read = readKeyPair(config, { cert: readPem(certFile), key: readPem(keyFile), from: files }, now)
  const open = isOpenToOthers(keyFile) ? [`every user can read the TLS key: run  chmod 600 ${keyFile}`] : []
  return { ...read, warnings: [...read.warnings, ...open] }
}

/** The same for a certificate and key that are in memory. */
export function readKeyPair(config: TlsConfig, pair: KeyPair, now: UnixMillis): ReadTls {
  const facts = checkPair(pair)
  const { minVersion, maxVersion, clientCertificates, clientCaFile } = config
  const settings: TlsSettings = {
    cert: pair.cert,
    key: pair.key,
    minVersion: VERSIONS[minVersion],
    maxVersion: VERSIONS[maxVersion],
    clientCertificates,
    clientCa: clientCaFile === null ? null : readAuthority(clientCaFile),
  }
  const fault = contextFault(settings)
  if (fault !== null) {
    throw invalid(`OpenSSL does not take ${pair.from.certFile} and its key (${fault}): make another pair`)
  }
  const warning = expiryWarning(facts, pair.from.certFile, now)
  return { settings, facts, warnings: warning === null ? [] : [warning] }
}

/** What the operator should know of the dates of a certificate; `null` for nothing. */
export function expiryWarning(facts: CertificateFacts, certFile: string, now: UnixMillis): string | null {
  const { notBefore, notAfter } = facts
  if (hasExpired(facts, now)) {
    return `the certificate in ${certFile} expired at ${rfc3339(notAfter)}: clients refuse it. ${RENEW}`
  }
  if (now < notBefore) {
    return `the certificate in ${certFile} is good only from ${rfc3339(notBefore)}. Look at the clock as well`
  }
  if (notAfter - now >= CERTIFICATE_WARNING_MS) return null
  return `the certificate in ${certFile} expires at ${rfc3339(notAfter)}. ${RENEW}`
}

export function hasExpired({ notAfter }: CertificateFacts, now: UnixMillis): boolean {
  return now > notAfter
}

const RENEW = 'Put a new one there and send SIGHUP'

function checkPair({ cert, key, from }: KeyPair): CertificateFacts {
  const { certFile, keyFile } = from
  const facts = readCertificate(cert)
  if (facts === null) throw invalid(`${certFile} holds no certificate in PEM that can be read`)
  switch (judgeKey(cert, key)) {
    case 'belongs':
      return facts
    case 'encrypted': {
      const command = `openssl pkey -in ${keyFile} -out NEW`
      throw invalid(`the TLS key in ${keyFile} has a passphrase: write it without one,  ${command}`)
    }
    case 'unreadable':
      throw invalid(`${keyFile} holds no private key in PEM that can be read`)
    case 'belongs to another': {
      const hint = 'The certificate of the server stands first in its file, those that vouch for it behind it'
      throw invalid(`the TLS key in ${keyFile} does not belong to the certificate in ${certFile}. ${hint}`)
    }
  }
}

function readAuthority(path: string): Uint8Array {
  const pem = readPem(path)
  if (readCertificate(pem) !== null) return pem
  throw invalid(`the tls_client_ca_file ${path} holds no certificate in PEM that can be read`)
}

function readPem(path: string): Uint8Array {
  try {
    if (statSync(path).size > MAX_PEM_BYTES) throw invalid(`${path} is larger than ${MAX_PEM_BYTES} bytes`)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof OperatingError) throw error
    throw invalid(`the TLS file ${path} ${faultOf(error)}`, error)
  }
}

function faultOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error'
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by the user of the server'
  return `cannot be read: the system says ${code}`
}

/** Windows has access lists instead of modes. */
function isOpenToOthers(path: string): boolean {
  return process.platform !== 'win32' && (statSync(path).mode & OTHERS_READ) !== 0
}

function invalid(sentence: string, cause?: unknown): OperatingError {
  return new OperatingError('config_invalid', sentence, { cause })
}
