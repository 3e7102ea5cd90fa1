import { assert } from '../base/assert.ts'
import { sameBytes } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import { type Consent, consentWithShare } from '../custody/consent.ts'
import { sharePublicKey } from '../custody/share-key.ts'
import { proveShares, rebuildUnsealKey } from './deal.ts'
import type { JudgedShare } from './judge.ts'
import type { CeremonyPorts } from './ports.ts'
import type { DealtRekey, PendingSet } from './rekey.ts'
import { giveBack, type VerificationState } from './verification.ts'

/** What giving a new share back came to. */
export type Returned = { readonly number: number } & (
  | { readonly type: 'repeated' | 'counted' }
  /** The proof that the new shares arrived, for the install that it allows. */
  | { readonly type: 'enough'; readonly unsealKey: SecretBytes; readonly proofs: readonly Consent[] }
)

/**
 * Takes the new shares of a dealt rekey back, in the memory of this process. It owns what it was given, and
 * wipes it at its end: `reset`, after the install, at the seal.
 */
export class RekeyVerifier implements Disposable {
  readonly #ports: Pick<CeremonyPorts, 'primitives'>
  #state: VerificationState | null = null

  constructor(ports: Pick<CeremonyPorts, 'primitives'>) {
    this.#ports = ports
  }

  get progress(): number {
    return this.#state?.given.length ?? 0
  }

  /**
   * `share` stays with the caller, who also wipes the unseal key of the answer. The share that makes it
   * enough is not kept: after a commit that failed the same holder gives it again.
   *
   * Throws `share_other_set` for a share of a set that opens, and as `judge` does for any other.
   */
  give(running: DealtRekey, share: SecretBytes, judge: (share: SecretBytes) => JudgedShare): Returned {
    const number = this.#numberOf(running.pending, share)
    if (number === null) throw notOfThePendingSet(running.pending, judge(share))
    const act = { verb: 'prove', digest: running.agreement.digest } as const
    const holder = { share, setId: running.pending.id, shareNumber: number }
    const proof = consentWithShare(this.#ports.primitives, act, holder)
    const before = this.#state ?? { required: requiredOf(running), given: [] }
    const returned = { number, share: share.clone(), proof }
    const { state, outcome } = giveBack(before, returned)
    if (outcome.type === 'counted') {
      this.#state = state
      return { type: 'counted', number }
    }
    using _notKept = returned.share
    if (outcome.type === 'repeated') return { type: 'repeated', number }
    const { pending } = running
    const isOne = outcome.given.every((given) => sameBytes(given.proof.setId, pending.id))
    assert(isOne, 'shares of two deals are never put together')
    const shares = outcome.given.map((given) => given.share)
    const unsealKey = this.#rebuild(pending, shares)
    return { type: 'enough', number, unsealKey, proofs: outcome.given.map((given) => given.proof) }
  }

  /** Wipes what was given back. */
  reset(): void {
    wipeAll(this.#state?.given.map((given) => given.share) ?? [])
    this.#state = null
  }

  [Symbol.dispose](): void {
    this.reset()
  }

  /** From a threshold of them; the others that were given must fit to it. */
  #rebuild(pending: PendingSet, shares: readonly SecretBytes[]): SecretBytes {
    const { threshold } = pending
    const unsealKey = rebuildUnsealKey(shares.slice(0, threshold))
    proveShares(this.#ports.primitives, { unsealKey, shares, threshold })
    return unsealKey
  }

  #numberOf(pending: PendingSet, share: SecretBytes): number | null {
    const key = sharePublicKey(this.#ports.primitives, share, pending.id)
    return pending.entries.find((entry) => sameBytes(entry.publicKey, key))?.number ?? null
  }
}

/** How many shares must come back. */
export function requiredOf({ terms, pending }: DealtRekey): number {
  return terms.verify === 'all' ? pending.entries.length : pending.threshold
}

function notOfThePendingSet(pending: PendingSet, judged: JudgedShare): OperatingError {
  return new OperatingError(
    'share_other_set',
    `this is share ${judged.number} of key set ${judged.set.number}, which opens today; to verify, give a ` +
      `share of the new key set ${pending.number}. It was not counted, and nobody else has to start again`,
    { detail: { set: judged.set.number } },
  )
}
