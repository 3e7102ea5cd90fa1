import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  hash,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { assert } from '../../base/assert.ts'
import { concat, utf8 } from '../../base/encoding.ts'
import { SecretBytes, secretSpace } from '../../base/secret-bytes.ts'
import {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type AeadKey,
  type MacKey,
  type Primitives,
} from '../primitives.ts'
import { es512Sign, es512Verify, p521PublicKey } from './p521.ts'

const CIPHER = 'aes-256-gcm'
const CIPHER_OPTIONS = { authTagLength: AEAD_TAG_BYTES }
const CURVE_KEY_BYTES = 32
const HASH_BYTES = 32
/** Of SHA-256 (FIPS 180-4 section 1). */
const BLOCK_BYTES = 64
const MAX_HKDF_BYTES = 255 * HASH_BYTES

/** RFC 8410: what stands before the 32 raw bytes of a key in PKCS #8 and in SubjectPublicKeyInfo. */
const ED25519_PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex')
const X25519_PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex')
const ED25519_PUBLIC = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * The primitives on `node:crypto`. Keys are held as `KeyObject`, which is several times faster than raw
 * bytes; its memory belongs to OpenSSL, which wipes it when the object is collected.
 */
export const nodePrimitives: Primitives = {
  sha256,
  digest: (name, message) => plain(hash(name.replace('sha2-', 'sha'), message, 'buffer')),
  hkdf: (inputKey, salt, info, length) => hkdfSha256({ inputKey, salt, info: utf8(info) }, length),
  aeadKey: nodeAeadKey,
  macKey: nodeMacKey,
  ed25519PublicKey: (seed) => publicKeyOf(privateKey(ED25519_PRIVATE, seed)),
  ed25519Sign: (seed, message) => plain(sign(null, message, privateKey(ED25519_PRIVATE, seed))),
  ed25519Verify,
  p521PublicKey,
  es512Sign,
  es512Verify,
  x25519PublicKey: (raw) => publicKeyOf(privateKey(X25519_PRIVATE, raw)),
  equal: (left, right) => left.length === right.length && timingSafeEqual(left, right),
}

/**
 * HKDF with SHA-256 (RFC 5869) for an info of any bytes. `length` in bytes, 1 to 8,160.
 *
 * Made of HMAC and not by `hkdfSync`, which copies the input key into an object that is wiped when it is
 * collected, whenever that is: it was found in the memory of a sealed server. What HMAC is given as message
 * leaves no copy (measured; `tests/faults/memory-residue.test.ts`).
 */
export function hkdfSha256(
  input: { readonly inputKey: Uint8Array; readonly salt: Uint8Array; readonly info: Uint8Array },
  length: number,
): SecretBytes {
  assert(length >= 1 && length <= MAX_HKDF_BYTES, 'HKDF-SHA-256 gives 1 to 8,160 bytes')
  // Section 2.2: no salt is a salt of zeros, which HMAC makes of an empty key by itself.
  const pseudorandomKey = hmacSha256(input.salt, input.inputKey)
  const output = secretSpace(length)
  let block: Uint8Array = new Uint8Array(0)
  for (let at = 0, count = 1; at < length; at += HASH_BYTES, count++) {
    const previous = block
    block = hmacSha256(pseudorandomKey, previous, input.info, Uint8Array.of(count))
    previous.fill(0)
    output.set(block.subarray(0, length - at), at)
  }
  block.fill(0)
  pseudorandomKey.fill(0)
  return SecretBytes.take(output)
}

/**
 * HMAC (RFC 2104) of one-shot hashes, whose bytes are ours to wipe. `createHmac` with a key of raw bytes
 * takes three times as long, as it makes an error on its way.
 */
