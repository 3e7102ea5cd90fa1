import type { Clock } from '../base/clock.ts'
import { sameBytes, toHex } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { RETIRED_LOOKUPS_PER_SECOND } from '../base/limits.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Primitives } from '../crypto/primitives.ts'
import type { CustodyRecord } from '../custody/custody-record.ts'
import type { KeySet, RetiredEnd, RetiredKeySet } from '../custody/key-set.ts'
import { sharePublicKey } from '../custody/share-key.ts'

/** A share that belongs to a set which opens. */
export interface JudgedShare {
  readonly set: KeySet
  readonly role: 'live' | 'retiring'
  readonly number: number
}

const ENDS: Record<RetiredEnd, string> = {
  replaced: 'which a newer set has replaced',
  cancelled: 'which was dealt but never went live: its rekey was cancelled or ran out of time',
  never_proven: 'which was dealt but never proven, and another set went live instead',
  pending: 'which is not live yet: its rekey is not finished',
}

/** What may be done with a share of a set that ended so. Only an open server knows, and says it. */
const WORTH: Record<RetiredEnd, string> = {
  replaced: 'it may be destroyed, unless a backup from before that change is kept: that still needs it',
  cancelled: 'it may be destroyed: it never opened anything',
  never_proven: 'it may be destroyed, unless a backup from before that change is kept: that still needs it',
  pending: 'keep it, and the one from before',
}

/**
 * Judges every share on arrival, sealed or open, against the public keys of the custody record. A refusal
 * touches nobody else's progress (custody.md section 1).
 */
export class Judge {
  readonly #primitives: Primitives
  readonly #clock: Clock
  /** Times of the retired look-ups of the last second, oldest first. */
  #lookups: number[] = []

  constructor(primitives: Primitives, clock: Clock) {
    this.#primitives = primitives
    this.#clock = clock
  }

  /**
   * Finds the set of a share. With two records (one damaged), either may know it.
   *
   * Throws `share_retired` for a share of a set that opens no more, naming the set, and `share_unknown`
   * otherwise. `phase` is what the records come from: of a sealed store they may be forged.
   */
  judge(
    records: readonly CustodyRecord[],
    share: SecretBytes,
    phase: 'sealed' | 'open' = 'sealed',
  ): JudgedShare {
    const keys = new Map<string, Uint8Array>()
    const keyIn = (setId: Uint8Array): Uint8Array => {
      const known = keys.get(toHex(setId)) ?? sharePublicKey(this.#primitives, share, setId)
      keys.set(toHex(setId), known)
      return known
    }
    for (const record of records) {
      for (const [role, set] of [
        ['live', record.live],
        ['retiring', record.retiring],
      ] as const) {
        const entry = set?.shares.find((one) => sameBytes(one.publicKey, keyIn(set.id)))
        if (set && entry) return { set, role, number: entry.number }
      }
    }
    const retired = records.flatMap((record) => record.retired)
    throw this.#refusal(retired, keyIn, phase)
  }

  #refusal(
    retired: readonly RetiredKeySet[],
    keyIn: (setId: Uint8Array) => Uint8Array,
    phase: 'sealed' | 'open',
  ): OperatingError {
    const mayLookUp = this.#mayLookUp()
    const ended = mayLookUp
      ? retired.find((set) => set.publicKeys.some((key) => sameBytes(key, keyIn(set.id))))
      : undefined
    if (ended !== undefined) {
      const code = ended.end === 'pending' ? 'share_pending' : 'share_retired'
      return new OperatingError(code, retiredText(ended, phase), { detail: { set: ended.number } })
    }
    return new OperatingError(
      'share_unknown',
      'unknown share: it is damaged or mistyped, or it belongs to another store. It was not counted, and ' +
        'nobody else has to start again',
      mayLookUp ? {} : { detail: { throttled: true } },
    )
  }

  /** Retired sets cost a derivation each: at most 50 look-ups a second, for the whole server. */
  #mayLookUp(): boolean {
    const now = this.#clock.monotonic()
    this.#lookups = this.#lookups.filter((time) => now - time < 1000)
    if (this.#lookups.length >= RETIRED_LOOKUPS_PER_SECOND) return false
    this.#lookups.push(now)
    return true
  }
}

/** While sealed this is what the share *seems* to be: a forged record can deny, never deceive. */
function retiredText({ number, end }: RetiredKeySet, phase: 'sealed' | 'open'): string {
  const set = `of key set ${number}, ${ENDS[end]}`
  const rest = 'It was not counted, and nobody else has to start again'
  if (phase === 'sealed') return `this share seems to be ${set}; give the share of the live set. ${rest}`
  return `this share is ${set}; ${WORTH[end]}. Give the share of the live set. ${rest}`
}
