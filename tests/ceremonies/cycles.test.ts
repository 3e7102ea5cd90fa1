import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimStorage } from '../sim/sim-storage.ts'
import { opens, type ShareSet, World } from '../sim/world.ts'

/** init, unseal, rekey up, rekey down, restart: with any threshold of shares, and never with one fewer. */
async function cycle(shares: number, threshold: number): Promise<void> {
  const world = await World.start(new SimStorage(), `${threshold} of ${shares}`)
  const first = await world.init(shares, threshold)
  await world.unseal(first.slice(-threshold))
  assert(world.custodian.isOpen, 'the last t shares open')
  const up = await world.rekey(first, {
    shares: Math.min(shares + 2, 255),
    threshold: Math.max(2, threshold),
  })
  const down = await world.rekey(up, { shares, threshold })
  await world.put('data/kept', 'through all of it')
  const restarted = await World.start(world.storage.reopened(), 'restarted')
  await restarted.unseal(down.slice(-threshold))
  assert.equal(await restarted.read('data/kept'), 'through all of it')
  assert(!(await opens(world.storage, down.slice(0, threshold - 1))), 't - 1 shares do not open')
  assert(!(await opens(world.storage, first)), 'the first set is gone')
}

test('(1,1) and all 2 <= t <= n <= 8: init, unseal, rekey up and down, restart', async () => {
  await cycle(1, 1)
  for (let shares = 2; shares <= 8; shares++) {
    for (let threshold = 2; threshold <= shares; threshold++) await cycle(shares, threshold)
  }
})

test('(255,2) and (255,255): init, unseal, rekey up and down, restart', async () => {
  await cycle(255, 2)
  await cycle(255, 255)
})

test('every share of a deal opens with any others: a 2 of 5 opens by each pair', async () => {
  const world = await World.start(new SimStorage(), 'pairs')
  const shares = await world.init(5, 2)
  for (const one of shares) {
    for (const other of shares) {
      if (one !== other) assert(await opens(world.storage, [one, other]))
    }
  }
})

for (const [shares, threshold, text] of [
  [2, 1, 'threshold must be greater than one for multiple shares'],
  [255, 1, 'threshold must be greater than one for multiple shares'],
  [0, 0, 'shares must be at least one'],
  [1, 0, 'threshold must be at least one'],
  [256, 2, 'shares must be less than 256'],
  [3, 4, 'threshold cannot be larger than shares'],
  [1, 256, 'threshold must be less than 256'],
] as const) {
  test(`refuses ${threshold} of ${shares}: ${text}`, async () => {
    const world = await World.start(new SimStorage(), 'refused')
    await assert.rejects(world.init(shares, threshold), {
      code: 'parameters_invalid',
      message: `invalid seal configuration: ${text}`,
    })
    assert.equal(world.storage.entries.size, 0, 'nothing was written')
  })
}

test('a second init is refused, after its parameters were judged, and changes nothing', async () => {
  const world = await World.start(new SimStorage(), 'twice')
  const shares = await world.init(3, 2)
  await assert.rejects(world.init(3, 4), { code: 'parameters_invalid' })
  await assert.rejects(world.init(3, 2), {
    code: 'already_initialized',
    message: 'Vault is already initialized',
  })
  assert(await opens(world.storage, shares))
})

test('two processes that initialise one store at once: one does, the other is told so', async () => {
  const storage = new SimStorage()
  const [one, other] = [await World.start(storage, 'one'), await World.start(storage, 'other')]
  const results = await Promise.allSettled([one.init(3, 2), other.init(3, 2)])
  const done = results.filter((result) => result.status === 'fulfilled')
  assert.equal(done.length, 1)
  assert(await opens(storage, (done[0] as PromiseFulfilledResult<ShareSet>).value))
})
