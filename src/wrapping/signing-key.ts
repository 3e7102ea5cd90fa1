import { concat } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import { Queue } from '../base/queue.ts'
import { P521_BYTES, type P521Point, type Primitives } from '../crypto/primitives.ts'
import type { StorageView } from '../logical/backend.ts'

const KEY = 'signing-key'
const FORMAT = 0x01

/**
 * The key that signs wrapping tokens which are JWTs: on P-521, behind the barrier, made when it is first
 * asked for. It is read from there for every signature, and wiped behind it.
 */
export class SigningKey {
  readonly #storage: StorageView
  readonly #primitives: Primitives
  readonly #entropy: Entropy
  readonly #queue = new Queue()
  #public: P521Point | null = null

  constructor(storage: StorageView, primitives: Primitives, entropy: Entropy) {
    this.#storage = storage
    this.#primitives = primitives
    this.#entropy = entropy
  }

  async public(): Promise<P521Point> {
    this.#public ??= await this.#lent((key) => this.#primitives.p521PublicKey(key))
    return this.#public
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    return await this.#lent((key) => this.#primitives.es512Sign(key, message))
  }

  async #lent<Result>(borrower: (key: Uint8Array) => Result): Promise<Result> {
    // In turn, so that two who need the first one do not make two.
    const stored = await this.#queue.run(async () => (await this.#storage.get(KEY)) ?? (await this.#make()))
    try {
      if (stored[0] !== FORMAT || stored.length !== 1 + P521_BYTES) {
        throw new OperatingError('corrupt_entry', 'the key of the wrapping tokens cannot be read')
      }
      return borrower(stored.subarray(1))
    } finally {
      stored.fill(0)
    }
  }

  async #make(): Promise<Uint8Array> {
    const random = this.#entropy.bytes(P521_BYTES)
    // 521 bits. That they are zero, or not below the order of the group, is one in 2^260.
    random[0] = (random[0] ?? 0) & 1
    const stored = concat(Uint8Array.of(FORMAT), random)
    random.fill(0)
    await this.#storage.commit([{ op: 'put', key: KEY, value: stored }])
    return stored
  }
}
