import type { RecordValue } from '../base/canonical-json.ts'
import { lengthPrefixed, utf8 } from '../base/encoding.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { PUBLIC_KEY_BYTES } from './key-set.ts'
import { field, RecordFields } from './record-fields.ts'

/** A node's public name, certified by the identity key at its first unseal and again at each install. */
export interface NodeRecord {
  /** Ed25519 public key: the node's name. */
  readonly signingKey: Uint8Array
  /** X25519 public key, for what is encrypted to this node while it is sealed. */
  readonly exchangeKey: Uint8Array
  /** Ed25519 signature of the identity key over both keys and the store id. */
  readonly certificate: Uint8Array
}

const SIGNATURE_BYTES = 64

/**
 * What the identity key signs: `"conclave node v1"`, store id, signing key, exchange key, length-prefixed.
 */
export function nodeStatement(storeId: Uint8Array, keys: Omit<NodeRecord, 'certificate'>): Uint8Array {
  return lengthPrefixed(utf8('conclave node v1'), storeId, keys.signingKey, keys.exchangeKey)
}

export function verifyNode(
  primitives: Primitives,
  record: { readonly storeId: Uint8Array; readonly identityKey: Uint8Array },
  node: NodeRecord,
): boolean {
  return primitives.ed25519Verify(record.identityKey, nodeStatement(record.storeId, node), node.certificate)
}

export function nodeRecord(node: NodeRecord): RecordValue {
  return {
    certificate: field(node.certificate),
    exchange_key: field(node.exchangeKey),
    signing_key: field(node.signingKey),
  }
}

export function parseNode(value: RecordValue): NodeRecord {
  const fields = new RecordFields(value, 'a node of the custody record')
  const node = {
    signingKey: fields.bytes('signing_key', PUBLIC_KEY_BYTES),
    exchangeKey: fields.bytes('exchange_key', PUBLIC_KEY_BYTES),
    certificate: fields.bytes('certificate', SIGNATURE_BYTES),
  }
  fields.end()
  return node
}
