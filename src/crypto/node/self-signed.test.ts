import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeSelfSigned } from './self-signed.ts'

const folder = mkdtempSync(join(tmpdir(), 'conclave-cert-'))
after(() => rmSync(folder, { recursive: true }))

const LOOPBACK_6 = new Uint8Array(16).fill(1, 15)
const made = makeSelfSigned({
  names: ['localhost', 'vault.example.com'],
  addresses: [new Uint8Array([10, 0, 0, 7]), LOOPBACK_6],
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter: new Date(Date.now() + 86_400_000),
  serial: new Uint8Array(16).fill(0xff),
})
const file = join(folder, 'cert.pem')
writeFileSync(file, new X509Certificate(made.certificate).toString())

/** What OpenSSL prints: another reader than the one that wrote it. */
const openssl = (...words: readonly string[]): string => execFileSync('openssl', words, { encoding: 'utf8' })

test('OpenSSL takes it as a server certificate that vouches for itself, by its strictest rules', () => {
  const checks = ['-x509_strict', '-purpose', 'sslserver', '-verify_ip', '10.0.0.7', '-CAfile', file, file]
  assert.equal(openssl('verify', ...checks), `${file}: OK\n`)
})

test('it is good for its names and addresses, and for no other', () => {
  const certificate = new X509Certificate(made.certificate)
  assert.equal(
    certificate.subjectAltName,
    'DNS:localhost, DNS:vault.example.com, IP Address:10.0.0.7, IP Address:0:0:0:0:0:0:0:1',
  )
  assert.equal(certificate.checkHost('vault.example.com'), 'vault.example.com')
  assert.equal(certificate.checkHost('other.example.com'), undefined)
  assert.equal(certificate.checkIP('10.0.0.8'), undefined)
})

test('it may serve, and neither vouch for another certificate nor do anything else', () => {
  const text = openssl('x509', '-in', file, '-noout', '-text')
  assert.match(text, /Basic Constraints: critical\n\s+CA:FALSE\n/)
  assert.match(text, /Key Usage: critical\n\s+Digital Signature\n/)
  assert.match(text, /Extended Key Usage: \n\s+TLS Web Server Authentication\n/)
  assert.match(text, /Signature Algorithm: ecdsa-with-SHA256/)
  assert.match(text, /NIST CURVE: P-256/)
})

test('its key is the one that it was signed with', () => {
  const certificate = new X509Certificate(made.certificate)
  assert.equal(certificate.verify(certificate.publicKey), true)
  const key = made.key.lend((der) =>
    createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
  )
  assert.equal(certificate.checkPrivateKey(key), true)
})

test('no two have the same key', () => {
  const terms = { names: ['a'], addresses: [], notBefore: new Date(), notAfter: new Date() }
  const keys = [1, 2].map((byte) => {
    const { certificate } = makeSelfSigned({ ...terms, serial: new Uint8Array(16).fill(byte) })
    return new X509Certificate(certificate).publicKey.export({ format: 'pem', type: 'spki' })
  })
  assert.notEqual(keys[0], keys[1])
})
