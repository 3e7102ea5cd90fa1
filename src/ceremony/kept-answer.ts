import { millis } from '../base/clock.ts'
import { sameBytes } from '../base/encoding.ts'
import { ANSWER_KEPT_MS } from '../base/limits.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import type { Deal } from './deal.ts'
import type { JudgedShare } from './judge.ts'
import type { CeremonyPorts } from './ports.ts'

/** Who completed a rekey: the one to whom its answer may be given again. */
export interface Completer {
  readonly ceremonyId: string
  readonly setId: Uint8Array
  readonly shareNumber: number
  readonly source: string
}

/**
 * The shares of a direct rekey and the unseal key behind them, from the install until there is evidence that
 * they arrived, for 5 minutes at most. One of the two places where secrets live across an await: this object
 * owns them, and wipes them at its end (custody.md sections 4 and 7).
 */
export class KeptAnswer implements Disposable {
  readonly completer: Completer
  readonly #deal: Deal
  readonly #timer = new AbortController()
  #over = false

  /** Takes ownership of `deal`. `clock` ends it after 5 minutes. */
  constructor(ports: Pick<CeremonyPorts, 'clock'>, deal: Deal, completer: Completer) {
    this.completer = completer
    this.#deal = deal
    void ports.clock.sleep(millis(ANSWER_KEPT_MS), this.#timer.signal).then(() => this[Symbol.dispose]())
  }

  get isOver(): boolean {
    return this.#over
  }

  get unsealKey(): SecretBytes {
    return this.#deal.unsealKey
  }

  /** The shares in order, as secrets of the caller's own. */
  copyShares(): readonly SecretBytes[] {
    return this.#deal.shares.map((share) => share.clone())
  }

  /**
   * Only the same share, nonce and source address get the answer again; `nonce` is `null` where a face has
   * none.
   */
  belongsTo(judged: JudgedShare, asked: { readonly nonce: string | null; readonly source: string }): boolean {
    const { ceremonyId, setId, shareNumber, source } = this.completer
    if (this.#over || asked.source !== source) return false
    if (asked.nonce !== null && asked.nonce !== ceremonyId) return false
    return sameBytes(judged.set.id, setId) && judged.number === shareNumber
  }

  [Symbol.dispose](): void {
    if (this.#over) return
    this.#over = true
    this.#timer.abort()
    wipeAll([this.#deal.unsealKey, ...this.#deal.shares])
  }
}
