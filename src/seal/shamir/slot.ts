import { concat, lengthPrefixed, utf8 } from '../../base/encoding.ts'
import { SecretBytes } from '../../base/secret-bytes.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, type AeadKey, type Primitives } from '../../crypto/primitives.ts'

const SLOT_KEY_INFO = 'conclave slot v1'
const LINK_KEY_INFO = 'conclave link v1'

/**
 * The key set whose slot it is. Its serial is not part of it: nobody can re-seal a slot without the shares.
 */
export interface SlotPlace {
  readonly storeId: Uint8Array
  readonly setId: Uint8Array
}

/** From which set to which a link leads. */
export interface LinkPlace {
  readonly storeId: Uint8Array
  readonly retiringId: Uint8Array
  readonly liveId: Uint8Array
}

/**
 * The root key under `HKDF(unseal key, salt = key-set id, "conclave slot v1")`: `nonce | ciphertext | tag`.
 */
export function sealSlot(
  primitives: Primitives,
  place: SlotPlace,
  keys: { readonly unsealKey: SecretBytes; readonly rootKey: SecretBytes; readonly nonce: Uint8Array },
): Uint8Array {
  const aead = derive(primitives, keys.unsealKey, { salt: place.setId, info: SLOT_KEY_INFO })
  return wrap(aead, keys, slotData(place))
}

/** The root key, owned by the caller, or `null` when the unseal key does not open this slot. */
export function openSlot(
  primitives: Primitives,
  place: SlotPlace,
  sealed: { readonly slot: Uint8Array; readonly unsealKey: SecretBytes },
): SecretBytes | null {
  const aead = derive(primitives, sealed.unsealKey, { salt: place.setId, info: SLOT_KEY_INFO })
  return unwrap(aead, sealed.slot, slotData(place))
}

/**
 * The current root key under `HKDF(old root key, salt = live key-set id, "conclave link v1")`: whoever opens
 * by the retiring set ends with the one root key.
 */
export function sealLink(
  primitives: Primitives,
  place: LinkPlace,
  keys: { readonly oldRootKey: SecretBytes; readonly rootKey: SecretBytes; readonly nonce: Uint8Array },
): Uint8Array {
  const aead = derive(primitives, keys.oldRootKey, { salt: place.liveId, info: LINK_KEY_INFO })
  return wrap(aead, keys, linkData(place))
}

/** The current root key, owned by the caller, or `null` when the old one does not open this link. */
export function openLink(
  primitives: Primitives,
  place: LinkPlace,
  sealed: { readonly link: Uint8Array; readonly oldRootKey: SecretBytes },
): SecretBytes | null {
  const aead = derive(primitives, sealed.oldRootKey, { salt: place.liveId, info: LINK_KEY_INFO })
  return unwrap(aead, sealed.link, linkData(place))
}

function derive(
  primitives: Primitives,
  from: SecretBytes,
  purpose: { readonly salt: Uint8Array; readonly info: string },
): AeadKey {
  using key = from.lend((bytes) => primitives.hkdf(bytes, purpose.salt, purpose.info, AEAD_KEY_BYTES))
  return key.lend((bytes) => primitives.aeadKey(bytes))
}

function wrap(
  aead: AeadKey,
  keys: { readonly rootKey: SecretBytes; readonly nonce: Uint8Array },
  additionalData: Uint8Array,
): Uint8Array {
  return concat(
    keys.nonce,
    keys.rootKey.lend((bytes) => aead.seal(keys.nonce, bytes, additionalData)),
  )
}

function unwrap(aead: AeadKey, sealed: Uint8Array, additionalData: Uint8Array): SecretBytes | null {
  const nonce = sealed.subarray(0, AEAD_NONCE_BYTES)
  const rootKey = aead.open(nonce, sealed.subarray(AEAD_NONCE_BYTES), additionalData)
  return rootKey === null || rootKey.length !== AEAD_KEY_BYTES ? null : SecretBytes.take(rootKey)
}

function slotData(place: SlotPlace): Uint8Array {
  return lengthPrefixed(utf8('slot v1'), place.storeId, place.setId)
}

function linkData(place: LinkPlace): Uint8Array {
  return lengthPrefixed(utf8('link v1'), place.storeId, place.retiringId, place.liveId)
}
