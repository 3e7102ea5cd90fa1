import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { welch } from '../bench/welch.ts'
import { ROOT } from './source/tree.ts'

const RUN = join(ROOT, 'bench/run.ts')

interface Printed {
  readonly name: string
  readonly values: readonly number[]
  readonly ratios: readonly number[]
}

function run(...flags: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const argv = ['--disable-warning=ExperimentalWarning', RUN, ...flags]
  return spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 120_000 })
}

test('the benchmark runs, and measures every figure and the limit beside it', (t) => {
  const { status, stdout, stderr } = run('-quick', '--json')
  assert.equal(stderr, '')
  assert.equal(status, 0)
  const { figures, seconds } = JSON.parse(stdout) as { figures: readonly Printed[]; seconds: number }
  t.diagnostic(`${seconds} s`)
  const names = figures.map(({ name }) => name).join('\n')
  for (const wanted of [
    ...['start to first answer', 'sys/health', 'KV read', 'KV durable write', 'CPU', 'unseal', 'rekey'],
    ...['KV 2 read', 'KV 2 durable write', 'KV 2 read beside', 'KV 2 read with a token of'],
    ...['split', 'combine', 'judged', 'memory at rest, sealed', 'memory at rest, open', 'restart with'],
    ...[
      'token that is nearly right',
      'share with one wrong bit',
      'multiply in GF',
      'inverse in GF',
      'control',
    ],
  ]) {
    assert.ok(names.includes(wanted), `${wanted} is measured`)
  }
  const numbers = figures.flatMap(({ values, ratios }) => [...values, ...ratios])
  assert.deepEqual(
    numbers.filter((value) => !Number.isFinite(value) || value <= 0),
    [],
  )
})

test('with -flat it measures a request beside one of each and beside many', () => {
  const { status, stdout, stderr } = run('-quick', '-flat', '--json')
  assert.equal(stderr, '')
  assert.equal(status, 0)
  const { figures } = JSON.parse(stdout) as { figures: readonly Printed[] }
  const names = figures.map(({ name }) => name)
  for (const what of [
    '20 mounts',
    'a token of 20 policies',
    'KV read beside 500',
    'KV durable write beside 500',
  ]) {
    assert.equal(names.filter((name) => name.includes(what)).length, 2, what)
  }
  const numbers = figures.flatMap(({ values, ratios }) => [...values, ...ratios])
  assert.ok(numbers.every((value) => Number.isFinite(value) && value > 0))
})

test('the benchmark refuses a flag that it does not have', () => {
  const { status, stderr } = run('-quik')
  assert.equal(status, 1)
  assert.match(stderr, /there is no -quik: say -quick, -timing, -flat, -peer=BAO or --json/)
})

test('tells two samples apart as Welch does', () => {
  // The first example of the article on Welch's t-test in the English Wikipedia: t = -2.46.
  const left = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]
  const right = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4]
  assert.equal(welch(left, right).toFixed(2), '-2.46')
})
