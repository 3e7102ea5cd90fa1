import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { InvariantError } from '../../base/assert.ts'
import { toHex } from '../../base/encoding.ts'
import { hkdfSha256, nodePrimitives as primitives } from './primitives.ts'

type Case = Readonly<Record<string, string>> & { readonly tcId: number; readonly size: number }
type Group = Readonly<Record<string, unknown>> & { readonly tests: readonly Case[] }

function vectors<Shape>(name: string): Shape {
  return JSON.parse(
    readFileSync(new URL(`../../../tests/vectors/${name}.json`, import.meta.url), 'utf8'),
  ) as Shape
}

const tests = (name: string): readonly Case[] => vectors<{ tests: readonly Case[] }>(name).tests
const groups = (name: string): readonly Group[] => vectors<{ testGroups: readonly Group[] }>(name).testGroups
const bytes = (hex: string | undefined): Uint8Array =>
  new Uint8Array(Buffer.from(hex ?? assert.fail(), 'hex'))

describe('AES-256-GCM', () => {
  const nonce = bytes('000000000000000000000000')
  const key = primitives.aeadKey(bytes('11'.repeat(32)))
  const none = new Uint8Array(0)

  test('agrees with Wycheproof', () => {
    const ours = groups('wycheproof/aes_gcm_test').filter(
      (group) => group['keySize'] === 256 && group['ivSize'] === 96 && group['tagSize'] === 128,
    )
    const cases = ours.flatMap((group) => group.tests)
    assert.equal(cases.length, 66)
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of cases) {
      const held = primitives.aeadKey(bytes(key))
      const sealed = bytes(`${ct}${tag}`)
      const opened = held.open(bytes(iv), sealed, bytes(aad))
      if (result !== 'valid') {
        assert.equal(opened, null, `case ${tcId}`)
        continue
      }
      assert.deepEqual(opened, bytes(msg), `case ${tcId}`)
      assert.deepEqual(held.seal(bytes(iv), bytes(msg), bytes(aad)), sealed, `case ${tcId}`)
    }
  })

  test('opens nothing after any bit of it was flipped, or its data, or its nonce', () => {
    const message = bytes('00010203040506')
    const data = bytes('aabb')
    const sealed = key.seal(nonce, message, data)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = sealed.slice()
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(key.open(nonce, damaged, data), null)
    }
    assert.equal(key.open(nonce, sealed, none), null)
    assert.equal(key.open(nonce.with(0, 1), sealed, data), null)
    assert.deepEqual(key.open(nonce, sealed, data), message)
  })

  test('opens nothing of any shorter length, and never throws', () => {
    const sealed = key.seal(nonce, bytes('0001020304'), none)
    for (let length = 0; length < sealed.length; length++) {
      assert.equal(key.open(nonce, sealed.subarray(0, length), none), null)
    }
    assert.equal(key.open(nonce.subarray(1), sealed, none), null)
    assert.equal(key.open(none, sealed, none), null)
  })

  test('gives plain bytes in memory of their own', () => {
    const opened = key.open(nonce, key.seal(nonce, bytes('0001'), none), none)
    assert.ok(opened)
    assert.equal(Object.getPrototypeOf(opened), Uint8Array.prototype)
    assert.equal(opened.buffer.byteLength, 2)
  })

  test('copies its key, and refuses one of another length', () => {
    const raw = bytes('11'.repeat(32))
    const copied = primitives.aeadKey(raw)
    raw.fill(0)
    assert.deepEqual(copied.seal(nonce, none, none), key.seal(nonce, none, none))
    for (const length of [0, 16, 31, 33]) {
      assert.throws(() => primitives.aeadKey(new Uint8Array(length)), InvariantError)
    }
    assert.throws(() => key.seal(nonce.subarray(1), none, none), InvariantError)
  })
})

