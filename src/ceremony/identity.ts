import type { PlainWrite } from '../barrier/barrier.ts'
import { IDENTITY_PATH, RETIRING_PATH } from '../barrier/paths.ts'
import type { Entropy } from '../base/entropy.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { type NodeRecord, nodeStatement } from '../custody/node.ts'
import { corrupt } from '../custody/record-fields.ts'

const FORMAT = 0x01
const SECRET_BYTES = 32

/** The pair that closes transcripts and certifies nodes. Its owner wipes the seed. */
export interface Identity {
  readonly seed: SecretBytes
  readonly publicKey: Uint8Array
}

/** Public parts of this process's node key. */
export type NodeKeys = Omit<NodeRecord, 'certificate'>

export function newIdentity(primitives: Primitives, entropy: Entropy): Identity {
  const seed = SecretBytes.take(entropy.bytes(SECRET_BYTES))
  return { seed, publicKey: seed.lend((bytes) => primitives.ed25519PublicKey(bytes)) }
}

export function certify(
  primitives: Primitives,
  identity: Identity,
  node: { readonly storeId: Uint8Array; readonly keys: NodeKeys },
): NodeRecord {
  const { signingKey, exchangeKey } = node.keys
  const message = nodeStatement(node.storeId, node.keys)
  const certificate = identity.seed.lend((seed) => primitives.ed25519Sign(seed, message))
  return { signingKey, exchangeKey, certificate }
}

/** The write behind the barrier that keeps the identity's seed. The plaintext is wiped by `wipeWrites`. */
export function identityWrite(identity: Identity): PlainWrite {
  return secretWrite(IDENTITY_PATH, identity.seed)
}

/** The write behind the barrier that keeps the retiring set's root key. */
export function retiringRootWrite(rootKey: SecretBytes): PlainWrite {
  return secretWrite(RETIRING_PATH, rootKey)
}

/** Reads what `identityWrite` or `retiringRootWrite` stored. `stored` is wiped. Throws `corrupt_store`. */
export function readStoredSecret(stored: Uint8Array | null, what: string): SecretBytes {
  if (stored === null) throw corrupt(what, 'is missing behind the barrier')
  try {
    if (stored.length !== 1 + SECRET_BYTES || stored[0] !== FORMAT) throw corrupt(what, 'cannot be read')
    return SecretBytes.copyOf(stored.subarray(1))
  } finally {
    stored.fill(0)
  }
}

/** Wipes the plaintext of writes that have been sealed, or never will be. */
export function wipeWrites(writes: readonly PlainWrite[]): void {
  for (const write of writes) if (write.op === 'put') write.value.fill(0)
}

function secretWrite(key: string, secret: SecretBytes): PlainWrite {
  const value = secretSpace(1 + secret.length)
  value[0] = FORMAT
  secret.lend((bytes) => value.set(bytes, 1))
  return { op: 'put', key, value }
}
