import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Millis, millis } from '../base/clock.ts'
import { MAX_QUOTA_CLIENTS } from '../base/limits.ts'
import { Windows } from './windows.ts'

const at = (seconds: number): Millis => millis(seconds * 1000)

test('one source that is blocked for long keeps no place for those whose interval is over', () => {
  const windows = new Windows({ rate: 2, intervalSeconds: 1, blockSeconds: 3600 })
  for (let request = 0; request < 3; request++) windows.take('blocked', at(0))
  for (let source = 1; source < MAX_QUOTA_CLIENTS; source++) windows.take(`s${source}`, at(0))
  const fresh = Array.from({ length: 20 }, (_, index) => windows.take(`fresh${index}`, at(2)))
  assert.deepEqual([...new Set(fresh.map(({ remaining }) => remaining))], [1])
  assert.equal(windows.take('blocked', at(2)).allowed, false)
  assert.equal(windows.take('blocked', at(3601)).allowed, true)
})

test('with every place blocked, all others share one count, let in again with each interval', () => {
  const windows = new Windows({ rate: 2, intervalSeconds: 1, blockSeconds: 3600 })
  for (let source = 0; source < MAX_QUOTA_CLIENTS; source++) {
    for (let request = 0; request < 3; request++) windows.take(`s${source}`, at(0))
  }
  const others = ['a', 'b', 'c', 'd'].map((source) => windows.take(source, at(1)).allowed)
  assert.deepEqual(others, [true, true, false, false])
  assert.equal(windows.take('e', at(2)).allowed, true)
  assert.equal(windows.take('f', at(3601)).remaining, 1, 'once their blocks are over there is room again')
})

test('a block that is shorter than the interval does not begin the interval anew', () => {
  const windows = new Windows({ rate: 1, intervalSeconds: 60, blockSeconds: 1 })
  assert.deepEqual(
    [0, 0, 2, 59, 60].map((seconds) => windows.take('a', at(seconds)).allowed),
    [true, false, false, false, true],
  )
})
