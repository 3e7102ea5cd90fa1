import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, mock, test } from 'node:test'
import * as openpgp from 'openpgp'
import { SeededEntropy } from '../../../tests/sim/seeded-entropy.ts'
import { SimClock } from '../../../tests/sim/sim-clock.ts'
import { InvariantError } from '../../base/assert.ts'
import { concat, fromUtf8, sameBytes, toBase64, utf8 } from '../../base/encoding.ts'
import type { Entropy } from '../../base/entropy.ts'
import { hasCode } from '../../base/errors.ts'
import { MAX_WRAPS_WAITING } from '../../base/limits.ts'
import { SecretBytes } from '../../base/secret-bytes.ts'
import { OpenpgpDelivery } from './openpgp-delivery.ts'

interface Vector {
  readonly fingerprint: string
  readonly public: string
  readonly secret: string
  readonly revoked: string
}

const VECTORS = JSON.parse(
  readFileSync(new URL('../../../tests/vectors/openpgp-keys.json', import.meta.url), 'utf8'),
) as Readonly<Record<'v4' | 'v6' | 'bare', Vector>>

/** What a share looks like to the adapter: 66 digits. */
const SHARE = `${'0123456789abcdef'.repeat(4)}ff`
const DAY_MS = 24 * 60 * 60 * 1000
const NOW = new Date(new SimClock().now())
const isWiped = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)
const binary = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'))
const share = (): SecretBytes => SecretBytes.take(utf8(SHARE))

/** A delivery, its clock, and everything that its entropy has given. */
function world(): { delivery: OpenpgpDelivery; clock: SimClock; drawn: Uint8Array[] } {
  const [clock, drawn, source]: [SimClock, Uint8Array[], Entropy] = [
    new SimClock(),
    [],
    new SeededEntropy('delivery'),
  ]
  const entropy: Entropy = {
    bytes: (length) => {
      const bytes = source.bytes(length)
      drawn.push(bytes)
      return bytes
    },
  }
  return { delivery: new OpenpgpDelivery({ clock, entropy }), clock, drawn }
}

type Options = Partial<Parameters<typeof openpgp.generateKey>[0]>

/** A key made by the library, a day old unless told otherwise. */
async function made(options: Options = {}): Promise<openpgp.PrivateKey> {
  const { privateKey } = await openpgp.generateKey({
    userIDs: [{ name: 'Holder' }],
    type: 'ecc',
    date: new Date(+NOW - DAY_MS),
    ...options,
    format: 'object',
  })
  return privateKey
}

const text = (key: openpgp.Key): string => toBase64(key.toPublic().write())

async function refuses(key: string, sentence: RegExp): Promise<void> {
  await assert.rejects(world().delivery.recipient(key), (error) => {
    assert.ok(hasCode(error, 'parameters_invalid'), String(error))
    assert.match(error.message, /^error (?:decoding|parsing) given PGP key: /)
    assert.match(error.message, sentence)
    return true
  })
}

/** The packets of a message, and the one in it after decryption by its owner. */
async function opened(message: Uint8Array, key: openpgp.PrivateKey) {
  const read = await openpgp.readMessage({ binaryMessage: message })
  const outer = [...read.packets]
  const [literal, ...others] = (await read.decrypt([key])).packets
  assert.ok(literal instanceof openpgp.LiteralDataPacket)
  assert.equal(others.length, 0)
  const bytes = literal.write()
  // RFC 9580 section 5.9: how it is to be read, length of a name, name, four bytes of date, and the data.
  return { outer, header: bytes.subarray(0, 6), data: fromUtf8(bytes.subarray(6)) }
}

const secretOf = (vector: Vector) => openpgp.readPrivateKey({ binaryKey: binary(vector.secret) })

