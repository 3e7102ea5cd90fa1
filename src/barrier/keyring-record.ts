import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { concat, fromBase64, lengthPrefixed, toBase64, utf8 } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, type AeadKey, type Primitives } from '../crypto/primitives.ts'

const FORMAT = 1
const KEYRING_KEY_INFO = 'conclave keyring v1'

/** Where a keyring record belongs. The serial makes an older record a wrong one. */
export interface KeyringPlace {
  readonly storeId: Uint8Array
  readonly path: string
  readonly serial: number
}

/** `HKDF(root key, salt = store id, "conclave keyring v1")` as an AES-256-GCM key. */
export function keyringKey(primitives: Primitives, rootKey: SecretBytes, storeId: Uint8Array): AeadKey {
  using key = rootKey.lend((bytes) => primitives.hkdf(bytes, storeId, KEYRING_KEY_INFO, AEAD_KEY_BYTES))
  return key.lend((bytes) => primitives.aeadKey(bytes))
}

/**
 * `core/keyring`: RFC 8785 JSON with format, serial and store id in the clear, and
 * `nonce | ciphertext | tag`.
 */
export function sealKeyring(
  key: { readonly aead: AeadKey; readonly nonce: Uint8Array },
  place: KeyringPlace,
  plaintext: SecretBytes,
): Uint8Array {
  const sealed = plaintext.lend((bytes) => key.aead.seal(key.nonce, bytes, additionalData(place)))
  return canonicalJson({
    format: FORMAT,
    sealed: toBase64(concat(key.nonce, sealed)),
    serial: place.serial,
    store_id: toBase64(place.storeId),
  })
}

/** What a stored keyring record says before anything is opened. */
export interface KeyringRecord {
  readonly serial: number
  readonly sealed: Uint8Array
}

/** `null` when the bytes are no keyring record of this store in a format that this version knows. */
export function parseKeyringRecord(bytes: Uint8Array, storeId: Uint8Array): KeyringRecord | null {
  const value = parseCanonicalJson(bytes)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const { format, sealed, serial, store_id, ...unknown } = value as { readonly [member: string]: unknown }
  if (Object.keys(unknown).length > 0 || format !== FORMAT || store_id !== toBase64(storeId)) return null
  if (typeof sealed !== 'string' || typeof serial !== 'number') return null
  const sealedBytes = fromBase64(sealed)
  if (sealedBytes === null || sealedBytes.length < AEAD_NONCE_BYTES) return null
  return { serial, sealed: sealedBytes }
}

/** The plaintext, owned by the caller, or `null` when this key does not open the record at this place. */
export function openKeyring(aead: AeadKey, place: KeyringPlace, sealed: Uint8Array): Uint8Array | null {
  const nonce = sealed.subarray(0, AEAD_NONCE_BYTES)
  return aead.open(nonce, sealed.subarray(AEAD_NONCE_BYTES), additionalData(place))
}

function additionalData(place: KeyringPlace): Uint8Array {
  const serial = new Uint8Array(8)
  new DataView(serial.buffer).setBigUint64(0, BigInt(place.serial))
  return lengthPrefixed(utf8('keyring v1'), place.storeId, utf8(place.path), serial)
}
