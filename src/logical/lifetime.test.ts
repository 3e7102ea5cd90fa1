import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unixMillis } from '../base/clock.ts'
import { type Bounds, durationText, lesser, lifetime } from './lifetime.ts'

const HOUR = 3600
const NOW = unixMillis(1_764_000_000_000)
const BOUNDS: Bounds = {
  mount: { defaultTtl: 768 * HOUR, maxTtl: 768 * HOUR },
  increment: 0,
  usual: 0,
  period: 0,
  backendMax: 0,
  explicitMax: 0,
  issueTime: NOW,
}

const lasts = (bounds: Partial<Bounds>, afterMs = 0): [number, number, readonly string[]] => {
  const { ttl, expireTime, warnings } = lifetime({ ...BOUNDS, ...bounds }, unixMillis(NOW + afterMs))
  return [ttl, expireTime - NOW - afterMs, warnings]
}

// surface.md section 2.1, and its transcripts.
test('what is asked for comes before what is usual, and that before what the mount gives', () => {
  assert.deepEqual(lasts({}), [2_764_800, 2_764_800_000, []])
  assert.deepEqual(lasts({ usual: 600 }), [600, 600_000, []])
  assert.deepEqual(lasts({ usual: 600, increment: 60 }), [60, 60_000, []])
})

test('a clock that has gone back behind the making of something gives no more than the whole', () => {
  const mount = { defaultTtl: HOUR, maxTtl: HOUR }
  const DAY_MS = 24 * HOUR * 1000
  assert.deepEqual(lasts({ mount, increment: 30 * HOUR }, -DAY_MS).slice(0, 2), [HOUR, HOUR * 1000])
  assert.deepEqual(lasts({ mount, period: HOUR, explicitMax: 60 }, -DAY_MS).slice(0, 2), [60, 60_000])
})

test('nothing lasts beyond the least of all bounds, and a word says so', () => {
  const capped = 'exceeded the effective max_ttl of "768h"; TTL value is capped accordingly'
  assert.deepEqual(lasts({ increment: 2000 * HOUR }), [
    2_764_800,
    2_764_800_000,
    [`TTL of "2000h" ${capped}`],
  ])
  assert.equal(lasts({ increment: 9 * HOUR, backendMax: 2 * HOUR })[0], 2 * HOUR)
  assert.equal(lasts({ increment: 9 * HOUR, backendMax: 2 * HOUR, explicitMax: HOUR })[0], HOUR)
  assert.equal(
    lasts({ increment: 9 * HOUR, explicitMax: 9999 * HOUR, mount: { defaultTtl: 5, maxTtl: 7 } })[0],
    7,
  )
})

test('bounds count from when the token was made', () => {
  const [ttl, ms, warnings] = lasts({ increment: HOUR, explicitMax: 2 * HOUR }, 90 * 60_000)
  assert.deepEqual([ttl, ms], [1800, 1_800_000])
  assert.deepEqual(warnings, [
    'TTL of "1h" exceeded the effective max_ttl of "30m"; TTL value is capped accordingly',
  ])
})

test('a period is given whatever is asked for, without end in all, unless an end was set', () => {
  assert.deepEqual(lasts({ period: 1800, increment: 7200 }), [1800, 1_800_000, []])
  assert.equal(lasts({ period: 1800 }, 9_000_000 * 1000)[0], 1800)
  assert.equal(lasts({ period: 1800, explicitMax: HOUR }, 50 * 60_000)[0], 600)
  assert.throws(() => lasts({ period: 1800, explicitMax: HOUR }, 3_600_000), {
    message: 'past the max TTL, cannot renew',
  })
})

test('a period beyond the bounds is capped, and a word says so', () => {
  const [ttl, , warnings] = lasts({ period: 800 * HOUR })
  assert.equal(ttl, 2_764_800)
  assert.deepEqual(warnings, [
    'period of "800h" exceeded the effective max_ttl of "768h"; period value is capped accordingly',
  ])
})

test('within the last second there is a last second, and no life without end (CVE-2021-32923)', () => {
  for (const left of [999, 500, 1]) {
    const [ttl, ms] = lasts({ explicitMax: 10 }, 10_000 - left)
    assert.deepEqual([ttl, ms], [1, left])
  }
  for (const beyond of [0, 1, 1000, 10 ** 9]) {
    assert.throws(() => lasts({ explicitMax: 10 }, 10_000 + beyond), { code: 'bad_request' })
  }
})

test('lengths of time are printed without the zeros behind them', () => {
  const texts = [1, 60, 90, 3600, 5400, 3661, 2_764_800].map(durationText)
  assert.deepEqual(texts, ['1s', '1m', '1m30s', '1h', '1h30m', '1h1m1s', '768h'])
})

test('of two bounds the lesser, of which 0 is none', () => {
  assert.deepEqual([lesser(0, 0), lesser(0, 5), lesser(5, 0), lesser(5, 3)], [0, 5, 5, 3])
})
