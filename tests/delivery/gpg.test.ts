import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fromUtf8, toBase64, utf8 } from '../../src/base/encoding.ts'
import { hasCode } from '../../src/base/errors.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { keyFromFile } from '../../src/delivery/openpgp/key-file.ts'
import { OpenpgpDelivery } from '../../src/delivery/openpgp/openpgp-delivery.ts'
import { systemClock, systemEntropy } from '../../src/server/system-ports.ts'
import { GpgHome, hasGpg, type KeyParameters } from './gpg-home.ts'

const SHARE = `${'0123456789abcdef'.repeat(4)}ff`
const TOKEN = 's.tyR6sIS5ca1me4yvjNFNRVSi'
const SIGNING = { 'Key-Usage': 'sign', 'Expire-Date': 0 }
const ENCRYPTING = { 'Subkey-Usage': 'encrypt' }

const KINDS: Readonly<Record<string, KeyParameters>> = {
  'RSA-2048': { 'Key-Type': 'RSA', 'Key-Length': 2048, 'Subkey-Type': 'RSA', 'Subkey-Length': 2048 },
  'RSA-4096': { 'Key-Type': 'RSA', 'Key-Length': 4096, 'Subkey-Type': 'RSA', 'Subkey-Length': 4096 },
  Curve25519: {
    'Key-Type': 'EDDSA',
    'Key-Curve': 'ed25519',
    'Subkey-Type': 'ECDH',
    'Subkey-Curve': 'cv25519',
  },
  'NIST P-256': {
    'Key-Type': 'ECDSA',
    'Key-Curve': 'nistp256',
    'Subkey-Type': 'ECDH',
    'Subkey-Curve': 'nistp256',
  },
  'NIST P-521': {
    'Key-Type': 'ECDSA',
    'Key-Curve': 'nistp521',
    'Subkey-Type': 'ECDH',
    'Subkey-Curve': 'nistp521',
  },
}

const isMissing = !hasGpg()
const isNeeded = process.env['CONCLAVE_NEEDS_GPG'] === '1'

test('GnuPG is there wherever the gate runs', { skip: !isNeeded }, () => assert.ok(!isMissing))

describe('with GnuPG', { skip: isMissing ? 'gpg is not installed' : false }, () => {
  let home: GpgHome
  const delivery = new OpenpgpDelivery({ clock: systemClock, entropy: systemEntropy })
  const secret = (text: string): SecretBytes => SecretBytes.take(utf8(text))

  before(() => {
    home = new GpgHome()
  })
  after(() => home[Symbol.dispose]())

  async function refuses(fingerprint: string, sentence: RegExp): Promise<void> {
    await assert.rejects(
      delivery.recipient(home.export(fingerprint).toString('base64')),
      (error) => hasCode(error, 'parameters_invalid') && sentence.test(error.message),
    )
  }

  for (const [name, parameters] of Object.entries(KINDS)) {
    test(`what is encrypted to ${name} comes out of gpg as it was, to the byte`, async () => {
      const fingerprint = home.make({ ...parameters, ...SIGNING, ...ENCRYPTING })
      const recipient = await delivery.recipient(home.export(fingerprint).toString('base64'))
      assert.equal(recipient.fingerprint, fingerprint.toLowerCase())
      for (const text of [SHARE, TOKEN, SHARE.repeat(40)]) {
        const message = await delivery.encrypt(recipient, secret(text))
        const { plaintext, status } = home.decrypt(message)
        assert.equal(plaintext.toString(), text)
        // Modification detected by MDC (2), AES-256 (9), no AEAD; binary, without date and name.
        assert.ok(status.includes('DECRYPTION_INFO 2 9 0'), status.join('\n'))
        assert.ok(
          status.some((line) => /^PLAINTEXT 62 0 ?$/.test(line)),
          status.join('\n'),
        )
        assert.ok(status.includes('GOODMDC'))
      }
    })
  }

  test('the published secret key opens in gpg what was encrypted to the published public key', async () => {
    const path = new URL('../vectors/openpgp-keys.json', import.meta.url)
    const { v4 } = JSON.parse(readFileSync(path, 'utf8')) as { v4: Record<'public' | 'secret', string> }
    home.import(Buffer.from(v4.secret, 'base64'))
    const message = await delivery.encrypt(await delivery.recipient(v4.public), secret(SHARE))
    assert.equal(home.decrypt(message).plaintext.toString(), SHARE)
    assert.equal(home.decryptBase64(toBase64(message)).toString(), SHARE)
  })

  test('what gpg exports is a key file, binary, armored and in base64', async () => {
    const fingerprint = home.make({ ...KINDS['Curve25519'], ...SIGNING, ...ENCRYPTING })
    const binary = home.export(fingerprint)
    const base64 = binary.toString('base64')
    for (const file of [binary, home.exportArmored(fingerprint), Buffer.from(base64)]) {
      assert.equal(await keyFromFile(file), base64)
    }
    await assert.rejects(keyFromFile(home.exportSecret(fingerprint)), /this is a private key/)
    await assert.rejects(keyFromFile(home.export('Holder')), /a second key begins at byte/)
  })

  test('a key that can only sign is refused', async () => {
    await refuses(home.make({ 'Key-Type': 'EDDSA', 'Key-Curve': 'ed25519', ...SIGNING }), /it can only sign/)
  })

  test('one RSA key that signs and encrypts is taken', async () => {
    const both = { 'Key-Type': 'RSA', 'Key-Length': 2048, 'Key-Usage': 'sign,encrypt', 'Expire-Date': 0 }
    const recipient = await delivery.recipient(home.export(home.make(both)).toString('base64'))
    const message = await delivery.encrypt(recipient, secret(SHARE))
    assert.equal(fromUtf8(home.decrypt(message).plaintext), SHARE)
  })

  test('a key that has expired is refused', async () => {
    const expiring = { ...KINDS['Curve25519'], ...SIGNING, ...ENCRYPTING, 'Expire-Date': '1d' }
    await refuses(home.make(expiring, '20240101T120000'), /it expired on 2024-01-02$/)
  })

  test('a key that is revoked is refused', async () => {
    const fingerprint = home.make({ ...KINDS['Curve25519'], ...SIGNING, ...ENCRYPTING })
    home.revoke(fingerprint)
    await refuses(fingerprint, /it is revoked$/)
  })

  test('a weak key, and a curve that is not documented, are refused', async () => {
    const short = { 'Key-Type': 'RSA', 'Key-Length': 1024, 'Subkey-Type': 'RSA', 'Subkey-Length': 1024 }
    await refuses(
      home.make({ ...short, ...SIGNING, ...ENCRYPTING }),
      /its primary key is of RSA with 1024 bits/,
    )
    const curve = 'brainpoolP256r1'
    const brainpool = {
      'Key-Type': 'ECDSA',
      'Key-Curve': curve,
      'Subkey-Type': 'ECDH',
      'Subkey-Curve': curve,
    }
    await refuses(
      home.make({ ...brainpool, ...SIGNING, ...ENCRYPTING }),
      /is of the curve brainpoolP256r1; wanted/,
    )
    const old = { 'Key-Type': 'DSA', 'Key-Length': 1024, 'Subkey-Type': 'ELG-E', 'Subkey-Length': 1024 }
    await refuses(home.make({ ...old, ...SIGNING }), /its primary key is of dsa; wanted/)
  })
})
