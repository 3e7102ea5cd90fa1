import type { SecretBytes } from '../base/secret-bytes.ts'

/**
 * The primitives that custody and barrier are built from, handed in, so that the same rules run on
 * `node:crypto` in the server and on a pure implementation in a browser. All are synchronous: no secret
 * crosses an await.
 */
export interface Primitives {
  /** SHA-256 (FIPS 180-4) of the parts one after the other. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array

  /** The hash of `message` by an algorithm of FIPS 180-4 or FIPS 202, for what clients want hashed. */
  digest(algorithm: DigestName, message: Uint8Array): Uint8Array

  /** HKDF with SHA-256 (RFC 5869), extract and expand. `length` in bytes, at most 8,160. */
  hkdf(inputKey: Uint8Array, salt: Uint8Array, info: string, length: number): SecretBytes

  /** A key for AES-256-GCM. `key` is 32 bytes, is copied, and stays with the caller. */
  aeadKey(key: Uint8Array): AeadKey

  /** An HMAC-SHA-256 key (RFC 2104). `key` is copied and stays with the caller. */
  macKey(key: Uint8Array): MacKey

  /** Ed25519 public key (32 bytes) of a 32-byte seed (RFC 8032 section 5.1.5). */
  ed25519PublicKey(seed: Uint8Array): Uint8Array

  /** Ed25519 signature (64 bytes) of `message` by the key of `seed` (RFC 8032 section 5.1.6). */
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array

  /** Whether `signature` is one of `publicKey` over `message`. False, never an error, for malformed input. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean

  /** X25519 public key (32 bytes) of a 32-byte private key (RFC 7748). */
  x25519PublicKey(privateKey: Uint8Array): Uint8Array

  /** Whether two byte strings are the same, in time that depends on their lengths only. */
  equal(left: Uint8Array, right: Uint8Array): boolean
}

/** As the peers name them (surface.md section 12). */
export const DIGEST_NAMES = [
  ...(['sha2-224', 'sha2-256', 'sha2-384', 'sha2-512'] as const),
  ...(['sha3-224', 'sha3-256', 'sha3-384', 'sha3-512'] as const),
] as const

export type DigestName = (typeof DIGEST_NAMES)[number]

/** AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags. */
export interface AeadKey {
  /** Ciphertext and tag. The caller never gives one nonce twice. */
  seal(nonce: Uint8Array, plaintext: Uint8Array, additionalData: Uint8Array): Uint8Array
  /** The plaintext in memory of its own, or `null` when it does not authenticate, whatever its length. */
  open(nonce: Uint8Array, sealed: Uint8Array, additionalData: Uint8Array): Uint8Array | null
}

export interface MacKey {
  /** HMAC-SHA-256, 32 bytes. */
  mac(message: Uint8Array): Uint8Array
}

export const AEAD_KEY_BYTES = 32
export const AEAD_NONCE_BYTES = 12
export const AEAD_TAG_BYTES = 16
