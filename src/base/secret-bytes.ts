import { assert } from './assert.ts'

/**
 * Zeroed bytes to write a secret into. They lie outside the heap of the JavaScript engine, where an array of
 * up to 64 bytes would be: the collector moves it from there, and a native call that wants its address copies
 * it out, and what stays behind is nobody's to wipe.
 */
export function secretSpace(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(length))
}

/**
 * Key material with one owner and a known end. Printing it prints nothing.
 * Wiping is best effort: the JavaScript engine may have made copies (SECURITY.md says what that means).
 */
export class SecretBytes implements Disposable {
  readonly #bytes: Uint8Array
  #wiped = false

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /**
   * Takes ownership of `bytes`: the caller must not touch the array again. They are from `secretSpace` where
   * the caller made them.
   */
  static take(bytes: Uint8Array): SecretBytes {
    assert(bytes.length > 0, 'empty secret')
    return new SecretBytes(bytes)
  }

  /** Copies `bytes`, which stay with the caller. */
  static copyOf(bytes: Uint8Array): SecretBytes {
    const own = secretSpace(bytes.length)
    own.set(bytes)
    return SecretBytes.take(own)
  }

  get length(): number {
    return this.#bytes.length
  }

  get isWiped(): boolean {
    return this.#wiped
  }

  /** Lends the raw bytes to `borrower`, synchronously: a secret never crosses an await. */
  lend<Result>(borrower: (bytes: Uint8Array) => Result): Result {
    assert(!this.#wiped, 'secret used after wipe')
    const result = borrower(this.#bytes)
    assert(!(result instanceof Promise), 'secret lent across an await')
    return result
  }

  /** A second owner with bytes of its own. */
  clone(): SecretBytes {
    return this.lend((bytes) => SecretBytes.copyOf(bytes))
  }

  [Symbol.dispose](): void {
    this.#bytes.fill(0)
    this.#wiped = true
  }

  toJSON(): string {
    return '[secret]'
  }

  toString(): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `[secret ${this.length} bytes]`
  }
}

/** Wipes every secret of a list, also when one is wiped already. */
export function wipeAll(secrets: Iterable<SecretBytes>): void {
  for (const secret of secrets) secret[Symbol.dispose]()
}
