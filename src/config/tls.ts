import { join, resolve } from 'node:path'
import { type CertificateFiles, TLS_VERSIONS, type TlsConfig, type TlsVersion } from './config.ts'
import type { Section } from './section.ts'

/** Where a certificate of the server's own making lies, in the folder of its store. */
export function selfSignedFiles(folder: string): CertificateFiles {
  const place = resolve(folder)
  return { certFile: join(place, 'self-signed.pem'), keyFile: join(place, 'self-signed.key') }
}

const OLD_VERSIONS = ['tls10', 'tls11'] as const

/**
 * Reads the TLS of a `listener "tcp"`; `null` where it is switched off. `selfSigned` says that the command
 * line wants a certificate of the server's own making here. Throws `config_invalid`.
 */
export function parseTls(section: Section, selfSigned: boolean): TlsConfig | null {
  const files = certificateFiles(section)
  const versions = parseVersions(section)
  const clients = parseClients(section)
  if (section.boolean('tls_disable') ?? false) {
    refuseBesidePlain(section, { hasFiles: files !== null, selfSigned, ...clients })
    return null
  }
  if (files !== null && selfSigned) {
    throw section.invalid('tls_cert_file', 'stands beside -tls-self-signed; take one of the two away')
  }
  if (files !== null || selfSigned) return { certificate: files ?? 'self-signed', ...versions, ...clients }
  const remedy = '"tls_disable = true" serves without TLS, for this machine only'
  throw section.invalid('tls_cert_file', `is missing; ${remedy}; -tls-self-signed makes a certificate`)
}

/** The files of a certificate and its key; `null` where neither is named. */
function certificateFiles(section: Section): { certFile: string; keyFile: string } | null {
  const certFile = section.path('tls_cert_file')
  const keyFile = section.path('tls_key_file')
  if (certFile === undefined && keyFile === undefined) return null
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile }
  const [missing, other] =
    certFile === undefined ? ['tls_cert_file', 'tls_key_file'] : ['tls_key_file', 'tls_cert_file']
  throw section.invalid(missing, `is missing beside "${other}"`)
}

/** What would be ignored beside plain HTTP, and was meant to keep somebody out. */
function refuseBesidePlain(
  section: Section,
  given: Pick<TlsConfig, 'clientCertificates'> & {
    readonly hasFiles: boolean
    readonly selfSigned: boolean
  },
): void {
  const fault = (beside: string): string => `is true beside ${beside}; take one of the two away`
  if (given.hasFiles) throw section.invalid('tls_disable', fault('a certificate'))
  if (given.selfSigned) throw section.invalid('tls_disable', fault('-tls-self-signed'))
  if (given.clientCertificates === 'required') {
    throw section.invalid('tls_disable', fault('"tls_require_and_verify_client_cert"'))
  }
}

function parseVersions(section: Section): Pick<TlsConfig, 'minVersion' | 'maxVersion'> {
  const minVersion = version(section, 'tls_min_version') ?? 'tls12'
  const maxVersion = version(section, 'tls_max_version') ?? 'tls13'
  if (TLS_VERSIONS.indexOf(minVersion) > TLS_VERSIONS.indexOf(maxVersion)) {
    throw section.invalid('tls_max_version', 'is less than "tls_min_version": no client could connect')
  }
  return { minVersion, maxVersion }
}

/** RFC 8996 forbids TLS 1.0 and 1.1: who asks for them has clients that could not connect. */
function version(section: Section, key: string): TlsVersion | undefined {
  const name = section.oneOf(key, [...OLD_VERSIONS, ...TLS_VERSIONS])
  const served = TLS_VERSIONS.find((one) => one === name)
  if (name === undefined || served !== undefined) return served
  throw section.invalid(key, `asks for ${name}, which is never served. Write "tls12" or "tls13"`)
}

function parseClients(section: Section): Pick<TlsConfig, 'clientCertificates' | 'clientCaFile'> {
  const clientCaFile = section.path('tls_client_ca_file') ?? null
  const required = section.boolean('tls_require_and_verify_client_cert') ?? false
  const disabled = section.boolean('tls_disable_client_certs') ?? false
  if (required && disabled) {
    const fault = 'is true beside "tls_require_and_verify_client_cert"; take one of the two away'
    throw section.invalid('tls_disable_client_certs', fault)
  }
  if (required && clientCaFile === null) {
    const fault = 'is missing: without it, whoever any public authority knows could connect'
    throw section.invalid('tls_client_ca_file', fault)
  }
  if (required) return { clientCertificates: 'required', clientCaFile }
  return { clientCertificates: disabled ? 'none' : 'asked', clientCaFile }
}
