import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { assert } from '../../base/assert.ts'
import { utf8 } from '../../base/encoding.ts'
import { SecretBytes } from '../../base/secret-bytes.ts'
import {
  bitString,
  context,
  octetString,
  oid,
  sequence,
  set,
  time,
  unsigned,
  utf8String,
  yes,
} from './der.ts'

const OID = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
}
const VERSION_3 = new Uint8Array([2])
const SERIAL_BYTES = 16
/** Tags of a GeneralName (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 2
const IP_ADDRESS = 7

export interface CertificateTerms {
  /** Names of hosts, in ASCII. */
  readonly names: readonly string[]
  /** IP addresses, 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[]
  readonly notBefore: Date
  readonly notAfter: Date
  /** Fresh random bytes, at least 16. */
  readonly serial: Uint8Array
}

/** Both in DER. */
export interface KeyAndCertificate {
  /** PKCS #8. The caller owns it. */
  readonly key: SecretBytes
  readonly certificate: Uint8Array
}

/**
 * A fresh P-256 key, and a certificate that it signs itself (RFC 5280): good for serving under these names,
 * and for nothing else: it vouches for no other certificate.
 */
export function makeSelfSigned(terms: CertificateTerms): KeyAndCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(OID.ecdsaWithSha256))
  const body = toBeSigned(terms, publicKey, algorithm)
  const certificate = sequence(body, algorithm, bitString(sign('sha256', body, privateKey)))
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  const key = SecretBytes.copyOf(pkcs8)
  pkcs8.fill(0)
  return { key, certificate }
}

function toBeSigned(terms: CertificateTerms, publicKey: KeyObject, algorithm: Uint8Array): Uint8Array {
  assert(terms.serial.length >= SERIAL_BYTES, 'a serial number of less than 16 bytes')
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const name = sequence(set(sequence(oid(OID.commonName), utf8String('Conclave, self-signed'))))
  return sequence(
    context(0, 'constructed', unsigned(VERSION_3)),
    unsigned(terms.serial.subarray(0, SERIAL_BYTES)),
    algorithm,
    name,
    sequence(time(terms.notBefore), time(terms.notAfter)),
    name,
    spki,
    context(3, 'constructed', sequence(...extensions(terms, keyIdentifier(spki)))),
  )
}

function extensions(terms: CertificateTerms, keyId: Uint8Array): readonly Uint8Array[] {
  const critical = (id: string, value: Uint8Array): Uint8Array => sequence(oid(id), yes(), octetString(value))
  const plain = (id: string, value: Uint8Array): Uint8Array => sequence(oid(id), octetString(value))
  // digitalSignature is the first of nine bits (RFC 5280 section 4.2.1.3); an empty constraint is "no CA".
  return [
    critical(OID.basicConstraints, sequence()),
    critical(OID.keyUsage, bitString(new Uint8Array([0x80]), 7)),
    plain(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
    plain(OID.subjectAltName, sequence(...terms.names.map(dnsName), ...terms.addresses.map(ipAddress))),
    plain(OID.subjectKeyIdentifier, octetString(keyId)),
    plain(OID.authorityKeyIdentifier, sequence(context(0, 'primitive', keyId))),
  ]
}

function dnsName(name: string): Uint8Array {
  return context(DNS_NAME, 'primitive', utf8(name))
}

function ipAddress(bytes: Uint8Array): Uint8Array {
  assert(bytes.length === 4 || bytes.length === 16, 'an IP address of another length')
  return context(IP_ADDRESS, 'primitive', bytes)
}

/** RFC 7093 section 2, method 1: the first 160 bits of a SHA-256 of the key. */
function keyIdentifier(spki: Uint8Array): Uint8Array {
  return createHash('sha256').update(spki).digest().subarray(0, 20)
}
