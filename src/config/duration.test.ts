import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationText, parseDuration } from './duration.ts'

test('reads durations with units, several of them, and bare seconds', () => {
  const written = ['24h', '90s', '1h30m', '500ms', '7d', '0', '15', '1m0s', '2d12h']
  const milliseconds = [86_400_000, 90_000, 5_400_000, 500, 604_800_000, 0, 15_000, 60_000, 216_000_000]
  assert.deepEqual(written.map(parseDuration), milliseconds)
})

test('refuses what is no duration', () => {
  for (const written of [
    '',
    'h',
    '1w',
    '1.5h',
    '-1s',
    '1 h',
    '1H',
    '1h ',
    '1e3',
    's1',
    '0x10',
    '9'.repeat(13),
  ]) {
    assert.equal(parseDuration(written), null, written)
  }
})

test('writes a duration in the largest unit of which it is whole', () => {
  assert.deepEqual([1000, 90_000, 120_000, 3_600_000, 31_536_000_000, 1].map(durationText), [
    ...['1s', '90s', '2m', '1h', '8760h', '1ms'],
  ])
})
