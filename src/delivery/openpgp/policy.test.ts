import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as openpgp from 'openpgp'
import { policyOf, weaknessOf } from './policy.ts'

test('takes RSA from 2048 to 8192 bits with a small exponent, whatever it is marked for', () => {
  for (const algorithm of ['rsaEncryptSign', 'rsaEncrypt', 'rsaSign'] as const) {
    for (const bits of [2048, 8192]) assert.equal(weaknessOf({ algorithm, bits }, 4), null)
    assert.match(weaknessOf({ algorithm, bits: 8193 }, 3) ?? '', /^RSA with 8193 bits; wanted/)
    assert.match(weaknessOf({ algorithm, bits: 2048 }, 5) ?? '', /^RSA with an exponent of 5 bytes; wanted/)
    assert.match(
      weaknessOf({ algorithm, bits: 2047 }, 3) ?? '',
      /^RSA with 2047 bits; wanted is RSA with 2048 to/,
    )
    assert.match(weaknessOf({ algorithm }, 3) ?? '', /^RSA with 0 bits; wanted/)
  }
})

test('takes the curves that are documented, and names the one that it refuses', () => {
  for (const algorithm of ['ecdsa', 'ecdh', 'eddsaLegacy'] as const) {
    for (const curve of ['nistP256', 'nistP384', 'nistP521', 'ed25519Legacy', 'curve25519Legacy'] as const) {
      assert.equal(weaknessOf({ algorithm, curve }, 3), null)
    }
    const refused = ['brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1', 'secp256k1'] as const
    for (const curve of refused) {
      assert.match(
        weaknessOf({ algorithm, curve }, 3) ?? '',
        new RegExp(`^the curve ${curve}; wanted is RSA`),
      )
    }
    assert.match(weaknessOf({ algorithm }, 3) ?? '', /^the curve unknown; wanted/)
  }
  for (const algorithm of ['ed25519', 'ed448', 'x25519', 'x448'] as const) {
    assert.equal(weaknessOf({ algorithm }, 3), null)
  }
})

test('refuses DSA and Elgamal by their name', () => {
  assert.match(weaknessOf({ algorithm: 'dsa' }, 3) ?? '', /^dsa; wanted is/)
  assert.match(weaknessOf({ algorithm: 'elgamal' }, 3) ?? '', /^elgamal; wanted is/)
})

test('the library is told of every curve and algorithm that is refused here', () => {
  const policy = policyOf(openpgp)
  for (const curve of Object.values(openpgp.enums.curve)) {
    assert.equal(policy.rejectCurves?.has(curve), weaknessOf({ algorithm: 'ecdh', curve }, 3) !== null, curve)
  }
  for (const algorithm of ['rsaEncryptSign', 'ecdh', 'x25519', 'x448', 'dsa', 'elgamal'] as const) {
    const info = { algorithm, bits: 4096, curve: 'nistP256' } as const
    const isRejected = policy.rejectPublicKeyAlgorithms?.has(openpgp.enums.publicKey[algorithm])
    assert.equal(isRejected, weaknessOf(info, 3) !== null, algorithm)
  }
  assert.equal(policy.minRSABits, 2048)
})
