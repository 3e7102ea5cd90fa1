import { assert } from '../base/assert.ts'
import type { UnixMillis } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import { SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import { AEAD_KEY_BYTES, type Primitives } from '../crypto/primitives.ts'
import { combine, split } from '../crypto/shamir.ts'
import { KEY_SET_ID_BYTES, type KeySet, type ShareEntry } from '../custody/key-set.ts'
import { sharePublicKey } from '../custody/share-key.ts'
import type { DealParameters } from './parameters.ts'

/** A new unseal key and its shares, proven, not yet installed. Disposing wipes all of it. */
export interface Deal extends Disposable {
  readonly setId: Uint8Array
  readonly threshold: number
  readonly unsealKey: SecretBytes
  /** In the order of their numbers. */
  readonly shares: readonly SecretBytes[]
  readonly entries: readonly ShareEntry[]
}

/**
 * Deals a new key set. **All** shares are proven before anybody sees one: the first t rebuild the unseal key,
 * and so do the first t-1 with each other share. These n-t+1 combinations prove every subset (custody.md
 * section 4).
 */
export function deal(
  ports: { readonly primitives: Primitives; readonly entropy: Entropy },
  parameters: DealParameters,
): Deal {
  const { primitives, entropy } = ports
  const setId = entropy.bytes(KEY_SET_ID_BYTES)
  const unsealKey = SecretBytes.take(entropy.bytes(AEAD_KEY_BYTES))
  const shares = dealShares(unsealKey, parameters, entropy)
  proveShares(primitives, { unsealKey, shares, threshold: parameters.threshold })
  return {
    setId,
    threshold: parameters.threshold,
    unsealKey,
    shares,
    entries: shares.map((share, index) => ({
      number: index + 1,
      publicKey: sharePublicKey(primitives, share, setId),
    })),
    [Symbol.dispose](): void {
      wipeAll([unsealKey, ...shares])
    },
  }
}

/** The key set of a deal, with the slot that its install has sealed. */
export function keySetOf(
  dealt: Deal,
  facts: { readonly number: number; readonly slot: Uint8Array; readonly createdAt: UnixMillis },
): KeySet {
  return { id: dealt.setId, threshold: dealt.threshold, shares: dealt.entries, ...facts }
}

/** Rebuilds the unseal key from exactly threshold shares; with one share, the share is the key. */
export function rebuildUnsealKey(shares: readonly SecretBytes[]): SecretBytes {
  const [first, second] = shares
  assert(first !== undefined, 'an unseal key is rebuilt from shares')
  if (second === undefined) return first.clone()
  return lendAll(shares, combine)
}

function dealShares(
  unsealKey: SecretBytes,
  parameters: DealParameters,
  entropy: Entropy,
): readonly SecretBytes[] {
  // 1 of 1: no split and no x byte; the share is the key itself (key-lifecycle.md section 8.1).
  if (parameters.shares === 1) return [unsealKey.clone()]
  return unsealKey.lend((secret) =>
    split(secret, { shares: parameters.shares, threshold: parameters.threshold, entropy }),
  )
}

/**
 * Whether the first t rebuild the unseal key, and the first t-1 with each other one. All of them were made by
 * us, so a failure is a broken promise: it throws `InvariantError`.
 */
export function proveShares(
  primitives: Primitives,
  dealt: {
    readonly unsealKey: SecretBytes
    readonly shares: readonly SecretBytes[]
    readonly threshold: number
  },
): void {
  const { unsealKey, shares, threshold } = dealt
  const common = shares.slice(0, threshold - 1)
  for (const last of shares.slice(threshold - 1)) {
    using rebuilt = rebuildUnsealKey([...common, last])
    const same = unsealKey.lend((wanted) => rebuilt.lend((got) => primitives.equal(wanted, got)))
    assert(same, 'dealt shares rebuild the unseal key')
  }
}

/** Lends all secrets at once, without a copy of any. */
function lendAll<Result>(
  secrets: readonly SecretBytes[],
  borrower: (bytes: readonly Uint8Array[]) => Result,
): Result {
  const lent: Uint8Array[] = []
  const lendFrom = (index: number): Result => {
    const next = secrets[index]
    if (next === undefined) return borrower(lent)
    return next.lend((bytes) => {
      lent.push(bytes)
      return lendFrom(index + 1)
    })
  }
  return lendFrom(0)
}
