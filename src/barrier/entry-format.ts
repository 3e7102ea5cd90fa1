import { concat, lengthPrefixed, uint32, utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type AeadKey } from '../crypto/primitives.ts'

/**
 * A stored entry: `0x01 | term, uint32 | nonce, 12 | ciphertext | tag, 16`, integers big-endian (custody.md
 * section 2). The additional data binds store, path and term, so that an entry is worth nothing
 * anywhere else.
 */
const ENTRY_FORMAT = 0x01
const HEADER_BYTES = 1 + 4 + AEAD_NONCE_BYTES

/** Where an entry belongs. */
export interface EntryPlace {
  readonly storeId: Uint8Array
  readonly path: string
}

/** The term that an entry names in its header. Throws `corrupt_entry` when it cannot be an entry. */
export function entryTerm(stored: Uint8Array): number {
  if (stored.length < HEADER_BYTES + AEAD_TAG_BYTES)
    throw corruptEntry('entry is shorter than its header and tag')
  if (stored[0] !== ENTRY_FORMAT) throw corruptEntry('entry has an unknown format')
  return new DataView(stored.buffer, stored.byteOffset).getUint32(1)
}

/** Seals `plaintext` under one term's key. The nonce is used here and never again. */
export function sealEntry(
  key: { readonly aead: AeadKey; readonly term: number; readonly nonce: Uint8Array },
  place: EntryPlace,
  plaintext: Uint8Array,
): Uint8Array {
  const sealed = key.aead.seal(key.nonce, plaintext, entryAdditionalData(place, key.term))
  return concat(new Uint8Array([ENTRY_FORMAT]), uint32(key.term), key.nonce, sealed)
}

/**
 * Opens what `sealEntry` made for this place. Throws `corrupt_entry` for anything else, whatever its length.
 */
export function openEntry(aead: AeadKey, place: EntryPlace, stored: Uint8Array): Uint8Array {
  const term = entryTerm(stored)
  const nonce = stored.subarray(1 + 4, HEADER_BYTES)
  const plaintext = aead.open(nonce, stored.subarray(HEADER_BYTES), entryAdditionalData(place, term))
  if (plaintext === null) throw corruptEntry('entry failed authentication')
  return plaintext
}

export function corruptEntry(fault: string): OperatingError {
  return new OperatingError('corrupt_entry', fault)
}

function entryAdditionalData(place: EntryPlace, term: number): Uint8Array {
  return lengthPrefixed(utf8('entry v1'), place.storeId, utf8(place.path), uint32(term))
}
