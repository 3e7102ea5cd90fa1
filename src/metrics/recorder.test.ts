import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readExposition } from '../../tests/api/exposition.ts'
import { SimClock } from '../../tests/sim/sim-clock.ts'
import { MAX_METRIC_SERIES } from '../base/limits.ts'
import { TIMERS } from '../base/meter.ts'
import { prometheusText } from './prometheus.ts'
import { Recorder } from './recorder.ts'
import { Series } from './series.ts'

const clock = new SimClock()

test('a series gives count, sum and extremes as they were', () => {
  const series = new Series()
  for (const ms of [2, 1, 4]) series.add(ms)
  assert.deepEqual([series.count, series.sum, series.min, series.max], [3, 7, 1, 4])
})

test('a quantile is at most an eighth above what it was, from microseconds to minutes', () => {
  for (const ms of [0.001, 0.009, 0.25, 1, 17, 1000, 59_000]) {
    const series = new Series()
    for (let time = 0; time < 99; time++) series.add(ms)
    series.add(ms * 10)
    const median = series.quantile(0.5)
    assert.ok(median >= ms && median <= ms * 1.125 + 0.001, `${ms} became ${median}`)
  }
})

test('takes what is longer than every bucket, and what a clock says wrong', () => {
  const series = new Series()
  series.add(10 ** 9)
  series.add(-1)
  assert.equal(series.count, 2)
  assert.ok(series.quantile(0.99) > 0)
})

test('routes past the bound are counted together, and nothing more is kept', () => {
  const recorder = new Recorder(clock)
  for (let mount = 0; mount < MAX_METRIC_SERIES + 10; mount++) recorder.routed('read', `m${mount}/`, 0)
  assert.equal(recorder.series.size, MAX_METRIC_SERIES + 1)
  const total = [...recorder.series.values()].reduce((sum, { count }) => sum + count, 0)
  assert.equal(total, MAX_METRIC_SERIES + 10)
  assert.equal(recorder.series.get('vault.route.other')?.count, TIMERS.length + 10)
})

test('kinds past the bound are counted together', () => {
  const recorder = new Recorder(clock)
  for (let rule = 0; rule < MAX_METRIC_SERIES + 10; rule++) {
    recorder.count('vault.quota.rate_limit.violation', `rule-${rule}`)
  }
  const { counts } = recorder
  assert.equal(counts.length, MAX_METRIC_SERIES + 1)
  assert.deepEqual([counts.at(-1)?.labels, counts.at(-1)?.value], [{ name: '*' }, 10])
})

test('mounts that Prometheus cannot tell apart are one metric', async () => {
  const recorder = new Recorder(clock)
  recorder.routed('read', 'a-b/', 1)
  recorder.routed('read', 'a.b/', 1)
  const text = await prometheusText({ ...recorder.report, readings: [], prefix: 'vault' })
  assert.match(text, /^vault_route_read_a_b__count 2$/m)
})

test('whatever mounts and rules are called, the text can be read, and says it', async () => {
  const recorder = new Recorder(clock)
  const names = ['plain', 'quo"te', 'back\\slash', 'new\nline', 'brace}', 'höhe', '𝕏', '{a="b"} 1', '']
  for (const name of names) {
    recorder.count('vault.quota.rate_limit.violation', name)
    recorder.routed('read', `${name}/`, 0)
  }
  const text = await prometheusText({ ...recorder.report, readings: [], prefix: 'vault' })
  const counted = readExposition(text).get('vault_quota_rate_limit_violation')?.samples
  assert.deepEqual(
    [...(counted?.values() ?? [])],
    names.map(() => 1),
  )
  assert.equal(counted?.get('vault_quota_rate_limit_violation{name="new\\nline"}'), 1)
  assert.equal(counted?.get('vault_quota_rate_limit_violation{name="back\\\\slash"}'), 1)
})

test('the text has the names of the contract, summaries with _sum and _count (surface.md section 12)', async () => {
  const recorder = new Recorder(clock)
  recorder.since('vault.core.handle_request', clock.monotonic() - 2)
  recorder.count('vault.quota.rate_limit.violation', 'login "rule"')
  const reading = { name: 'vault.core.unsealed', help: 'Open.', value: 1, labels: { type: 'a"b' } }
  const text = await prometheusText({ ...recorder.report, readings: [reading], prefix: 'vault' })
  assert.match(text, /^# TYPE vault_core_handle_request summary$/m)
  assert.match(text, /^vault_core_handle_request\{quantile="0\.5"\} 2$/m)
  assert.match(text, /^vault_core_handle_request_sum 2$/m)
  assert.match(text, /^vault_core_handle_request_count 1$/m)
  assert.match(text, /^# TYPE vault_quota_rate_limit_violation counter$/m)
  assert.match(text, /^vault_quota_rate_limit_violation\{name="login \\"rule\\""\} 1$/m)
  assert.match(text, /^vault_core_unsealed\{type="a\\"b"\} 1$/m)
  assert.match(text, /^process_cpu_seconds_total \d/m)
})
