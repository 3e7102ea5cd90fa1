import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededEntropy } from '../../tests/sim/seeded-entropy.ts'
import { unixMillis } from '../base/clock.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { ArrivalProof } from './arrival-proof.ts'
import { type Deal, deal, keySetOf } from './deal.ts'
import type { JudgedShare } from './judge.ts'

const dealt = (seed: string): Deal =>
  deal({ primitives: nodePrimitives, entropy: new SeededEntropy(seed) }, { shares: 3, threshold: 2 })

/** Gives share `number` of a deal, as what the judge would have called it. */
function give(proof: ArrivalProof, from: Deal, number: number, role: JudgedShare['role'] = 'live') {
  const set = keySetOf(from, { number: 2, slot: new Uint8Array(), createdAt: unixMillis(0) })
  return proof.give({ set, role, number }, from.shares[number - 1]!)
}

function sameKey(key: SecretBytes | null, from: Deal): boolean {
  return key?.lend((one) => from.unsealKey.lend((other) => Buffer.from(one).equals(other))) ?? false
}

test('a threshold of distinct shares of the live set is the unseal key', () => {
  const proof = new ArrivalProof()
  const set = dealt('live')
  assert.equal(give(proof, set, 3), null)
  assert.equal(give(proof, set, 3), null, 'twice counts once')
  assert(sameKey(give(proof, set, 1), set))
})

test('they stay, so that evidence that could not be stored is tried again with the next', () => {
  const proof = new ArrivalProof()
  const set = dealt('live')
  give(proof, set, 1)
  give(proof, set, 2)
  assert(sameKey(give(proof, set, 2), set))
  assert(sameKey(give(proof, set, 3), set))
})

test('shares of the retiring set prove nothing', () => {
  const proof = new ArrivalProof()
  const set = dealt('retiring')
  assert.equal(give(proof, set, 1, 'retiring'), null)
  assert.equal(give(proof, set, 2, 'retiring'), null)
})

test('shares of two sets are never put together, not even where their numbers differ', () => {
  const proof = new ArrivalProof()
  const [first, second] = [dealt('first'), dealt('second')]
  give(proof, first, 1)
  assert.equal(give(proof, second, 2), null, 'one of each')
  assert(sameKey(give(proof, second, 3), second), 'two of the set that is live now')
})

test('disposed, it has none of them', () => {
  const proof = new ArrivalProof()
  const set = dealt('live')
  give(proof, set, 1)
  proof[Symbol.dispose]()
  assert.equal(give(proof, set, 2), null)
})
