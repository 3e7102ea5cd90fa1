import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecretBytes } from '../base/secret-bytes.ts'
import { giveBack, type ReturnedShare, type VerificationState } from './verification.ts'

const returned = (number: number): ReturnedShare => ({
  number,
  share: SecretBytes.take(new Uint8Array(33).fill(number)),
  proof: { verb: 'prove', setId: new Uint8Array(16), shareNumber: number, signature: new Uint8Array(64) },
})

const empty = (required: number): VerificationState => ({ required, given: [] })

function numbersOf(given: readonly ReturnedShare[]): readonly number[] {
  return given.map(({ number }) => number)
}

test('as many distinct shares as it takes are enough, in any order', () => {
  const one = giveBack(empty(3), returned(5))
  const two = giveBack(one.state, returned(1))
  assert.deepEqual([one.outcome.type, two.outcome.type], ['counted', 'counted'])
  const three = giveBack(two.state, returned(3))
  assert(three.outcome.type === 'enough')
  assert.deepEqual(numbersOf(three.outcome.given), [5, 1, 3])
})

test('a holder counts once, however often the share is sent', () => {
  const one = giveBack(empty(2), returned(4))
  const again = giveBack(one.state, returned(4))
  assert.equal(again.outcome.type, 'repeated')
  assert.equal(again.state, one.state)
})

test('the share that is enough is not kept: after a commit that failed its holder gives it again', () => {
  const one = giveBack(empty(2), returned(1))
  const two = giveBack(one.state, returned(2))
  assert.equal(two.outcome.type, 'enough')
  assert.deepEqual(numbersOf(two.state.given), [1])
  assert.equal(giveBack(two.state, returned(2)).outcome.type, 'enough')
})

test('one share is enough where one is required', () => {
  assert.equal(giveBack(empty(1), returned(1)).outcome.type, 'enough')
})

test('a state is never changed: what was given before is as it was', () => {
  const before = empty(3)
  giveBack(before, returned(1))
  assert.deepEqual(before.given, [])
})