describe('recipient', () => {
  for (const name of ['v4', 'v6'] as const) {
    test(`reads the published key of version ${name[1]}, with its published fingerprint`, async () => {
      const vector = VECTORS[name]
      const recipient = await world().delivery.recipient(vector.public)
      assert.deepEqual(recipient, {
        kind: 'openpgp',
        key: binary(vector.public),
        fingerprint: vector.fingerprint,
      })
    })
  }

  test('takes every kind of key that is documented', async () => {
    const kinds: readonly Options[] = [
      { type: 'rsa', rsaBits: 2048 },
      { type: 'ecc', curve: 'nistP256' },
      { type: 'ecc', curve: 'nistP384' },
      { type: 'ecc', curve: 'nistP521' },
      { type: 'ecc', curve: 'curve25519Legacy' },
      { type: 'curve25519' },
      { type: 'curve448' },
      { type: 'curve25519', config: { v6Keys: true } },
      { type: 'curve448', config: { v6Keys: true } },
    ]
    for (const kind of kinds) {
      const key = await made(kind)
      const { fingerprint } = await world().delivery.recipient(text(key))
      assert.equal(fingerprint, key.getFingerprint())
    }
  })

  test('wipes what it tried the key with', async () => {
    const { delivery, drawn } = world()
    await delivery.recipient(VECTORS.v4.public)
    // 32 bytes to encrypt, and a session key.
    assert.deepEqual(
      drawn.map(({ length }) => length),
      [32, 32],
    )
    assert.ok(drawn.every(isWiped))
  })
})

