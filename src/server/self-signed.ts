import type { Clock } from '../base/clock.ts'
import { concat, utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { CERTIFICATE_WARNING_MS, SELF_SIGNED_DAYS } from '../base/limits.ts'
import type { CertificateFiles, TcpListenerConfig } from '../config/config.ts'
import { selfSignedFiles } from '../config/tls.ts'
import { makeSelfSigned } from '../crypto/node/self-signed.ts'
import { judgeKey, readCertificate } from '../crypto/node/x509.ts'
import { base64Of } from '../custody/share-digits.ts'
import { openingError } from '../physical/sqlite/opening-error.ts'
import { addressBytes, certificateNames, coversConfigured, type MachineNames } from './certificate-names.ts'
import { readIfThere, writePrivateFile } from './private-file.ts'
import type { KeyPair } from './tls-files.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Clocks of clients may be late. */
const BACKDATED_MS = 60 * 60 * 1000
const SERIAL_BYTES = 16
const PEM_LINE_CHARACTERS = 64

export interface SelfSigned extends KeyPair {
  /** Whether it was there before, so that clients may know it. */
  readonly isNew: boolean
}

export interface SelfSignedPorts {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly machine: MachineNames
}

/**
 * The certificate of the server's own making for a listener, with its key, in the folder of the store (0600).
 * What is there is used again, so that clients can rely on its fingerprint, unless it is about to expire or
 * not good for what the listener is called now. In memory where `folder` is `null`.
 */
export function loadSelfSigned(
  folder: string | null,
  listener: Pick<TcpListenerConfig, 'host' | 'serverNames'>,
  ports: SelfSignedPorts,
): SelfSigned {
  if (folder === null) {
    const from = { certFile: 'the memory of this process', keyFile: 'the memory of this process' }
    return { ...make(listener, ports), from, isNew: true }
  }
  const from = selfSignedFiles(folder)
  const stored = readStored(from)
  if (stored !== null && isStillGood(stored, listener, ports.clock)) return { ...stored, from, isNew: false }
  const made = make(listener, ports)
  // The key first: a crash between the two leaves a pair that does not belong together, and is made anew.
  try {
    writePrivateFile(from.keyFile, made.key)
    writePrivateFile(from.certFile, made.cert)
  } catch (error) {
    throw openingError(error, folder)
  }
  return { ...made, from, isNew: true }
}

function readStored(files: CertificateFiles): Pick<KeyPair, 'cert' | 'key'> | null {
  const cert = readIfThere(files.certFile)
  const key = readIfThere(files.keyFile)
  return cert === null || key === null ? null : { cert, key }
}

function isStillGood(
  { cert, key }: Pick<KeyPair, 'cert' | 'key'>,
  listener: Pick<TcpListenerConfig, 'host' | 'serverNames'>,
  clock: Clock,
): boolean {
  const facts = readCertificate(cert)
  if (facts === null || judgeKey(cert, key) !== 'belongs') return false
  return facts.notAfter - clock.now() >= CERTIFICATE_WARNING_MS && coversConfigured(facts, listener)
}

function make(
  listener: Pick<TcpListenerConfig, 'host' | 'serverNames'>,
  { clock, entropy, machine }: SelfSignedPorts,
): Pick<KeyPair, 'cert' | 'key'> {
  const { names, addresses } = certificateNames(listener, machine)
  const now = clock.now()
  const made = makeSelfSigned({
    names,
    addresses: addresses.map(addressBytes),
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + SELF_SIGNED_DAYS * DAY_MS),
    serial: entropy.bytes(SERIAL_BYTES),
  })
  using key = made.key
  return {
    cert: pem('CERTIFICATE', made.certificate),
    key: key.lend((der) => pem('PRIVATE KEY', der)),
  }
}

/** RFC 7468, byte by byte: a key never becomes a string. */
function pem(label: string, der: Uint8Array): Uint8Array {
  using digits = base64Of(der)
  return digits.lend((text) => {
    const lines: Uint8Array[] = [utf8(`-----BEGIN ${label}-----\n`)]
    for (let start = 0; start < text.length; start += PEM_LINE_CHARACTERS) {
      lines.push(text.subarray(start, start + PEM_LINE_CHARACTERS), utf8('\n'))
    }
    return concat(...lines, utf8(`-----END ${label}-----\n`))
  })
}
