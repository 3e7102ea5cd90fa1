import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goDuration, parseSeconds } from './duration.ts'

test('reads seconds, durations of Go, and days', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['', 0],
    ['172800', 172_800],
    ['48h', 172_800],
    ['1h30m', 5400],
    ['1h30m5s', 5405],
    ['1.5h', 5400],
    ['2d', 172_800],
    ['90s', 90],
    ['1500ms', 1],
    ['1500000us', 1],
    ['1500000µs', 1],
    ['999999999ns', 0],
    ['+5s', 5],
    ['-1', -1],
    ['-2h', -7200],
    ['9223372036', 9_223_372_036],
  ]
  for (const [text, seconds] of cases) assert.equal(parseSeconds(text), seconds, text)
})

test('refuses everything else, and what Go cannot hold', () => {
  for (const text of ['xx', '5 s', '5x', 'h', '1h30', '1,5h', '0x10', '1e3', 'd', '1d2h', '9223372037']) {
    assert.equal(parseSeconds(text), null, text)
  }
})

test('writes durations as Go does', () => {
  const cases: readonly (readonly [number, string])[] = [
    [172_800, '48h0m0s'],
    [86_400, '24h0m0s'],
    [90_061, '25h1m1s'],
    [90, '1m30s'],
    [60, '1m0s'],
    [5, '5s'],
    [0, '0s'],
  ]
  for (const [seconds, text] of cases) assert.equal(goDuration(seconds), text)
})
