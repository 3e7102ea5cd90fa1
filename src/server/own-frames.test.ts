import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromUtf8 } from '../base/encoding.ts'
import { ownFrames } from './own-frames.ts'

test('names the places of our own code, and nothing of the message', () => {
  const canary = 'canary\n    at canary (file:///elsewhere/canary.ts:1:1)'
  const frames = ownFrames(new Error(canary))
  assert.match(frames, /server\/own-frames\.test\.ts:\d+$/)
  assert.doesNotMatch(frames, /canary|node:|file:/)
})

test('says which function was where', () => {
  try {
    fromUtf8(Uint8Array.of(0xff))
  } catch (error) {
    const [where, ...from] = ownFrames(error).split(' < ')
    assert.match(where ?? '', /^fromUtf8 base\/encoding\.ts:\d+$/)
    assert.match(from.join(), /server\/own-frames\.test\.ts:\d+/)
    return
  }
  assert.fail('no UTF-8')
})

test('an error without a message has places too', () => {
  assert.ok(ownFrames(new Error()).split(' < ').length >= 1)
  assert.match(ownFrames(new Error()), /server\/own-frames\.test\.ts:\d+/)
})

test('shows no more than ten places, and nothing for what is no error', () => {
  const deep = (depth: number): Error => (depth === 0 ? new Error('deep') : deep(depth - 1))
  Error.stackTraceLimit = 50
  assert.equal(ownFrames(deep(30)).split(' < ').length, 10)
  assert.equal(ownFrames('thrown'), '')
})
