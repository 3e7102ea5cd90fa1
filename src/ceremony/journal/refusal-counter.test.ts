import assert from 'node:assert/strict'
import { test } from 'node:test'
import { millis, unixMillis } from '../../base/clock.ts'
import { JOURNAL_SOURCES_MAX } from '../../base/limits.ts'
import type { JournalFacts } from './journal.ts'
import { type Counted, type Moment, OTHER_SOURCES, RefusalCounter } from './refusal-counter.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A moment some milliseconds after the start; the wall clock is 1,000,000 ahead. */
function at(ms: number): Moment {
  return { wall: unixMillis(1_000_000 + ms), monotonic: millis(ms) }
}

function refusal(change: Partial<JournalFacts> = {}): JournalFacts {
  return { kind: 'unseal', event: 'refused', source: '192.0.2.1', reason: 'share_unknown', ...change }
}

/** How often, from when to when; the wall clock's million taken off again. */
function timesOf(all: readonly Counted[]): readonly (readonly number[])[] {
  return all.map(({ count, first, last }) => [count, first - 1_000_000, last - 1_000_000])
}

test('the first refusal is a line at once; those behind it are one line when the minute is over', () => {
  const counter = new RefusalCounter()
  assert.deepEqual(counter.offer(refusal(), at(0)), refusal())
  assert.equal(counter.offer(refusal(), at(10)), null)
  assert.equal(counter.offer(refusal(), at(59_999)), null)
  assert.deepEqual(counter.ended(millis(59_999)), [])
  const ended = counter.ended(millis(60_000))
  assert.deepEqual(timesOf(ended), [[2, 10, 59_999]])
  assert.deepEqual(ended[0]?.facts, refusal())
})

test('what differs in source, kind, event, reason, ceremony or share is counted apart', () => {
  const counter = new RefusalCounter()
  const different: readonly Partial<JournalFacts>[] = [
    {},
    { source: '192.0.2.2' },
    { source: null },
    { kind: 'rekey' },
    { event: 'throttled' },
    { reason: 'share_retired' },
    { ceremony: 'a' },
    { share: 1 },
  ]
  for (const change of different) {
    assert.deepEqual(counter.offer(refusal(change), at(0)), refusal(change))
    assert.equal(counter.offer(refusal(change), at(1)), null)
  }
  assert.equal(counter.ended(millis(MINUTE)).length, different.length)
})

test('a source that was quiet for its window is forgotten, and heard at once when it comes back', () => {
  const counter = new RefusalCounter()
  counter.offer(refusal(), at(0))
  assert.deepEqual(counter.ended(millis(MINUTE)), [])
  assert.equal(counter.size, 0)
  assert.deepEqual(counter.offer(refusal(), at(MINUTE)), refusal())
})

test('the addresses of one /64 are counted as one source, and told as it where there were several', () => {
  const counter = new RefusalCounter()
  const first = refusal({ source: '2001:db8:1:2::1' })
  assert.deepEqual(counter.offer(first, at(0)), first)
  assert.equal(counter.offer(first, at(1)), null)
  assert.deepEqual(
    counter.ended(millis(MINUTE)).map(({ facts }) => facts.source),
    ['2001:db8:1:2::1'],
  )
  for (let index = 2; index < 1000; index++) {
    assert.equal(counter.offer(refusal({ source: `2001:db8:1:2::${index}` }), at(MINUTE)), null)
  }
  assert.equal(counter.size, 1)
  assert.deepEqual(
    counter.ended(millis(HOUR)).map(({ facts, count }) => [facts.source, count]),
    [['2001:db8:1:2::/64', 998]],
  )
})

test('a script that fails once a second for a day makes 29 lines, and every failure is in one of them', () => {
  const counter = new RefusalCounter()
  const counts: number[] = []
  for (let second = 0; second < 24 * 3600; second++) {
    counts.push(...counter.ended(millis(second * 1000)).map(({ count }) => count))
    if (counter.offer(refusal(), at(second * 1000)) !== null) counts.push(1)
  }
  // At once, then after 1, 2, 4, 8, 16 and 32 minutes (63 in all), then 22 times after an hour.
  assert.equal(counts.length, 1 + 6 + 22)
  assert.deepEqual(counts.slice(0, 4), [1, 59, 120, 240])
  counts.push(...counter.endAll().map(({ count }) => count))
  assert.equal(
    counts.reduce((total, count) => total + count, 0),
    86_400,
  )
})

test('one source too many is counted with all further ones, and takes nobody else’s place', () => {
  const counter = new RefusalCounter()
  for (let index = 0; index < JOURNAL_SOURCES_MAX; index++) {
    assert.equal(counter.offer(refusal({ source: `s${index}` }), at(0))?.source, `s${index}`)
  }
  const further = counter.offer(refusal({ source: 'one too many', share: 3, ceremony: 'a' }), at(1))
  assert.deepEqual(further, refusal({ source: OTHER_SOURCES, share: null, ceremony: null }))
  for (let index = 0; index < 10_000; index++) {
    assert.equal(counter.offer(refusal({ source: `t${index}` }), at(2)), null)
  }
  assert.equal(counter.offer(refusal({ source: 's0' }), at(2)), null)
  assert.equal(counter.size, JOURNAL_SOURCES_MAX + 1)
  const ended = counter.ended(millis(HOUR))
  assert.deepEqual(
    ended.map(({ facts, count }) => [facts.source, count]),
    [
      ['s0', 1],
      [OTHER_SOURCES, 10_000],
    ],
  )
})

test('when the flood is over there is room again', () => {
  const counter = new RefusalCounter()
  for (let index = 0; index < 1000; index++) counter.offer(refusal({ source: `s${index}` }), at(0))
  counter.ended(millis(MINUTE))
  counter.ended(millis(3 * MINUTE))
  assert.equal(counter.size, 0)
  assert.equal(counter.offer(refusal({ source: 'new' }), at(3 * MINUTE))?.source, 'new')
})

test('a clean stop loses no count', () => {
  const counter = new RefusalCounter()
  for (const ms of [0, 1, 2]) counter.offer(refusal(), at(ms))
  assert.deepEqual(timesOf(counter.endAll()), [[2, 1, 2]])
  assert.equal(counter.size, 0)
})
