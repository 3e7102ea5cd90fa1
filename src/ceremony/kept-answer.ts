import { millis } from '../base/clock.ts'
import { sameBytes } from '../base/encoding.ts'
import { ANSWER_KEPT_MS } from '../base/limits.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { JudgedShare } from './judge.ts'
import { copyParcel, type Parcel } from './parcel.ts'
import type { CeremonyPorts } from './ports.ts'
import type { RekeyFace } from './rekey.ts'

/** Who completed a rekey: the one to whom its answer may be given again. */
export interface Completer {
  readonly ceremonyId: string
  /** Each face has words for some answers only: none is given on another. */
  readonly face: RekeyFace
  readonly setId: Uint8Array
  readonly shareNumber: number
  readonly source: string
}

/** By which the answer is asked for again; the original face has no nonce. */
export interface AskedAgain {
  readonly face: RekeyFace
  readonly nonce: string | null
}

/** What is kept of an answer. The unseal key is there in the direct flow, to drop the old set with. */
export interface Kept {
  readonly parcel: Parcel
  readonly unsealKey: SecretBytes | null
  /** Whether the same messages are kept behind the barrier. */
  readonly backup: boolean
}

/**
 * New shares on their way and the unseal key behind them, from their commit until there is evidence that they
 * arrived, for 5 minutes at most. One of the two places where secrets live across an await: this object owns
 * them, and wipes them at its end (custody.md sections 4 and 7).
 */
export class KeptAnswer implements Disposable {
  readonly completer: Completer
  readonly #kept: Kept
  readonly #timer = new AbortController()
  #over = false

  /** Takes ownership of `kept`. `clock` ends it after 5 minutes. */
  constructor(ports: Pick<CeremonyPorts, 'clock'>, kept: Kept, completer: Completer) {
    this.completer = completer
    this.#kept = kept
    void ports.clock.sleep(millis(ANSWER_KEPT_MS), this.#timer.signal).then(() => this[Symbol.dispose]())
  }

  get isOver(): boolean {
    return this.#over
  }

  get unsealKey(): SecretBytes | null {
    return this.#kept.unsealKey
  }

  get backup(): boolean {
    return this.#kept.backup
  }

  /** The same parcel, of the caller's own. */
  copy(): Parcel {
    return copyParcel(this.#kept.parcel)
  }

  /** Whether it could be this answer that is asked for, whoever asks. */
  answers({ face, nonce }: AskedAgain): boolean {
    if (this.#over || face !== this.completer.face) return false
    return nonce === null || nonce === this.completer.ceremonyId
  }

  /**
   * Only the same share, nonce and source address get the answer again; `nonce` is `null` where a face has
   * none.
   */
  belongsTo(judged: JudgedShare, asked: AskedAgain & { readonly source: string }): boolean {
    const { setId, shareNumber, source } = this.completer
    if (asked.source !== source || !this.answers(asked)) return false
    return sameBytes(judged.set.id, setId) && judged.number === shareNumber
  }

  [Symbol.dispose](): void {
    if (this.#over) return
    this.#over = true
    this.#timer.abort()
    this.#kept.unsealKey?.[Symbol.dispose]()
    this.#kept.parcel[Symbol.dispose]()
  }
}
