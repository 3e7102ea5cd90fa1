import { sameBytes } from '../base/encoding.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import { rebuildUnsealKey } from './deal.ts'
import type { JudgedShare } from './judge.ts'

/**
 * Shares of the live set that are given to an open server while an old set is retiring: threshold of them
 * prove that the new shares arrived (custody.md section 4, evidence (b)), without closing the server for it.
 * It owns what it was given, in the memory of this process.
 */
export class ArrivalProof implements Disposable {
  readonly #given = new Map<number, SecretBytes>()
  /** The set that they are of: a rekey in between makes another one live. */
  #setId: Uint8Array | null = null

  /** Whether this holder's share is in already. */
  holds({ number, set }: JudgedShare): boolean {
    return this.#setId !== null && sameBytes(this.#setId, set.id) && this.#given.has(number)
  }

  /**
   * `share` stays with the caller. The unseal key, which is the caller's to wipe, once a threshold of
   * distinct shares is there; they stay until `dispose`, so that evidence that could not be stored is not
   * lost.
   */
  give({ number, set, role }: JudgedShare, share: SecretBytes): SecretBytes | null {
    if (role !== 'live') return null
    if (this.#setId === null || !sameBytes(this.#setId, set.id)) this[Symbol.dispose]()
    this.#setId = set.id
    if (!this.#given.has(number)) this.#given.set(number, share.clone())
    const shares = [...this.#given.values()].slice(0, set.threshold)
    return shares.length < set.threshold ? null : rebuildUnsealKey(shares)
  }

  [Symbol.dispose](): void {
    wipeAll(this.#given.values())
    this.#given.clear()
    this.#setId = null
  }
}
