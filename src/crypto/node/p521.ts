import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { assert } from '../../base/assert.ts'
import { P521_BYTES, type P521Point } from '../primitives.ts'

/**
 * RFC 5915 section 3 and RFC 5480 section 2.1.1.1: what stands around the private number, the curve named
 * behind it; and what stands before the uncompressed point of a public key.
 */
const PRIVATE_BEFORE = Buffer.from('3050' + '020101' + '0442', 'hex')
const PRIVATE_BEHIND = Buffer.from('a007' + '06052b81040023', 'hex')
const PUBLIC_BEFORE = Buffer.from(
  '30819b' + '3010' + '06072a8648ce3d0201' + '06052b81040023' + '03818600' + '04',
  'hex',
)
const RAW = 'ieee-p1363'
/** Order of the group (SEC 2 version 2 section 2.6.1). OpenSSL takes any number and reckons on. */
const ORDER = Buffer.from(
  '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa' +
    '51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  'hex',
)

export function p521PublicKey(privateNumber: Uint8Array): P521Point {
  const der = createPublicKey(privateKey(privateNumber)).export({ format: 'der', type: 'spki' })
  const point = new Uint8Array(der.subarray(der.length - 2 * P521_BYTES))
  return { x: point.subarray(0, P521_BYTES), y: point.subarray(P521_BYTES) }
}

export function es512Sign(privateNumber: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign('sha512', message, { key: privateKey(privateNumber), dsaEncoding: RAW }))
}

export function es512Verify({ x, y }: P521Point, message: Uint8Array, signature: Uint8Array): boolean {
  if (x.length !== P521_BYTES || y.length !== P521_BYTES) return false
  try {
    const der = Buffer.concat([PUBLIC_BEFORE, x, y])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verify('sha512', message, { key, dsaEncoding: RAW }, signature)
  } catch {
    // OpenSSL refuses what is no point of the curve when it is read: a signature that does not fit.
    return false
  }
}

/** The encoding that carries the number is wiped again; OpenSSL's own copy when the key is collected. */
function privateKey(privateNumber: Uint8Array): KeyObject {
  assert(privateNumber.length === P521_BYTES, 'a private number on P-521 has 66 bytes')
  assert(
    privateNumber.some((byte) => byte !== 0) && Buffer.compare(privateNumber, ORDER) < 0,
    'a private number lies between zero and the order of the group',
  )
  const length = PRIVATE_BEFORE.length + P521_BYTES + PRIVATE_BEHIND.length
  const der = Buffer.from(new ArrayBuffer(length))
  try {
    der.set(PRIVATE_BEFORE)
    der.set(privateNumber, PRIVATE_BEFORE.length)
    der.set(PRIVATE_BEHIND, PRIVATE_BEFORE.length + P521_BYTES)
    return createPrivateKey({ key: der, format: 'der', type: 'sec1' })
  } finally {
    der.fill(0)
  }
}
