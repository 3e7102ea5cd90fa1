import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
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
  ]) {
    assert.ok(names.includes(wanted), `${wanted} is measured`)
  }
  const numbers = figures.flatMap(({ values, ratios }) => [...values, ...ratios])
  assert.deepEqual(
    numbers.filter((value) => !Number.isFinite(value) || value <= 0),
    [],
  )
})

test('the benchmark refuses a flag that it does not have', () => {
  const { status, stderr } = run('-quik')
  assert.equal(status, 1)
  assert.match(stderr, /there is no -quik: say -quick, --json or both/)
})
