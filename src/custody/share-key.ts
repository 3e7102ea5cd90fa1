import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Primitives } from '../crypto/primitives.ts'

const SHARE_KEY_INFO = 'conclave share key v1'
const SEED_BYTES = 32

/**
 * The public key by which a share is known: Ed25519 (RFC 8032) from the seed
 * HKDF-SHA-256 (RFC 5869) of the share, salted with the key-set id.
 */
export function sharePublicKey(primitives: Primitives, share: SecretBytes, setId: Uint8Array): Uint8Array {
  using seed = shareSeed(primitives, share, setId)
  return seed.lend((bytes) => primitives.ed25519PublicKey(bytes))
}

/** Signs for the holder of `share`. Not secret, and it releases no secret. */
export function signWithShare(
  primitives: Primitives,
  key: { readonly share: SecretBytes; readonly setId: Uint8Array },
  message: Uint8Array,
): Uint8Array {
  using seed = shareSeed(primitives, key.share, key.setId)
  return seed.lend((bytes) => primitives.ed25519Sign(bytes, message))
}

function shareSeed(primitives: Primitives, share: SecretBytes, setId: Uint8Array): SecretBytes {
  return share.lend((bytes) => primitives.hkdf(bytes, setId, SHARE_KEY_INFO, SEED_BYTES))
}
