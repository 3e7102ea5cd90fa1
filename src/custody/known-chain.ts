import { toHex } from '../base/encoding.ts'
import type { PublicKeySet } from './key-set.ts'
import { NO_TRANSCRIPT, type TranscriptHead } from './transcript.ts'
import type { TranscriptFacts } from './transcript-verify.ts'

/**
 * What the transcripts that were verified so far have established, for the one that follows them. It begins
 * with nothing: the transcript of init is taken as it is, and everything after it is tied to it.
 */
export class KnownChain {
  #head = NO_TRANSCRIPT
  #identityKey: Uint8Array | null = null
  #storeId: string | null = null
  #serial = 0
  readonly #identityAfter = new Map<string, Uint8Array>()
  readonly #sets = new Map<string, PublicKeySet>()
  readonly #ceremonies = new Set<string>()

  get head(): TranscriptHead {
    return this.#head
  }

  /** The identity key that closes next; `null` before init. */
  get identityKey(): Uint8Array | null {
    return this.#identityKey
  }

  /** Hex; `null` before init. */
  get storeId(): string | null {
    return this.#storeId
  }

  /** The newest serial of the custody record that a closing line names. */
  get serial(): number {
    return this.#serial
  }

  /** Every set that was dealt, in the order of the deals. */
  get sets(): readonly PublicKeySet[] {
    return [...this.#sets.values()]
  }

  /** The set with this id, if a ceremony dealt it. */
  set(id: Uint8Array): PublicKeySet | null {
    return this.#sets.get(toHex(id)) ?? null
  }

  /** The identity key of the time after this closing line; `null` where the chain has no such line. */
  identityAfter(head: Uint8Array): Uint8Array | null {
    return this.#identityAfter.get(toHex(head)) ?? null
  }

  hasCeremony(id: string): boolean {
    return this.#ceremonies.has(id)
  }

  /** Takes a transcript that was verified against this chain. */
  accept(facts: TranscriptFacts): void {
    this.#head = { hash: facts.head, ceremonyId: facts.ceremonyId }
    this.#identityKey = facts.nextIdentityKey ?? facts.identityKey
    this.#identityAfter.set(toHex(facts.head), this.#identityKey)
    if (facts.dealt !== null) this.#sets.set(toHex(facts.dealt.id), facts.dealt)
    this.#ceremonies.add(facts.ceremonyId)
    // Of init, and kept: an unseal names the store as the record in the clear did, which may be damaged.
    this.#storeId ??= facts.storeId
    this.#serial = facts.serial ?? this.#serial
  }
}
