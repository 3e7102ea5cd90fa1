import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { MemoryView } from '../../tests/sim/memory-view.ts'
import { SimClock } from '../../tests/sim/sim-clock.ts'
import { millis } from '../base/clock.ts'
import { hasCode } from '../base/errors.ts'
import { MAX_QUOTA_CLIENTS } from '../base/limits.ts'
import { Quotas } from './quotas.ts'
import type { RateLimit } from './rule.ts'

let storage: MemoryView
let clock: SimClock
let quotas: Quotas
beforeEach(async () => {
  storage = new MemoryView()
  clock = new SimClock()
  quotas = await Quotas.open(storage, clock)
})

const rule = (name: string, path: string, other: Partial<RateLimit> = {}): RateLimit => ({
  name,
  path,
  rate: 2,
  intervalSeconds: 10,
  blockSeconds: 0,
  role: '',
  inheritable: false,
  ...other,
})
const allowed = (path: string, source = 'a'): boolean | null => quotas.admit(path, source)?.allowed ?? null

test('counts each address apart, and begins anew when its interval is over', async () => {
  await quotas.put(rule('q', ''))
  assert.deepEqual([allowed('x'), allowed('x'), allowed('x'), allowed('x', 'b')], [true, true, false, true])
  assert.deepEqual(quotas.admit('x', 'a'), {
    allowed: false,
    limit: 2,
    remaining: 0,
    resetSeconds: 10,
    shown: false,
    rule: 'q',
  })
  clock.advance(millis(10_000))
  assert.equal(allowed('x'), true)
})

test('counts the addresses of one /64 as one, as a stranger has them all (RFC 6177)', async () => {
  await quotas.put(rule('q', ''))
  const ask = (...sources: readonly string[]): readonly unknown[] => sources.map((from) => allowed('x', from))
  assert.deepEqual(ask('2001:db8::1', '2001:db8::2', '2001:db8::ffff:3'), [true, true, false])
  assert.deepEqual(ask('2001:db8:0:1::1'), [true])
  assert.deepEqual(ask('192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1', '192.0.2.2'), [true, true, false, true])
})

test('half a request an interval is one in two', async () => {
  await quotas.put(rule('q', '', { rate: 0.5 }))
  assert.deepEqual([allowed('x'), allowed('x')], [true, false])
  clock.advance(millis(10_000))
  assert.equal(allowed('x'), false)
  clock.advance(millis(10_000))
  assert.equal(allowed('x'), true)
})

test('an address that is blocked stays so for as long as the rule says', async () => {
  await quotas.put(rule('q', '', { blockSeconds: 60 }))
  for (let count = 0; count < 3; count++) allowed('x')
  clock.advance(millis(59_000))
  assert.equal(allowed('x'), false)
  clock.advance(millis(1000))
  assert.equal(allowed('x'), true)
})

test('a path wins over the beginning of one, that over a mount, and a mount over everything', async () => {
  await quotas.put(rule('all', '', { rate: 1 }))
  await quotas.put(rule('mount', 'secret/', { rate: 2 }))
  await quotas.put(rule('begin', 'secret/data/*', { rate: 3 }))
  await quotas.put(rule('path', 'secret/data/top', { rate: 4 }))
  const limit = (path: string): number | undefined => quotas.admit(path, 'x')?.limit
  assert.deepEqual(['other/x', 'secret/x', 'secret/data/x', 'secret/data/top'].map(limit), [1, 2, 3, 4])
})

test('a rule for a path counts what lists it, with its slash and without', async () => {
  await quotas.put(rule('path', 'secret/metadata/app', { rate: 2 }))
  const asked = ['secret/metadata/app/', 'secret/metadata/app', 'secret/metadata/app/'].map((path) =>
    allowed(path),
  )
  assert.deepEqual(asked, [true, true, false])
  assert.equal(allowed('secret/metadata/app/x'), null)
})

test('what opens and watches a server is not counted', async () => {
  await quotas.put(rule('q', '', { rate: 1 }))
  for (let count = 0; count < 3; count++) {
    for (const path of ['sys/health', 'sys/seal-status', 'sys/unseal']) assert.equal(allowed(path), null)
  }
})

test('rules outlive a restart', async () => {
  await quotas.put(rule('q', 'secret/', { rate: 1.5 }))
  await quotas.configure({ responseHeaders: true })
  const again = await Quotas.open(storage, clock)
  assert.deepEqual(again.rule('q'), rule('q', 'secret/', { rate: 1.5 }))
  assert.equal(again.config.responseHeaders, true)
  await again.remove('q')
  assert.deepEqual((await Quotas.open(storage, clock)).names, [])
})

test('refuses a second rule for one path', async () => {
  await quotas.put(rule('q', 'secret/'))
  await assert.rejects(
    quotas.put(rule('r', 'secret/')),
    (error: unknown) =>
      hasCode(error, 'bad_request') &&
      error.message === 'quota rule with similar properties exists under the name "q"',
  )
})

test('a store with a rule that cannot be read is not served without it', async () => {
  await storage.commit([{ op: 'put', key: 'rate-limit/q', value: new Uint8Array([1]) }])
  await assert.rejects(Quotas.open(storage, clock), (error: unknown) => hasCode(error, 'corrupt_entry'))
})

test('more addresses than are remembered share one count: many of them gain nothing', async () => {
  await quotas.put(rule('q', '', { rate: 1 }))
  for (let index = 0; index < MAX_QUOTA_CLIENTS; index++) assert.equal(allowed('x', `s${index}`), true)
  assert.equal(allowed('x', 'one more'), true)
  assert.equal(allowed('x', 'and another'), false)
  assert.equal(allowed('x', 's0'), false)
  clock.advance(millis(10_000))
  assert.equal(allowed('x', 'and another'), true)
})
