import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Authority } from '../../tests/http/authority.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { hasCode } from '../base/errors.ts'
import type { TlsConfig } from '../config/config.ts'
import { readTlsFiles } from './tls-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'conclave-tls-'))
const authority = new Authority()
after(() => {
  authority.remove()
  rmSync(folder, { recursive: true })
})

const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
const config: TlsConfig = {
  certificate: files,
  minVersion: 'tls12',
  maxVersion: 'tls13',
  clientCertificates: 'asked',
  clientCaFile: null,
}
const ISSUED = { from: '20260101000000Z', to: '20270101000000Z' }
const at = (text: string): UnixMillis => unixMillis(Date.parse(text))
const SUMMER = at('2026-07-01T00:00:00Z')

function place(pair: { readonly cert: string | Uint8Array; readonly key: string | Uint8Array }): void {
  writeFileSync(files.certFile, pair.cert)
  writeFileSync(files.keyFile, pair.key, { mode: 0o600 })
  chmodSync(files.keyFile, 0o600)
}

/** Without the folder. */
function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    assert.ok(hasCode(error, 'config_invalid'), String(error))
    return error.message.replaceAll(`${folder}/`, '')
  }
  return 'it was taken'
}

const warnings = (now: UnixMillis): readonly string[] =>
  readTlsFiles(config, files, now).warnings.map((warning) => warning.replaceAll(`${folder}/`, ''))

test('a pair that belongs together is taken without a word', () => {
  place(authority.issue('localhost', ISSUED))
  const { settings, warnings: none, facts } = readTlsFiles(config, files, SUMMER)
  assert.deepEqual([none, settings.minVersion, settings.maxVersion], [[], 'TLSv1.2', 'TLSv1.3'])
  assert.equal(facts.notAfter, at('2027-01-01T00:00:00Z'))
  const printed = execFileSync('openssl', [
    ...['x509', '-in', files.certFile, '-noout', '-fingerprint', '-sha256'],
  ])
  assert.equal(`sha256 Fingerprint=${facts.fingerprint}\n`, String(printed))
})

test('a certificate that is over, about to be, or not yet good is told', () => {
  place(authority.issue('localhost', ISSUED))
  const renew = 'Put a new one there and send SIGHUP'
  assert.deepEqual(warnings(at('2027-01-01T00:00:01Z')), [
    `the certificate in cert.pem expired at 2027-01-01T00:00:00.000Z: clients refuse it. ${renew}`,
  ])
  assert.deepEqual(warnings(at('2026-12-03T00:00:00Z')), [
    `the certificate in cert.pem expires at 2027-01-01T00:00:00.000Z. ${renew}`,
  ])
  assert.deepEqual(warnings(at('2026-12-01T00:00:00Z')), [])
  assert.deepEqual(warnings(at('2025-12-31T00:00:00Z')), [
    'the certificate in cert.pem is good only from 2026-01-01T00:00:00.000Z. Look at the clock as well',
  ])
})

test('a key that every user can read is told, with the command that mends it', () => {
  place(authority.issue('localhost', ISSUED))
  chmodSync(files.keyFile, 0o644)
  assert.deepEqual(warnings(SUMMER), ['every user can read the TLS key: run  chmod 600 key.pem'])
  chmodSync(files.keyFile, 0o640)
  assert.deepEqual(warnings(SUMMER), [])
})

test('refuses what does not belong together, and says which file has to be first', () => {
  const [one, other] = [authority.issue('localhost', ISSUED), authority.issue('localhost', ISSUED)]
  place({ cert: one.cert, key: other.key })
  const read = (): unknown => readTlsFiles(config, files, SUMMER)
  assert.match(
    refusal(read),
    /^the TLS key in key\.pem does not belong to the certificate in cert\.pem\. The/,
  )
  place({ cert: Buffer.concat([authority.cert, one.cert]), key: one.key })
  assert.match(refusal(read), /does not belong .* stands first in its file/)
  place({ cert: Buffer.concat([one.cert, authority.cert]), key: one.key })
  assert.equal(refusal(read), 'it was taken')
})

test('refuses what is no certificate and no key, and a key behind a passphrase', () => {
  const pair = authority.issue('localhost', ISSUED)
  const read = (): unknown => readTlsFiles(config, files, SUMMER)
  place({ cert: 'hello', key: pair.key })
  assert.equal(refusal(read), 'cert.pem holds no certificate in PEM that can be read')
  place({ cert: pair.cert, key: pair.cert })
  assert.equal(refusal(read), 'key.pem holds no private key in PEM that can be read')
  place(pair)
  const encrypted = execFileSync('openssl', [
    ...['pkey', '-in', files.keyFile, '-aes128', '-passout', 'pass:canary'],
  ])
  place({ cert: pair.cert, key: encrypted })
  assert.equal(
    refusal(read),
    'the TLS key in key.pem has a passphrase: write it without one,  openssl pkey -in key.pem -out NEW',
  )
})

test('refuses files that are not there, and authorities that are none', () => {
  place(authority.issue('localhost', ISSUED))
  const away = { ...files, keyFile: join(folder, 'away.pem') }
  assert.equal(
    refusal(() => readTlsFiles(config, away, SUMMER)),
    'the TLS file away.pem does not exist',
  )
  const trusting = { ...config, clientCaFile: files.keyFile }
  assert.equal(
    refusal(() => readTlsFiles(trusting, files, SUMMER)),
    'the tls_client_ca_file key.pem holds no certificate in PEM that can be read',
  )
})
