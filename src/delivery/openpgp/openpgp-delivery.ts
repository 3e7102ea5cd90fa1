import { assert } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import type { Entropy } from '../../base/entropy.ts'
import { MAX_WRAPS_WAITING } from '../../base/limits.ts'
import { Queue } from '../../base/queue.ts'
import type { SecretBytes } from '../../base/secret-bytes.ts'
import type { Delivery, Recipient } from '../../ceremony/delivery.ts'
import { encryptionFault, type Fault, parsingFault } from './key-fault.ts'
import { keyBytes } from './key-text.ts'
import { loadLibrary } from './policy.ts'
import { checkTransferableKey } from './transferable-key.ts'
import { readUsableKey } from './usable-key.ts'
import { wrap } from './wrap.ts'

const PROBE_BYTES = 32

/** What the adapter is handed. The library has randomness of its own besides: see `wrap.ts`. */
export interface OpenpgpPorts {
  readonly clock: Clock
  readonly entropy: Entropy
}

/**
 * Wraps secrets for people with OpenPGP keys of version 4 and 6. One of the two places where secrets live
 * across an await (custody.md section 7): each copy is owned by the call that made it and wiped at its end.
 */
export class OpenpgpDelivery implements Delivery {
  readonly #ports: OpenpgpPorts
  readonly #queue = new Queue()
  #waiting = 0

  constructor(ports: OpenpgpPorts) {
    this.#ports = ports
  }

  async recipient(key: string): Promise<Recipient> {
    const bytes = keyBytes(key)
    checkTransferableKey(bytes)
    const probe = this.#ports.entropy.bytes(PROBE_BYTES)
    try {
      const { fingerprint } = await this.#wrap(bytes, probe, parsingFault)
      return { kind: 'openpgp', key: bytes, fingerprint }
    } finally {
      probe.fill(0)
    }
  }

  /**
   * One at a time, in the order of the calls, whatever the caller does: 255 at once would hold that many
   * copies in the library's hands.
   */
  async encrypt(recipient: Recipient, plaintext: SecretBytes): Promise<Uint8Array> {
    assert(this.#waiting < MAX_WRAPS_WAITING, 'more secrets to wrap than a deal has')
    // Copied now, as the caller may wipe it before its turn comes.
    const own = plaintext.lend((bytes) => new Uint8Array(bytes))
    this.#waiting += 1
    try {
      const { message } = await this.#queue.run(() => this.#wrap(recipient.key, own, encryptionFault))
      return message
    } finally {
      own.fill(0)
      this.#waiting -= 1
    }
  }

  async #wrap(key: Uint8Array, plaintext: Uint8Array, fault: Fault): Promise<Wrapped> {
    const library = await loadLibrary()
    const date = new Date(this.#ports.clock.now())
    const wrapping = { library, date, fault, entropy: this.#ports.entropy }
    const usable = await readUsableKey(wrapping, key)
    const message = await wrap(wrapping, usable, plaintext)
    return { message, fingerprint: usable.getFingerprint() }
  }
}

interface Wrapped {
  readonly message: Uint8Array
  /** Of the primary key, lower-case hex. */
  readonly fingerprint: string
}
