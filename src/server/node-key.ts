import { join } from 'node:path'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import type { NodeKeys } from '../ceremony/identity.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { openingError } from '../physical/sqlite/opening-error.ts'
import { readIfThere, writePrivateFile } from './private-file.ts'

const FILE = 'node.key'
const FORMAT = 0x01
const SEED_BYTES = 32

/** A node's own keys: they name it to holders and peers, also while it is sealed. They open nothing. */
export interface NodeKey {
  readonly signingSeed: SecretBytes
  readonly exchangeKey: SecretBytes
  readonly publicKeys: NodeKeys
}

/**
 * The node key in `folder/node.key` (0600): `0x01 | Ed25519 seed, 32 | X25519 private key, 32`; made at the
 * first start. Throws `corrupt_store` when the file is there and is something else, `storage_full`,
 * `storage_read_only` and `storage_unavailable` when it cannot be made.
 */
export function loadNodeKey(primitives: Primitives, entropy: Entropy, folder: string): NodeKey {
  const path = join(folder, FILE)
  const stored = readIfThere(path)
  if (stored === null) {
    const made = entropy.bytes(2 * SEED_BYTES)
    try {
      writePrivateFile(path, new Uint8Array([FORMAT]), made)
    } catch (error) {
      throw openingError(error, folder)
    }
    return split(primitives, made)
  }
  if (stored.length !== 1 + 2 * SEED_BYTES || stored[0] !== FORMAT) {
    throw new OperatingError('corrupt_store', `${FILE} is no node key; take it away and a new one is made`)
  }
  return split(primitives, stored.subarray(1))
}

/** A node key that lives as long as the process, for a store in memory. */
export function memoryNodeKey(primitives: Primitives, entropy: Entropy): NodeKey {
  return split(primitives, entropy.bytes(2 * SEED_BYTES))
}

function split(primitives: Primitives, bytes: Uint8Array): NodeKey {
  const signingSeed = SecretBytes.copyOf(bytes.subarray(0, SEED_BYTES))
  const exchangeKey = SecretBytes.copyOf(bytes.subarray(SEED_BYTES))
  bytes.fill(0)
  const publicKeys = {
    signingKey: signingSeed.lend((seed) => primitives.ed25519PublicKey(seed)),
    exchangeKey: exchangeKey.lend((key) => primitives.x25519PublicKey(key)),
  }
  return { signingSeed, exchangeKey, publicKeys }
}
