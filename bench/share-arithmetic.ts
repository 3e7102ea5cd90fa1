import type { SecretBytes } from '../src/base/secret-bytes.ts'
import { nodePrimitives } from '../src/crypto/node/primitives.ts'
import { combine, split } from '../src/crypto/shamir.ts'
import { sharePublicKey } from '../src/custody/share-key.ts'
import { systemEntropy } from '../src/server/system-ports.ts'
import type { Plan } from './plan.ts'
import type { Figure } from './report.ts'

const SECRET_BYTES = 32
const SHARES = 5
const THRESHOLD = 3

/**
 * Functions of one core, in this process: to split a key, to combine it, and what a share is judged by, whose
 * limit is the signature key that has to be derived.
 */
export function measureShares(plan: Plan): readonly Figure[] {
  const secret = systemEntropy.bytes(SECRET_BYTES)
  const deal = (): SecretBytes[] =>
    split(secret, { shares: SHARES, threshold: THRESHOLD, entropy: systemEntropy })
  const shares = deal().slice(0, THRESHOLD)
  const bytes = shares.map((share) => share.lend((lent) => lent.slice()))
  const setId = systemEntropy.bytes(16)
  const [share] = shares
  if (share === undefined) throw new Error('no share was dealt')
  const acts = {
    split: () => {
      for (const one of deal()) one[Symbol.dispose]()
    },
    combine: () => combine(bytes)[Symbol.dispose](),
    judge: () => sharePublicKey(nodePrimitives, share, setId),
    seedToKey: () => nodePrimitives.ed25519PublicKey(secret),
  }
  const values = { split: [], combine: [], judge: [], seedToKey: [] } as Record<keyof typeof acts, number[]>
  for (let run = 0; run < plan.runs; run++) {
    for (const name of ['split', 'combine', 'judge', 'seedToKey'] as const) {
      values[name].push(repeat(acts[name], plan.loopSeconds))
    }
  }
  const unit = '/s'
  const limit = { name: 'Ed25519 public key of a seed', values: values.seedToKey }
  return [
    { name: 'split a 32-byte key, 3 of 5', unit, values: values.split },
    { name: 'combine three shares', unit, values: values.combine },
    { name: 'derive what a share is judged by', unit, values: values.judge, limit },
  ]
}

function repeat(act: () => unknown, seconds: number): number {
  for (let warm = 0; warm < 50; warm++) act()
  const started = performance.now()
  const end = started + seconds * 1000
  let count = 0
  while (performance.now() < end) {
    act()
    count++
  }
  return (count * 1000) / (performance.now() - started)
}
