import { concat, fromBase64, fromUtf8, toHex } from '../../src/base/encoding.ts'
import { OperatingError } from '../../src/base/errors.ts'
import type { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Delivery, Recipient } from '../../src/ceremony/delivery.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'

const DIGEST_BYTES = 32

/**
 * Wrapping for the simulated world: asynchronous like the real one, with no randomness and no thread of its
 * own. A message is the digest of the key and the plaintext, so that the simulated holder reads it with
 * `unwrap`. It fails for a recipient on command.
 */
export class SimDelivery implements Delivery {
  /** Fingerprints of recipients that cannot be encrypted to any more. */
  readonly broken = new Set<string>()

  async recipient(key: string): Promise<Recipient> {
    const bytes = fromBase64(key)
    if (bytes === null || bytes.length === 0) {
      throw new OperatingError('parameters_invalid', 'error decoding given PGP key: illegal base64 data')
    }
    const fingerprint = toHex(nodePrimitives.sha256(bytes)).slice(0, 40)
    return { kind: 'openpgp', key: bytes, fingerprint }
  }

  async encrypt(recipient: Recipient, plaintext: SecretBytes): Promise<Uint8Array> {
    const message = plaintext.lend((bytes) => concat(nodePrimitives.sha256(recipient.key), bytes))
    await Promise.resolve()
    if (!this.broken.has(recipient.fingerprint)) return message
    throw new OperatingError('parameters_invalid', 'this recipient cannot be encrypted to')
  }
}

/** What the holder of the private key reads: a share in hex, as bytes. */
export function unwrap(message: Uint8Array): Uint8Array {
  return Buffer.from(fromUtf8(message.subarray(DIGEST_BYTES)), 'hex')
}
