import { assert } from '../base/assert.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_OPERATIONS_DEFAULT, OPERATION_BLOCK_MAX } from '../base/limits.ts'
import { SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import { AEAD_KEY_BYTES, type AeadKey, type Primitives } from '../crypto/primitives.ts'

/**
 * The data keys, one a term. A keyring never changes: a new term or a new count makes a new keyring, so that
 * what is in memory is always what a commit has stored.
 *
 * Its plaintext is binary and not JSON, because base64 in JSON would make strings of the keys
 * (docs/decisions/0006):
 *
 *     0x01 | SHA-256 of the stored custody record, 32 | max_operations, uint64 | interval in ms, uint64
 *          | automatic rotation, uint8 | number of terms, uint32
 *          | for each term, ascending: term, uint32 | created, uint64 ms | operations, uint64 | key, 32
 */
const FORMAT = 0x01
const DIGEST_BYTES = 32
const HEADER_BYTES = 1 + DIGEST_BYTES + 8 + 8 + 1 + 4
const TERM_BYTES = 4 + 8 + 8 + AEAD_KEY_BYTES

/** When a new term is made by itself. */
export interface RotationConfig {
  readonly enabled: boolean
  readonly maxOperations: number
  /** 0: not by age. */
  readonly intervalMs: number
}

export const DEFAULT_ROTATION: RotationConfig = {
  enabled: true,
  maxOperations: MAX_OPERATIONS_DEFAULT,
  intervalMs: 0,
}

export interface Term {
  readonly term: number
  readonly createdAt: UnixMillis
  /** Seals that this key may have done: reserved before they are used, so a crash never undercounts. */
  readonly operations: number
  readonly aead: AeadKey
}

interface OwnedTerm extends Term {
  readonly key: SecretBytes
}

export class Keyring implements Disposable {
  readonly rotation: RotationConfig
  readonly #terms: readonly OwnedTerm[]

  private constructor(terms: readonly OwnedTerm[], rotation: RotationConfig) {
    assert(terms.length > 0, 'a keyring has a term')
    this.#terms = terms
    this.rotation = rotation
  }

  /** A keyring of one term, for a new store. Takes ownership of `key`. */
  static create(primitives: Primitives, key: SecretBytes, createdAt: UnixMillis): Keyring {
    const first = own(primitives, { term: 1, createdAt, operations: 0 }, key)
    return new Keyring([first], DEFAULT_ROTATION)
  }

  /** The newest term: the only one that seals. */
  get active(): Term {
    const newest = this.#terms.at(-1)
    assert(newest !== undefined, 'a keyring has a term')
    return newest
  }

  /** `null` when this keyring has no such term. */
  term(number: number): Term | null {
    return this.#terms.find((term) => term.term === number) ?? null
  }

  /** How many operations are reserved at once: min(2^24, max_operations / 64). */
  get blockSize(): number {
    return Math.min(OPERATION_BLOCK_MAX, Math.floor(this.rotation.maxOperations / 64))
  }

  /** The same keys and one term more. Takes ownership of `key`. The copy has secrets of its own. */
  withNewTerm(
    primitives: Primitives,
    key: SecretBytes,
    created: { at: UnixMillis; operations: number },
  ): Keyring {
    const number = this.active.term + 1
    const added = own(
      primitives,
      { term: number, createdAt: created.at, operations: created.operations },
      key,
    )
    return new Keyring([...this.#terms.map(copyTerm), added], this.rotation)
  }

  /** The same keys, with another count for the active term. The copy has secrets of its own. */
  withOperations(operations: number): Keyring {
    const terms = this.#terms.map(copyTerm)
    const newest = terms.pop()
    assert(newest !== undefined, 'a keyring has a term')
    return new Keyring([...terms, { ...newest, operations }], this.rotation)
  }

  /** The same keys, with other rules for the next term. The copy has secrets of its own. */
  withRotation(rotation: RotationConfig): Keyring {
    return new Keyring(this.#terms.map(copyTerm), rotation)
  }

  /** The plaintext of the keyring record, which names the custody record that belongs to it. */
  encode(custodyDigest: Uint8Array): SecretBytes {
    assert(custodyDigest.length === DIGEST_BYTES, 'a custody digest is SHA-256')
    const bytes = new Uint8Array(HEADER_BYTES + this.#terms.length * TERM_BYTES)
    const view = new DataView(bytes.buffer)
    bytes[0] = FORMAT
    bytes.set(custodyDigest, 1)
    view.setBigUint64(33, BigInt(this.rotation.maxOperations))
    view.setBigUint64(41, BigInt(this.rotation.intervalMs))
    bytes[49] = this.rotation.enabled ? 1 : 0
    view.setUint32(50, this.#terms.length)
    for (const [index, term] of this.#terms.entries()) {
      const at = HEADER_BYTES + index * TERM_BYTES
      view.setUint32(at, term.term)
      view.setBigUint64(at + 4, BigInt(term.createdAt))
      view.setBigUint64(at + 12, BigInt(term.operations))
      term.key.lend((key) => bytes.set(key, at + 20))
    }
    return SecretBytes.take(bytes)
  }

  /**
   * Reads what `encode` wrote. `plaintext` stays with the caller. Throws `corrupt_store` for anything else.
   */
  static decode(
    primitives: Primitives,
    plaintext: Uint8Array,
  ): { keyring: Keyring; custodyDigest: Uint8Array } {
    if (plaintext.length < HEADER_BYTES || plaintext[0] !== FORMAT) throw badKeyring()
    const view = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.length)
    const count = view.getUint32(50)
    if (count < 1 || plaintext.length !== HEADER_BYTES + count * TERM_BYTES) throw badKeyring()
    const rotation = {
      enabled: plaintext[49] === 1,
      maxOperations: uint64(view, 33),
      intervalMs: uint64(view, 41),
    }
    if ((plaintext[49] ?? 0) > 1) throw badKeyring()
    const facts = Array.from({ length: count }, (_, index) => termAt(view, index))
    // Nothing is refused from here on: a key that was copied has its owner.
    const terms = facts.map((one, index) => {
      const end = HEADER_BYTES + (index + 1) * TERM_BYTES
      return own(primitives, one, SecretBytes.copyOf(plaintext.subarray(end - AEAD_KEY_BYTES, end)))
    })
    return { keyring: new Keyring(terms, rotation), custodyDigest: plaintext.slice(1, 1 + DIGEST_BYTES) }
  }

  [Symbol.dispose](): void {
    wipeAll(this.#terms.map((term) => term.key))
  }
}

/** What stands before the key of a term. Throws `corrupt_store`. */
function termAt(view: DataView, index: number): Omit<Term, 'aead'> {
  const at = HEADER_BYTES + index * TERM_BYTES
  if (view.getUint32(at) !== index + 1) throw badKeyring()
  return { term: index + 1, createdAt: unixMillis(uint64(view, at + 4)), operations: uint64(view, at + 12) }
}

/** Throws `corrupt_store` for a number that would come out as another one. */
function uint64(view: DataView, at: number): number {
  const number = Number(view.getBigUint64(at))
  if (!Number.isSafeInteger(number)) throw badKeyring()
  return number
}

function own(primitives: Primitives, facts: Omit<Term, 'aead'>, key: SecretBytes): OwnedTerm {
  return { ...facts, key, aead: key.lend((bytes) => primitives.aeadKey(bytes)) }
}

function copyTerm(term: OwnedTerm): OwnedTerm {
  return { ...term, key: term.key.clone() }
}

function badKeyring(): OperatingError {
  return new OperatingError('corrupt_store', 'the keyring opened, but is not one that this version can read')
}