describe('HKDF-SHA-256', () => {
  const derive = (input: Case, length: number): string =>
    hkdfSha256(
      {
        inputKey: bytes(input['inputKey'] ?? input['ikm']),
        salt: bytes(input['salt']),
        info: bytes(input['info']),
      },
      length,
    ).lend(toHex)

  test('agrees with RFC 5869', () => {
    const cases = tests('rfc5869-hkdf-sha256')
    assert.equal(cases.length, 3)
    for (const input of cases) assert.equal(derive(input, Number(input['length'])), input['output'])
  })

  test('agrees with Wycheproof', () => {
    const cases = groups('wycheproof/hkdf_sha256_test').flatMap((group) => group.tests)
    assert.equal(cases.length, 86)
    for (const input of cases) {
      if (input['result'] === 'valid') assert.equal(derive(input, input.size), input['okm'])
      else assert.throws(() => derive(input, input.size), InvariantError)
    }
  })

  test('takes its info as UTF-8 text', () => {
    const key = bytes('0b'.repeat(22))
    const salt = bytes('01')
    const fromBytes = hkdfSha256({ inputKey: key, salt, info: bytes('736c6f742076312e') }, 42).lend(toHex)
    assert.equal(primitives.hkdf(key, salt, 'slot v1.', 42).lend(toHex), fromBytes)
  })
})

describe('HMAC-SHA-256', () => {
  test('agrees with Wycheproof', () => {
    let count = 0
    for (const group of groups('wycheproof/hmac_sha256_test')) {
      const digits = Number(group['tagSize']) / 4
      for (const { key, msg, tag, result } of group.tests) {
        const mac = toHex(primitives.macKey(bytes(key)).mac(bytes(msg))).slice(0, digits)
        assert.equal(mac === tag, result === 'valid')
        count += 1
      }
    }
    assert.equal(count, 174)
  })
})

describe('Ed25519', () => {
  test('agrees with RFC 8032', () => {
    const cases = tests('rfc8032-ed25519')
    assert.equal(cases.length, 4)
    for (const { seed, publicKey, message, signature } of cases) {
      assert.equal(toHex(primitives.ed25519PublicKey(bytes(seed))), publicKey)
      assert.equal(toHex(primitives.ed25519Sign(bytes(seed), bytes(message))), signature)
      assert.ok(primitives.ed25519Verify(bytes(publicKey), bytes(message), bytes(signature)))
    }
  })

  test('agrees with Wycheproof', () => {
    let count = 0
    for (const group of groups('wycheproof/ed25519_test')) {
      const { pk } = group['publicKey'] as { pk: string }
      for (const { tcId, msg, sig, result } of group.tests) {
        const valid = primitives.ed25519Verify(bytes(pk), bytes(msg), bytes(sig))
        assert.equal(valid, result === 'valid', `case ${tcId}`)
        count += 1
      }
    }
    assert.equal(count, 151)
  })

  test('takes malformed keys and signatures for signatures that do not fit', () => {
    const message = bytes('00')
    for (const length of [0, 31, 32, 33, 64]) {
      assert.equal(
        primitives.ed25519Verify(new Uint8Array(length).fill(0xff), message, new Uint8Array(64)),
        false,
      )
      assert.equal(primitives.ed25519Verify(bytes('d7'.repeat(32)), message, new Uint8Array(length)), false)
    }
  })

  test('refuses a seed of another length', () => {
    assert.throws(() => primitives.ed25519PublicKey(new Uint8Array(33)), InvariantError)
  })
})

test('X25519 public keys agree with RFC 7748', () => {
  for (const { privateKey, publicKey } of tests('rfc7748-x25519')) {
    assert.equal(toHex(primitives.x25519PublicKey(bytes(privateKey))), publicKey)
  }
})

test('SHA-256 of several parts is that of their concatenation', () => {
  // FIPS 180-4, the examples "abc" and the empty message.
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  assert.equal(toHex(primitives.sha256(bytes('616263'))), abc)
  assert.equal(toHex(primitives.sha256(bytes('61'), bytes(''), bytes('6263'))), abc)
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  assert.equal(toHex(primitives.sha256()), empty)
  assert.equal(toHex(primitives.sha256(new Uint8Array(0))), empty)
})

test('compares byte strings, also of different lengths', () => {
  assert.ok(primitives.equal(bytes('0102'), bytes('0102')))
  assert.ok(!primitives.equal(bytes('0102'), bytes('0103')))
  assert.ok(!primitives.equal(bytes('0102'), bytes('01')))
})
