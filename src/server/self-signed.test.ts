import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { toHex } from '../base/encoding.ts'
import { selfSignedFiles } from '../config/tls.ts'
import { readCertificate } from '../crypto/node/x509.ts'
import { addressBytes, certificateNames } from './certificate-names.ts'
import { loadSelfSigned, type SelfSigned } from './self-signed.ts'
import { systemClock, systemEntropy } from './system-ports.ts'

const MACHINE = { hostname: 'Box.example', addresses: ['127.0.0.1', '192.0.2.7', 'fe80::1', '2001:db8::7'] }
const LOCAL = { host: '127.0.0.1', serverNames: [] }
const DAY_MS = 86_400_000

describe('the certificate of a server’s own making', () => {
  let folder = ''
  let now: UnixMillis = unixMillis(0)
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'conclave-self-'))
    now = unixMillis(Date.parse('2026-11-24T00:00:00Z'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const load = (listener: { host: string; serverNames: readonly string[] } = LOCAL): SelfSigned =>
    loadSelfSigned(folder, listener, {
      clock: { ...systemClock, now: () => now },
      entropy: systemEntropy,
      machine: MACHINE,
    })
  const fingerprint = ({ cert }: SelfSigned): string | undefined => readCertificate(cert)?.fingerprint

  test('is for its user alone, and good for 825 days', () => {
    const made = load()
    for (const file of Object.values(selfSignedFiles(folder))) {
      assert.equal(statSync(file).mode & 0o777, 0o600, file)
    }
    assert.equal(readCertificate(made.cert)?.notAfter, now + 825 * DAY_MS)
    assert.equal(made.isNew, true)
  })

  test('is the same at the next start', () => {
    const first = load()
    const second = load()
    assert.equal(second.isNew, false)
    assert.equal(fingerprint(second), fingerprint(first))
    assert.deepEqual(Buffer.from(second.key), Buffer.from(first.key))
  })

  test('is another one a month before its end, and when the listener has another name', () => {
    const first = load()
    now = unixMillis(now + 794 * DAY_MS)
    assert.equal(load().isNew, false)
    now = unixMillis(now + 2 * DAY_MS)
    const second = load()
    assert.equal(second.isNew, true)
    assert.notEqual(fingerprint(second), fingerprint(first))
    assert.equal(load({ host: '127.0.0.1', serverNames: ['vault.example.com'] }).isNew, true)
    assert.equal(load({ host: '192.0.2.7', serverNames: ['vault.example.com'] }).isNew, true)
    assert.equal(load({ host: '0.0.0.0', serverNames: ['vault.example.com'] }).isNew, false)
  })

  test('is made anew where a crash left two files that do not belong together', () => {
    load()
    const { keyFile } = selfSignedFiles(folder)
    const key = readFileSync(keyFile)
    rmSync(keyFile)
    assert.equal(load().isNew, true)
    writeFileSync(keyFile, key)
    assert.equal(load().isNew, true)
    assert.equal(load().isNew, false)
  })

  test('is nowhere but in memory for a store in memory', () => {
    const made = loadSelfSigned(null, LOCAL, { clock: systemClock, entropy: systemEntropy, machine: MACHINE })
    assert.ok(readCertificate(made.cert)?.coversAddress('127.0.0.1'))
  })
})

describe('the names of a certificate', () => {
  const serverNames = ['vault.example.com']

  test('on this machine are this machine', () => {
    assert.deepEqual(certificateNames({ host: '127.0.0.1', serverNames: [] }, MACHINE), {
      names: ['localhost'],
      addresses: ['127.0.0.1', '::1'],
    })
  })

  test('at one address are that one, and what the configuration says', () => {
    assert.deepEqual(certificateNames({ host: '192.0.2.7', serverNames }, MACHINE), {
      names: ['localhost', 'vault.example.com'],
      addresses: ['192.0.2.7', '127.0.0.1', '::1'],
    })
    assert.deepEqual(certificateNames({ host: 'Other.example', serverNames }, MACHINE).names, [
      ...['localhost', 'box.example', 'vault.example.com', 'other.example'],
    ])
  })

  test('everywhere are all that the machine has, but those of one interface', () => {
    for (const host of ['0.0.0.0', '::']) {
      assert.deepEqual(certificateNames({ host, serverNames }, MACHINE), {
        names: ['localhost', 'box.example', 'vault.example.com'],
        addresses: ['127.0.0.1', '::1', '192.0.2.7', '2001:db8::7'],
      })
    }
  })

  test('have the bytes of RFC 5952 and RFC 791', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['192.0.2.255', 'c00002ff'],
      ['::', '0'.repeat(32)],
      ['::1', `${'0'.repeat(31)}1`],
      ['2001:db8::7', '20010db8000000000000000000000007'],
      ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
      ['2001:DB8:0:0:1:0:0:1', '20010db8000000000001000000000001'],
      ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ]
    for (const [text, hex] of cases) assert.equal(toHex(addressBytes(text)), hex, text)
  })
})