function hmacSha256(key: Uint8Array, ...message: readonly Uint8Array[]): Uint8Array {
  const digested = key.length > BLOCK_BYTES ? sha256(key) : key
  const padded = (pad: number, parts: readonly Uint8Array[]): Uint8Array => {
    const block = secretSpace(BLOCK_BYTES).fill(pad)
    for (const [index, byte] of digested.entries()) block[index] = pad ^ byte
    const input = concat(block, ...parts)
    block.fill(0)
    const result = sha256(input)
    input.fill(0)
    return result
  }
  const inner = padded(0x36, message)
  const outer = padded(0x5c, [inner])
  inner.fill(0)
  if (digested !== key) digested.fill(0)
  return outer
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only, ...rest] = parts
  // One shot takes a fifth of the time of a hash object.
  if (only !== undefined && rest.length === 0) return plain(hash('sha256', only, 'buffer'))
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return plain(state.digest())
}

function nodeAeadKey(key: Uint8Array): AeadKey {
  assert(key.length === AEAD_KEY_BYTES, 'an AES-256-GCM key is 32 bytes')
  const held = createSecretKey(key)
  return {
    seal: (nonce, plaintext, additionalData) => seal(held, nonce, { plaintext, additionalData }),
    open: (nonce, sealed, additionalData) => open(held, nonce, { sealed, additionalData }),
  }
}

function seal(
  key: KeyObject,
  nonce: Uint8Array,
  input: { readonly plaintext: Uint8Array; readonly additionalData: Uint8Array },
): Uint8Array {
  assert(nonce.length === AEAD_NONCE_BYTES, 'a nonce is 12 bytes')
  const cipher = createCipheriv(CIPHER, key, nonce, CIPHER_OPTIONS)
  cipher.setAAD(input.additionalData)
  const length = input.plaintext.length
  const sealed = new Uint8Array(length + AEAD_TAG_BYTES)
  // GCM is a stream: `update` gives everything, `final` only ends it.
  sealed.set(cipher.update(input.plaintext))
  cipher.final()
  sealed.set(cipher.getAuthTag(), length)
  return sealed
}

function open(
  key: KeyObject,
  nonce: Uint8Array,
  input: { readonly sealed: Uint8Array; readonly additionalData: Uint8Array },
): Uint8Array | null {
  const length = input.sealed.length - AEAD_TAG_BYTES
  if (length < 0 || nonce.length !== AEAD_NONCE_BYTES) return null
  const decipher = createDecipheriv(CIPHER, key, nonce, CIPHER_OPTIONS)
  decipher.setAAD(input.additionalData)
  decipher.setAuthTag(input.sealed.subarray(length))
  const plaintext = decipher.update(input.sealed.subarray(0, length))
  try {
    decipher.final()
  } catch {
    // The tag does not fit. Nobody may see what the bytes decrypt to.
    plaintext.fill(0)
    return null
  }
  return plain(plaintext)
}

function nodeMacKey(key: Uint8Array): MacKey {
  const held = createSecretKey(key)
  return { mac: (message) => plain(createHmac('sha256', held).update(message).digest()) }
}

function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== CURVE_KEY_BYTES) return false
  try {
    const der = Buffer.concat([ED25519_PUBLIC, publicKey])
    return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
  } catch {
    // OpenSSL may refuse a key already when it is read; for the caller that is a signature that does not fit.
    return false
  }
}

/**
 * The private key of 32 raw bytes. The encoding that carries them is wiped again; OpenSSL's own copy when the
 * key is collected.
 */
function privateKey(prefix: Uint8Array, raw: Uint8Array): KeyObject {
  assert(raw.length === CURVE_KEY_BYTES, 'a private key is made from 32 bytes')
  const der = Buffer.from(new ArrayBuffer(prefix.length + CURVE_KEY_BYTES))
  try {
    der.set(prefix)
    der.set(raw, prefix.length)
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    der.fill(0)
  }
}

function publicKeyOf(key: KeyObject): Uint8Array {
  // RFC 8037 section 2. Twenty times as fast as the same in DER.
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(String(x), 'base64url'))
}

/** Node's buffers as plain arrays of bytes, in memory of their own. */
function plain(buffer: Buffer): Uint8Array {
  if (buffer.length === buffer.buffer.byteLength) return new Uint8Array(buffer.buffer)
  const own = secretSpace(buffer.length)
  own.set(buffer)
  buffer.fill(0)
  return own
}
