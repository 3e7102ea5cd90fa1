import assert from 'node:assert/strict'
import { test } from 'node:test'
import { custodyStatus } from '../../client/answers.ts'
import { rekeyStatus } from '../../client/rekey-answers.ts'
import { progressLines } from './progress.ts'

const LIVE = { id: 'aa', number: 2, shares: 5, threshold: 3, words: 'a b' }
const RETIRING = { id: 'bb', number: 1, shares: 3, threshold: 2, words: 'c d' }
const custody = custodyStatus({ live: LIVE, retiring: null })

function running(agreed: readonly (readonly [set: string, share: number])[], required = 3) {
  const agreed_by = agreed.map(([key_set, share]) => ({ key_set, share }))
  return rekeyStatus({ started: true, progress: agreed.length, required, agreed_by })
}

test('names the shares that are in and those that are missing', () => {
  const status = running([
    ['aa', 4],
    ['aa', 1],
  ])
  assert.deepEqual(progressLines(status, custody), [
    '2 of 3 are in; 1 more needed.',
    'In: shares 1, 4 of key set 2.',
    'Missing: any 1 of shares 2, 3, 5.',
  ])
})

test('begins with all of them missing', () => {
  assert.deepEqual(progressLines(running([]), custody), [
    '0 of 3 are in; 3 more needed.',
    'Missing: any 3 of shares 1, 2, 3, 4, 5.',
  ])
})

test('counts the set that is nearest, and never mixes two', () => {
  const both = custodyStatus({ live: LIVE, retiring: RETIRING })
  const status = { ...running([['bb', 2]], 2), progress: 1 }
  assert.deepEqual(progressLines(status, both), [
    '1 of 2 are in; 1 more needed.',
    'In: share 2 of key set 1.',
    'Missing: any 1 of shares 1, 3.',
  ])
})

test('tells only the count where the server says no more', () => {
  const status = rekeyStatus({ started: true, progress: 1, required: 3 })
  assert.deepEqual(progressLines(status, custody), ['1 of 3 are in; 2 more needed.'])
})
