import assert from 'node:assert/strict'
import { test } from 'node:test'
import { es512Sign, es512Verify, p521PublicKey } from './p521.ts'

/** RFC 7515 appendix A.4: a key, what it signs, and a signature. */
const D = 'AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C'
const X = 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk'
const Y = 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2'
const SIGNED = 'eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA'
const SIGNATURE =
  'AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7Xdt' +
  'AG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
const message = new TextEncoder().encode(SIGNED)
const point = { x: bytes(X), y: bytes(Y) }

test('has the public point of the RFC', () => {
  assert.deepEqual(p521PublicKey(bytes(D)), point)
})

test('takes the signature of the RFC, and none that is off by a bit', () => {
  assert.ok(es512Verify(point, message, bytes(SIGNATURE)))
  for (const at of [0, 65, 66, 131]) {
    const signature = bytes(SIGNATURE)
    signature[at] = (signature[at] ?? 0) ^ 1
    assert.equal(es512Verify(point, message, signature), false)
  }
  assert.equal(es512Verify(point, new TextEncoder().encode(`${SIGNED}x`), bytes(SIGNATURE)), false)
})

test('signs what it takes itself, in 132 bytes', () => {
  const signature = es512Sign(bytes(D), message)
  assert.equal(signature.length, 132)
  assert.ok(es512Verify(point, message, signature))
})

test('refuses what is no point and no signature, without an error', () => {
  const off = { x: point.x, y: point.x }
  assert.equal(es512Verify(off, message, bytes(SIGNATURE)), false)
  assert.equal(es512Verify({ x: new Uint8Array(3), y: point.y }, message, bytes(SIGNATURE)), false)
  assert.equal(es512Verify(point, message, new Uint8Array(0)), false)
})

test('makes no key of zero, nor of the order of the curve', () => {
  assert.throws(() => p521PublicKey(new Uint8Array(66)))
  // SEC 2 version 2 section 2.6.1.
  const order =
    '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa' +
    '51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409'
  assert.throws(() => p521PublicKey(new Uint8Array(Buffer.from(order, 'hex'))))
})
