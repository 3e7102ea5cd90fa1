import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../tests/sim/sim-clock.ts'
import { type Millis, millis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { Usage } from './usage.ts'

/** Accessors `a00000`, `a00001`, … as the index has them; `walks` says how often they were walked over. */
class Accessors {
  count = 0
  walks = 0
  fails = false
  held: PromiseWithResolvers<void> | null = null

  async accessors({ after, limit }: { readonly after: string; readonly limit: number }): Promise<string[]> {
    if (this.fails) throw new OperatingError('storage_unavailable', 'not now')
    if (after === '') this.walks++
    await this.held?.promise
    const from = after === '' ? 0 : Number(after.slice(1)) + 1
    const to = Math.min(this.count, from + limit)
    return Array.from({ length: Math.max(0, to - from) }, (_, index) => `a${from + index}`)
  }
}

/** Time stands, and a pause of nothing is one. */
class Turns extends SimClock {
  override async sleep(delay: Millis, signal?: AbortSignal): Promise<void> {
    if (delay > 0) await super.sleep(delay, signal)
  }
}

function usageOf(tokens: Accessors, clock: Turns, usagePeriod: Millis | null = millis(600_000)): Usage {
  const leases = { counts: async () => ({ all: 7, irrevocable: 2 }) }
  return new Usage({ tokens, leases, mounts: { entries: [] }, cluster: { name: 'here' }, clock, usagePeriod })
}

async function numbers(usage: Usage): Promise<readonly number[]> {
  const readings = await usage.readings()
  return ['vault.token.count', 'vault.expire.num_leases', 'vault.expire.num_irrevocable_leases'].map(
    (name) => readings.find((reading) => reading.name === name)?.value ?? -1,
  )
}

test('counts every page of tokens, and tokens among the leases', async () => {
  const tokens = new Accessors()
  tokens.count = 2500
  assert.deepEqual(await numbers(usageOf(tokens, new Turns())), [2500, 2507, 2])
})

test('walks over them once in ten minutes, however often and however many ask', async () => {
  const tokens = new Accessors()
  const clock = new Turns()
  const usage = usageOf(tokens, clock)
  await Promise.all([usage.readings(), usage.readings()])
  tokens.count = 5
  clock.advance(599_000)
  assert.equal((await numbers(usage))[0], 0)
  assert.equal(tokens.walks, 1)
  clock.advance(1000)
  assert.equal((await numbers(usage))[0], 5)
  assert.equal(tokens.walks, 2)
})

test('a count that fails takes no other number along, and is made again for the next who asks', async () => {
  const tokens = new Accessors()
  const usage = usageOf(tokens, new Turns())
  tokens.fails = true
  assert.deepEqual(await numbers(usage), [-1, -1, -1])
  assert.equal((await usage.readings()).length, 4)
  tokens.fails = false
  tokens.count = 3
  assert.equal((await numbers(usage))[0], 3)
})

test('waits a second at most, and tells the count of before until there is a new one', async () => {
  const tokens = new Accessors()
  const clock = new Turns()
  const usage = usageOf(tokens, clock)
  assert.equal((await numbers(usage))[0], 0)
  clock.advance(600_000)
  tokens.count = 9
  tokens.held = Promise.withResolvers<void>()
  const asked = numbers(usage)
  clock.advance(1000)
  assert.equal((await asked)[0], 0)
  tokens.held.resolve()
  assert.equal((await numbers(usage))[0], 9)
})

test('counts nothing where the operator wants no counts', async () => {
  const tokens = new Accessors()
  assert.deepEqual(await numbers(usageOf(tokens, new Turns(), null)), [-1, -1, -1])
  assert.equal(tokens.walks, 0)
})

test('says of which cluster and namespace the tokens are', async () => {
  const readings = await usageOf(new Accessors(), new Turns()).readings()
  const count = readings.find(({ name }) => name === 'vault.token.count')
  assert.deepEqual(count?.labels, { cluster: 'here', namespace: 'root' })
})
