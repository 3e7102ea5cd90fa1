import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { unixMillis } from '../base/clock.ts'
import type { Consent } from '../custody/consent.ts'
import { type Agreement, agree, cancelProgressOf, isExpired, object, progressOf } from './agreement.ts'

const LIVE = new Uint8Array(16).fill(1)
const RETIRING = new Uint8Array(16).fill(2)
const HOUR_MS = 3_600_000

/** 3 of 5 of the live set, 2 of 3 of the retiring one; opened by nobody in particular. */
const NEW: Agreement = {
  ceremonyId: 'id',
  statement: new Uint8Array(),
  digest: new Uint8Array(),
  opened: unixMillis(1_000_000),
  expires: unixMillis(1_000_000 + 24 * HOUR_MS),
  quorums: [
    { setId: LIVE, shares: 5, threshold: 3 },
    { setId: RETIRING, shares: 3, threshold: 2 },
  ],
  opener: { by: 'nobody' },
  consents: [],
  cancels: [],
}

const by = (shareNumber: number, setId = LIVE): Consent => ({
  verb: 'agree',
  setId,
  shareNumber,
  signature: new Uint8Array(),
})

/** After these have agreed, none of whom was enough. */
function agreed(...consents: readonly Consent[]): Agreement {
  return consents.reduce((agreement, consent) => {
    const counted = agree(agreement, consent)
    assert(counted.type === 'counted', counted.type)
    return counted.agreement
  }, NEW)
}

describe('who agrees', () => {
  test('a threshold of distinct holders of one set is enough, in their order', () => {
    const counted = agree(agreed(by(4), by(1)), by(5))
    assert(counted.type === 'enough')
    assert.deepEqual(
      counted.consents.map((consent) => consent.shareNumber),
      [4, 1, 5],
    )
    assert.equal(counted.setId, LIVE)
  })

  test('one holder counts once, however often', () => {
    assert.equal(agree(agreed(by(4), by(1)), by(4)).type, 'repeated')
  })

  test('holders of two sets never make a quorum together', () => {
    const mixed = agreed(by(1), by(2), by(1, RETIRING))
    assert.equal(agree(mixed, by(1, RETIRING)).type, 'repeated')
    const counted = agree(mixed, by(2, RETIRING))
    assert(counted.type === 'enough')
    assert.deepEqual(
      counted.consents.map((consent) => consent.shareNumber),
      [1, 2],
    )
    assert(counted.consents.every((consent) => consent.setId === RETIRING))
  })

  test('a set that the ceremony does not name counts nothing', () => {
    assert.equal(agree(NEW, by(1, new Uint8Array(16).fill(3))).type, 'foreign_set')
    assert.equal(object(NEW, by(1, new Uint8Array(16).fill(3))).type, 'foreign_set')
  })

  test('the completing consent is in the answer, and in no agreement', () => {
    const before = agreed(by(1), by(2))
    agree(before, by(3))
    assert.equal(before.consents.length, 2)
  })

  test('a threshold of one is enough at once', () => {
    const single = { ...NEW, quorums: [{ setId: LIVE, shares: 1, threshold: 1 }] }
    assert.equal(agree(single, by(1)).type, 'enough')
  })

  test('progress is that of the set which is nearest to its quorum, the live one where nobody was', () => {
    assert.deepEqual(progressOf(NEW), { progress: 0, required: 3 })
    assert.deepEqual(progressOf(agreed(by(1))), { progress: 1, required: 3 })
    assert.deepEqual(progressOf(agreed(by(1), by(1, RETIRING))), { progress: 1, required: 2 })
    assert.deepEqual(progressOf(agreed(by(1), by(2), by(1, RETIRING))), { progress: 2, required: 3 })
  })
})

describe('who wants it to end', () => {
  const heldBy = (agreement: Agreement, shareNumber: number): Agreement => {
    return { ...agreement, opener: { by: 'holder', setId: LIVE, shareNumber } }
  }

  test('n - t + 1 holders are as many as leave no quorum: 3 of 5 and 3, 2 of 3 and 2', () => {
    const one = object(NEW, by(1))
    assert(one.type === 'counted')
    const two = object(one.agreement, by(2))
    assert(two.type === 'counted')
    assert.deepEqual(cancelProgressOf(two.agreement), { progress: 2, required: 3 })
    assert.equal(object(two.agreement, by(2)).type, 'repeated')
    assert.equal(object(two.agreement, by(3)).type, 'enough')
    const other = object(two.agreement, by(1, RETIRING))
    assert(other.type === 'counted')
    assert.equal(object(other.agreement, by(2, RETIRING)).type, 'enough')
  })

  test('the holder who opened it is enough while nobody else has joined', () => {
    assert.equal(object(heldBy(NEW, 2), by(2)).type, 'enough')
    assert.equal(object(heldBy(agreed(by(2)), 2), by(2)).type, 'enough', 'joined by the opener alone')
    assert.equal(object(heldBy(agreed(by(3)), 2), by(2)).type, 'counted', 'joined by another')
  })

  test('another holder, or the same number of another set, is not the one who opened it', () => {
    assert.equal(object(heldBy(NEW, 2), by(3)).type, 'counted')
    assert.equal(object(heldBy(NEW, 2), by(2, RETIRING)).type, 'counted')
  })

  test('what was opened without a share has no holder who is enough alone', () => {
    assert.equal(object({ ...NEW, opener: { by: 'token' } }, by(1)).type, 'counted')
  })

  test('an objection is no consent, and changes none', () => {
    const counted = object(agreed(by(1)), by(2))
    assert(counted.type === 'counted')
    assert.deepEqual(progressOf(counted.agreement), { progress: 1, required: 3 })
  })
})

describe('its time', () => {
  const at = (ms: number): ReturnType<typeof unixMillis> => unixMillis(NEW.opened + ms)

  test('ends to the millisecond', () => {
    const joined = agreed(by(1))
    assert.equal(isExpired(joined, at(24 * HOUR_MS - 1), HOUR_MS), false)
    assert.equal(isExpired(joined, at(24 * HOUR_MS), HOUR_MS), true)
  })

  test('is short where nobody showed anything and nobody has joined', () => {
    assert.equal(isExpired(NEW, at(HOUR_MS - 1), HOUR_MS), false)
    assert.equal(isExpired(NEW, at(HOUR_MS), HOUR_MS), true)
    assert.equal(isExpired({ ...NEW, opener: { by: 'token' } }, at(HOUR_MS), HOUR_MS), false)
  })

  test('does not end because a clock went back', () => {
    assert.equal(isExpired(NEW, unixMillis(0), HOUR_MS), false)
  })
})
