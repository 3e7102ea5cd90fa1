import { readFileSync, statSync } from 'node:fs'
import { rfc3339, type UnixMillis } from '../../base/clock.ts'
import { CERTIFICATE_WARNING_MS, MAX_PEM_BYTES } from '../../base/limits.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import type { CertificateDates, Certificates } from './machine.ts'

/** Permission for users who are neither owner nor in the group. */
const OTHERS = 0o007
const RENEW = 'put a new one there, and send SIGHUP to the server'

export interface TlsSubject {
  /** What the findings are called. */
  readonly check: string
  readonly certFile: string
  readonly keyFile: string
  /** Names under which the listener is to be reached. */
  readonly names: readonly string[]
}

/** Certificate and key of a listener: there, of each other, good for a while, and not for everybody. */
export function judgeTls(
  subject: TlsSubject,
  certificates: Certificates,
  now: UnixMillis,
): readonly Finding[] {
  const { check, certFile, keyFile } = subject
  const cert = readPem(certFile)
  const key = readPem(keyFile)
  if (typeof cert === 'string')
    return [failure(check, `${certFile} ${cert}`, 'check the path and its rights')]
  if (typeof key === 'string') return [failure(check, `${keyFile} ${key}`, 'check the path and its rights')]
  try {
    const dates = certificates.readCertificate(cert)
    if (dates === null) return [failure(check, `${certFile} holds no certificate in PEM`, RENEW)]
    const pair = judgePair(subject, certificates.judgeKey(cert, key))
    return [pair ?? judgeDates(subject, dates, now), ...judgeMode(subject), ...judgeNames(subject, dates)]
  } finally {
    key.fill(0)
  }
}

function judgePair(
  { check, certFile, keyFile }: TlsSubject,
  verdict: ReturnType<Certificates['judgeKey']>,
): Finding | null {
  switch (verdict) {
    case 'belongs':
      return null
    case 'encrypted':
      return failure(check, `the key in ${keyFile} has a passphrase`, `openssl pkey -in ${keyFile} -out NEW`)
    case 'unreadable':
      return failure(check, `${keyFile} holds no private key in PEM`, RENEW)
    case 'belongs to another': {
      const next = "put the server's own certificate first in its file, and those that vouch for it behind it"
      return failure(check, `the key in ${keyFile} does not belong to the certificate in ${certFile}`, next)
    }
  }
}

function judgeDates({ check, certFile }: TlsSubject, dates: CertificateDates, now: UnixMillis): Finding {
  const { notBefore, notAfter } = dates
  const until = rfc3339(notAfter)
  if (now > notAfter) return failure(check, `the certificate in ${certFile} expired at ${until}`, RENEW)
  if (now < notBefore) {
    const says = `the certificate in ${certFile} is good only from ${rfc3339(notBefore)}`
    return failure(check, says, 'look at the clock, then at the certificate')
  }
  if (notAfter - now < CERTIFICATE_WARNING_MS) {
    return warning(check, `the certificate in ${certFile} expires at ${until}`, RENEW)
  }
  return ok(check, `${certFile}, good until ${until}, with its key`)
}

/** Windows has access lists instead of modes. */
function judgeMode({ check, keyFile }: TlsSubject): readonly Finding[] {
  if (process.platform === 'win32' || (statSync(keyFile).mode & OTHERS) === 0) return []
  return [warning(check, `every user may read or change the key in ${keyFile}`, `chmod 600 ${keyFile}`)]
}

function judgeNames({ check, certFile, names }: TlsSubject, dates: CertificateDates): readonly Finding[] {
  const missing = names.filter((name) => !dates.coversName(name))
  if (missing.length === 0) return []
  const says = `the certificate in ${certFile} is not for ${missing.join(', ')}, which server_names has`
  return [warning(check, says, 'clients that use the name will refuse it: have it made for that name too')]
}

/** The file, or what is wrong with it. */
function readPem(path: string): Buffer | string {
  try {
    if (statSync(path).size > MAX_PEM_BYTES) return `is larger than ${MAX_PEM_BYTES} bytes`
    return readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error'
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist'
    if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user'
    return `cannot be read: the system says ${code}`
  }
}
