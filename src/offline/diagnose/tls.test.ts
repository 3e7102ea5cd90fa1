import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type UnixMillis, unixMillis } from '../../base/clock.ts'
import { judgeKey, readCertificate } from '../../crypto/node/x509.ts'
import { judgeTls } from './tls.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const GOOD_DAYS = 60
const folder = mkdtempSync(join(tmpdir(), 'conclave-tls-'))
const [certFile, keyFile, otherKey] = ['cert.pem', 'key.pem', 'other.pem'].map((name) => join(folder, name))

before(() => {
  make(certFile!, keyFile!)
  make(join(folder, 'other-cert.pem'), otherKey!)
})

after(() => rmSync(folder, { recursive: true }))

test('a certificate that is good for a while, with its key, is well', () => {
  assert.deepEqual(judged(), [['ok', '']])
})

test('one that is good for less than 30 days is warned of, one that expired is a failure', () => {
  assert.match(
    judged({ now: inDays(GOOD_DAYS - 29) })[0]!.join(),
    /^warning,.*expires at .*put a new one there/,
  )
  assert.deepEqual(judged({ now: inDays(GOOD_DAYS - 31) }), [['ok', '']])
  assert.match(judged({ now: inDays(GOOD_DAYS + 1) })[0]!.join(), /^failure,.*expired at/)
  assert.match(judged({ now: inDays(-2) })[0]!.join(), /^failure,.*good only from .*look at the clock/)
})

test('a key of another certificate, a key with a passphrase, and no key at all are told apart', () => {
  assert.match(judged({ keyFile: otherKey! })[0]!.join(), /^failure,.*does not belong to the certificate/)
  const locked = join(folder, 'locked.pem')
  const flags = ['pkey', '-in', keyFile!, '-out', locked, '-aes256', '-passout', 'pass:x']
  execFileSync('openssl', flags, { stdio: 'ignore' })
  assert.match(judged({ keyFile: locked })[0]!.join(), /^failure,.*has a passphrase.*openssl pkey -in/)
  const empty = join(folder, 'empty.pem')
  writeFileSync(empty, 'nothing\n')
  assert.match(judged({ keyFile: empty })[0]!.join(), /^failure,.*holds no private key in PEM/)
  assert.match(judged({ certFile: empty })[0]!.join(), /^failure,.*holds no certificate in PEM/)
  assert.match(judged({ certFile: join(folder, 'none') })[0]!.join(), /^failure,.*does not exist/)
})

test('a key that every user may read is warned of, with the command', () => {
  chmodSync(keyFile!, 0o644)
  assert.match(judged()[1]!.join(), /^warning,.*every user may read.*chmod 600/)
  chmodSync(keyFile!, 0o640)
  assert.deepEqual(judged(), [['ok', '']], 'a group may have it')
  chmodSync(keyFile!, 0o600)
})

test('names of the server that the certificate does not have are warned of', () => {
  assert.deepEqual(judged({ names: ['vault.example.com'] }), [['ok', '']])
  assert.match(judged({ names: ['other.example.com'] })[1]!.join(), /^warning,.*not for other\.example\.com/)
})

/** Status, and what is said where it is not well. */
function judged(
  given: { certFile?: string; keyFile?: string; names?: readonly string[]; now?: UnixMillis } = {},
): readonly (readonly [string, string])[] {
  const subject = { check: 'tls', certFile: certFile!, keyFile: keyFile!, names: [], ...given }
  const findings = judgeTls(subject, { readCertificate, judgeKey }, given.now ?? inDays(0))
  return findings.map(({ status, says, next }) => [status, status === 'ok' ? '' : `${says} ${next}`])
}

function inDays(days: number): UnixMillis {
  return unixMillis(Date.now() + days * DAY_MS)
}

function make(cert: string, key: string): void {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(GOOD_DAYS)]
  const names = ['-subj', '/CN=a', '-addext', 'subjectAltName=DNS:vault.example.com']
  const files = ['-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, ...files], { stdio: 'ignore' })
  chmodSync(key, 0o600)
}