describe('recipient refuses', () => {
  test('what is no base64, no key, more than a key, or the private one', async () => {
    const armored = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${VECTORS.v4.public}\n`
    await refuses('!', /^error decoding given PGP key: illegal base64 data at input byte 0; export it with/)
    await refuses(armored, /^error decoding .* at input byte 0: the key is armored/)
    await refuses(btoa(armored), /^error parsing .* tag byte does not have MSB set: this is the armored form/)
    await refuses('', /^error parsing given PGP key: EOF/)
    await refuses(VECTORS.v4.secret, /this is a private key/)
    await refuses(toBase64(concat(binary(VECTORS.v4.public), binary(VECTORS.v6.public))), /a second key/)
    await refuses('A'.repeat(65_537), /^error decoding given PGP key: it has 65537 characters/)
  })

  test('a key that can only sign, in the words of the peers and with what to do', async () => {
    const key = await made({ subkeys: [] })
    const id = key.getKeyID().toHex()
    const peers = `openpgp: invalid argument: cannot encrypt a message to key id ${id} because`
    await refuses(
      text(key),
      new RegExp(`${peers} it has no valid encryption keys: it can only sign; its owner`),
    )
    await refuses(text(await made({ subkeys: [{ sign: true }] })), /it can only sign/)
  })

  test('a key that signed nothing for itself', async () => {
    await refuses(VECTORS.bare.public, /key id 8cfde12197965a9a .* nothing in it that it signed for itself/)
  })

  test('a key that has expired, and one that is from the future', async () => {
    const expired = await made({ keyExpirationTime: 3600, date: new Date('2025-01-02T03:04:05Z') })
    await refuses(text(expired), /it expired on 2025-01-02$/)
    await refuses(
      text(await made({ date: new Date(+NOW + DAY_MS) })),
      /later than now by this server's clock$/,
    )
  })

  test('a key whose one subkey for encryption has expired or is revoked', async () => {
    const date = new Date('2025-01-02T03:04:05Z')
    const expired = await made({ date, subkeys: [{ keyExpirationTime: 3600 }] })
    await refuses(text(expired), /its subkey [0-9a-f]{16} expired on 2025-01-02$/)
    const key = await made()
    const [subkey] = key.subkeys
    assert.ok(subkey !== undefined && key.keyPacket instanceof openpgp.SecretKeyPacket)
    key.subkeys[0] = await subkey.revoke(key.keyPacket, undefined, NOW)
    await refuses(text(key), /its subkey [0-9a-f]{16} is revoked$/)
  })

  test('a key that is revoked', async () => {
    await refuses(VECTORS.v4.revoked, /key id f231550c4f47e38e .* it is revoked$/)
  })

  test('a key with a revocation by somebody else, who may have been asked to', async () => {
    const key = await made()
    const alice = await openpgp.readKey({ binaryKey: binary(VECTORS.v4.revoked) })
    key.revocationSignatures.push(...alice.revocationSignatures)
    await refuses(text(key), /it holds a revocation that cannot be verified here$/)
  })

  test('weak keys, before any of their signatures is looked at', async () => {
    const config = { minRSABits: 1024 }
    await refuses(
      text(await made({ type: 'rsa', rsaBits: 1024, config })),
      /primary key is of RSA with 1024 bits/,
    )
    await refuses(
      text(await made({ subkeys: [{ type: 'rsa', rsaBits: 1024, config }], config })),
      /its subkey [0-9a-f]{16} is of RSA with 1024 bits; wanted is RSA with 2048 to 8192 bits/,
    )
    // Version 4, no date, DSA, four numbers of one bit.
    const dsa = Uint8Array.of(0xc6, 18, 4, 0, 0, 0, 0, 17, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1)
    await refuses(toBase64(dsa), /its primary key is of dsa; wanted is/)
    // The same with RSA: a number of 2048 bits and an exponent of 40.
    const number = concat(Uint8Array.of(8, 0), new Uint8Array(256).fill(0xff))
    const exponent = Uint8Array.of(0, 40, 0xff, 0xff, 0xff, 0xff, 0xff)
    const rsa = concat(Uint8Array.of(4, 0, 0, 0, 0, 1), number, exponent)
    const header = Uint8Array.of(0xc6, 0xff, 0, 0, 1, rsa.length - 256)
    await refuses(
      toBase64(concat(header, rsa)),
      /its primary key is of RSA with an exponent of 5 bytes; wanted is/,
    )
  })

  test('a subkey with an exponent that is larger than anybody has', async () => {
    const key = await made({ type: 'rsa', rsaBits: 2048 })
    const parameters = key.subkeys[0]!.keyPacket.publicParams as { e: Uint8Array }
    parameters.e = Uint8Array.of(1, 0, 0, 0, 1)
    await refuses(
      text(await signedAgain(key)),
      /its subkey [0-9a-f]{16} is of RSA with an exponent of 5 bytes;/,
    )
  })

  test('a key whose signatures are not its own', async () => {
    const [one, other] = [await made(), await made()]
    one.subkeys = other.subkeys
    await refuses(text(one), /its subkey [0-9a-f]{16} has no signature of the key that can be verified$/)
    one.subkeys[0]!.bindingSignatures = []
    await refuses(text(one), /its subkey [0-9a-f]{16} is not signed by the key$/)
    const packets = new openpgp.PacketList<openpgp.AnyPacket>()
    for (const packet of other.toPublic().toPacketList()) packets.push(packet)
    const [, ...rest] = packets
    const [head] = one.toPublic().toPacketList()
    assert.ok(head !== undefined)
    const mixed = new openpgp.PacketList<openpgp.AnyPacket>()
    mixed.push(head, ...rest)
    await refuses(toBase64(mixed.write()), /nothing in it that it signed for itself can be verified$/)
  })

  test('a point that is on no curve, although the key has signed it', async () => {
    const key = await made({ curve: 'nistP256' })
    const { Q } = key.subkeys[0]!.keyPacket.publicParams as { Q: Uint8Array }
    Q[64] = (Q[64] ?? 0) ^ 1
    await refuses(
      text(await signedAgain(key)),
      /the key can be read, but encrypting to it fails: it is damaged$/,
    )
  })

  test('a key that is cut off or damaged, wherever: refused, or the same person still', async () => {
    const key = binary(VECTORS.v4.public)
    const { delivery } = world()
    for (let at = 0; at < key.length; at += 5) {
      await refuses(toBase64(key.subarray(0, at)), /./)
      try {
        const { fingerprint } = await delivery.recipient(toBase64(flipped(key, at)))
        assert.equal(fingerprint, VECTORS.v4.fingerprint)
      } catch (error) {
        assert.ok(hasCode(error, 'parameters_invalid'), `byte ${at}: ${error}`)
      }
    }
  })
})

/** The key with signatures of its own over what was changed in it. */
async function signedAgain(privateKey: openpgp.PrivateKey): Promise<openpgp.PrivateKey> {
  const userIDs = [{ name: 'Holder' }]
  return (await openpgp.reformatKey({ privateKey, userIDs, date: NOW, format: 'object' })).privateKey
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 0x10
  return copy
}

describe('encrypt', () => {
  test('makes the bytes as lent readable to the owner of the key, and leaves them with the caller', async () => {
    for (const vector of [VECTORS.v4, VECTORS.v6]) {
      const { delivery } = world()
      const recipient = await delivery.recipient(vector.public)
      const plaintext = share()
      const message = await delivery.encrypt(recipient, plaintext)
      const { data } = await opened(message, await secretOf(vector))
      assert.equal(data, SHARE)
      assert.equal(plaintext.lend(fromUtf8), SHARE)
    }
  })

  test('tells neither name nor date, and neither compresses nor signs', async () => {
    const { delivery } = world()
    const message = await delivery.encrypt(await delivery.recipient(VECTORS.v4.public), share())
    const { header } = await opened(message, await secretOf(VECTORS.v4))
    assert.deepEqual(header, Uint8Array.of(0x62, 0, 0, 0, 0, 0))
  })

  test('is one session key and one encrypted packet: version 3 and 1 for a key of version 4', async () => {
    const { delivery } = world()
    const message = await delivery.encrypt(await delivery.recipient(VECTORS.v4.public), share())
    const { outer } = await opened(message, await secretOf(VECTORS.v4))
    const [esk, data] = outer
    assert.equal(outer.length, 2)
    assert.ok(esk instanceof openpgp.PublicKeyEncryptedSessionKeyPacket)
    assert.ok(data instanceof openpgp.SymEncryptedIntegrityProtectedDataPacket)
    // Types 1 and 18, each behind two bytes of header (RFC 9580 sections 5.1 and 5.13).
    assert.deepEqual([message[0], message[2]], [0xc0 | 1, 3])
    const second = 2 + (message[1] ?? 0)
    assert.deepEqual([message[second], message[second + 2]], [0xc0 | 18, 1])
  })

  test('is so also where the key announces newer packets: its owner may read with something older', async () => {
    const key = await made({ config: { aeadProtect: true } })
    const { delivery } = world()
    const message = await delivery.encrypt(await delivery.recipient(text(key)), share())
    const second = 2 + (message[1] ?? 0)
    assert.deepEqual([message[second], message[second + 2]], [0xc0 | 18, 1])
    assert.equal((await opened(message, key)).data, SHARE)
  })

  test('draws the session key from the entropy that it is handed', async () => {
    const fixed = new SeededEntropy('session').bytes(32)
    const entropy: Entropy = { bytes: (length) => fixed.slice(0, length) }
    const delivery = new OpenpgpDelivery({ clock: new SimClock(), entropy })
    for (const vector of [VECTORS.v4, VECTORS.v6]) {
      const binaryMessage = await delivery.encrypt(await delivery.recipient(vector.public), share())
      const message = await openpgp.readMessage({ binaryMessage })
      const decryptionKeys = await secretOf(vector)
      const [sessionKey] = await openpgp.decryptSessionKeys({ message, decryptionKeys })
      assert.ok(sessionKey !== undefined && sessionKey.data.length >= 16)
      assert.deepEqual(sessionKey.data, fixed.subarray(0, sessionKey.data.length))
    }
  })

  test('is version 6 and 2, authenticated, for a key of version 6', async () => {
    const { delivery } = world()
    const message = await delivery.encrypt(await delivery.recipient(VECTORS.v6.public), share())
    const second = 2 + (message[1] ?? 0)
    assert.deepEqual([message[0], message[2]], [0xc0 | 1, 6])
    assert.deepEqual([message[second], message[second + 2]], [0xc0 | 18, 2])
  })

  test('a share for RSA-2048 has the 388 bytes that it has at the peers', async () => {
    const { delivery } = world()
    const recipient = await delivery.recipient(text(await made({ type: 'rsa', rsaBits: 2048 })))
    // One byte less, one time in 256: a number is written without its leading zeros.
    const length = (await delivery.encrypt(recipient, share())).length
    assert.ok(length === 388 || length === 387, `${length} bytes`)
  })

  test('no two messages are the same', async () => {
    const { delivery } = world()
    const recipient = await delivery.recipient(VECTORS.v4.public)
    const [one, other] = [
      await delivery.encrypt(recipient, share()),
      await delivery.encrypt(recipient, share()),
    ]
    assert.ok(!sameBytes(one, other))
  })

  test('refuses a key that has expired since it was taken', async () => {
    const { delivery, clock } = world()
    const key = await made({ keyExpirationTime: (2 * DAY_MS) / 1000 })
    const recipient = await delivery.recipient(text(key))
    await delivery.encrypt(recipient, share())
    clock.advance(DAY_MS)
    await assert.rejects(delivery.encrypt(recipient, share()), (error) => {
      assert.ok(hasCode(error, 'parameters_invalid'))
      const peers = 'error setting up encryption for PGP message: openpgp: invalid argument: cannot encrypt'
      assert.match(error.message, new RegExp(`^${peers} a message to key id .* it expired on 2025-11-25$`))
      return true
    })
  })

  test('takes long secrets, too', async () => {
    const { delivery } = world()
    const long = SHARE.repeat(100)
    const recipient = await delivery.recipient(VECTORS.v4.public)
    const message = await delivery.encrypt(recipient, SecretBytes.take(utf8(long)))
    const { data } = await opened(message, await secretOf(VECTORS.v4))
    assert.equal(data, long)
  })
})

describe('encrypt owns what it copies', () => {
  /** The copies that are made of `plaintext` from now on. */
  function copiesOf(plaintext: SecretBytes): () => readonly Uint8Array[] {
    const lend = mock.method(plaintext, 'lend')
    return () => lend.mock.calls.map(({ result }) => result as Uint8Array)
  }

  test('and wipes it before it resolves', async () => {
    const { delivery, drawn } = world()
    const recipient = await delivery.recipient(VECTORS.v4.public)
    const plaintext = share()
    const copies = copiesOf(plaintext)
    const pending = delivery.encrypt(recipient, plaintext)
    assert.equal(fromUtf8(copies()[0] ?? new Uint8Array()), SHARE)
    await pending
    assert.deepEqual(
      copies().map(({ length }) => length),
      [66],
    )
    assert.ok([...copies(), ...drawn].every(isWiped))
  })

  test('and wipes it before it rejects', async () => {
    const { delivery, clock, drawn } = world()
    const recipient = await delivery.recipient(text(await made({ keyExpirationTime: (2 * DAY_MS) / 1000 })))
    clock.advance(DAY_MS)
    const plaintext = share()
    const copies = copiesOf(plaintext)
    await assert.rejects(delivery.encrypt(recipient, plaintext))
    assert.equal(copies().length, 1)
    assert.ok([...copies(), ...drawn].every(isWiped))
  })

  test('and never the memory of the caller, also where that is a Buffer', async () => {
    const { delivery } = world()
    const plaintext = SecretBytes.take(Buffer.from(SHARE))
    await delivery.encrypt(await delivery.recipient(VECTORS.v4.public), plaintext)
    assert.equal(plaintext.lend(fromUtf8), SHARE)
  })

  test('so that the caller may wipe at once', async () => {
    const { delivery } = world()
    const recipient = await delivery.recipient(VECTORS.v4.public)
    const pending = [1, 2, 3].map(() => {
      using plaintext = share()
      return delivery.encrypt(recipient, plaintext)
    })
    for (const message of await Promise.all(pending)) {
      const { data } = await opened(message, await secretOf(VECTORS.v4))
      assert.equal(data, SHARE)
    }
  })

  test('and has one session key at a time, however many calls there are', async () => {
    const clock = new SimClock()
    const source = new SeededEntropy(1)
    const drawn: Uint8Array[] = []
    const bytes = (length: number): Uint8Array => {
      assert.ok(drawn.every(isWiped), 'the one before is still there')
      const fresh = source.bytes(length)
      drawn.push(fresh)
      return fresh
    }
    const recipient = await world().delivery.recipient(VECTORS.v4.public)
    const delivery = new OpenpgpDelivery({ clock, entropy: { bytes } })
    await Promise.all(Array.from({ length: 8 }, () => delivery.encrypt(recipient, share())))
    assert.equal(drawn.length, 8)
  })

  test('and lets a failure pass without holding up the next', async () => {
    const { delivery, clock } = world()
    const short = await delivery.recipient(text(await made({ keyExpirationTime: (2 * DAY_MS) / 1000 })))
    const lasting = await delivery.recipient(VECTORS.v4.public)
    clock.advance(DAY_MS)
    const [failed, kept] = await Promise.allSettled([
      delivery.encrypt(short, share()),
      delivery.encrypt(lasting, share()),
    ])
    assert.deepEqual([failed.status, kept.status], ['rejected', 'fulfilled'])
  })

  test('and takes as many calls as a deal has secrets, and not one more', async () => {
    const { delivery } = world()
    const recipient = await delivery.recipient(VECTORS.v4.public)
    const pending = Array.from({ length: MAX_WRAPS_WAITING }, () => delivery.encrypt(recipient, share()))
    await assert.rejects(delivery.encrypt(recipient, share()), InvariantError)
    assert.equal((await Promise.all(pending)).length, 256)
    await delivery.encrypt(recipient, share())
  })
})
