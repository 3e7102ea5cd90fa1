import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import { Crashed, type FaultMode } from '../sim/sim-storage.ts'
import { type NamedToken, TokenWorld } from '../sim/token-world.ts'

/**
 * The storage fails at each of its operations, in each way, while tokens are made, used, renewed and ended.
 * Whatever was told is so in a new process; tokens and their indexes are in step; and doing it again finishes
 * it (bar.md, Z9 and Z10).
 */

const MODES: readonly FaultMode[] = ['lost', 'kept', 'full', 'gone', 'crash']
const SLOW = process.env['CONCLAVE_SLOW'] === '1'

interface Flow {
  /** In the world before the fault. */
  readonly prepare: (world: TokenWorld) => Promise<readonly NamedToken[]>
  /** Is called again in a new process after it failed. */
  readonly act: (world: TokenWorld, tokens: readonly NamedToken[]) => Promise<void>
  /** Holds wherever `act` has ended without a fault. */
  readonly done: (world: TokenWorld, tokens: readonly NamedToken[]) => Promise<void>
  /** Only every so many operations, each way at others. */
  readonly every?: number
}

const tree = async (world: TokenWorld, size: number): Promise<NamedToken[]> => {
  const tokens = [await world.create()]
  while (tokens.length < size) {
    const parent = tokens[(tokens.length - 1) >> 1]!
    tokens.push(await world.create({ parent }))
    if (tokens.length % 5 === 0) await world.keepBeside(tokens.at(-1)!.key, 'a')
  }
  return tokens
}

const known = async (world: TokenWorld, tokens: readonly NamedToken[]): Promise<number> => {
  const found = await Promise.all(tokens.map(({ token }) => world.store.lookup(token)))
  return found.filter((one) => one !== null).length
}

const gone: Flow['done'] = async (world, tokens) => {
  assert.equal(await known(world, tokens), 0)
  assert.equal(world.keys.filter((key) => key.startsWith('beside/')).length, 0)
  assert.equal(world.keys.filter((key) => key.startsWith('tokens/id/')).length, 1)
}

const revoke: Flow['act'] = async (world, [top]) => {
  const found = await world.store.find(top!.token)
  if (found?.key != null) await world.store.revoke(found.key)
}

const FLOWS: Readonly<Record<string, Flow>> = {
  'a tree is revoked': { prepare: (world) => tree(world, 12), act: revoke, done: gone },
  'a tree of many commits is revoked': {
    prepare: (world) => tree(world, 300),
    act: revoke,
    done: gone,
    every: 97,
  },
  'a token is revoked alone': {
    prepare: (world) => tree(world, 7),
    act: async (world, [top]) => {
      if ((await world.store.lookup(top!.token)) !== null) await world.store.revokeOrphan(top!.key)
    },
    done: async (world, [top, ...rest]) => {
      assert.equal(await world.store.lookup(top!.token), null)
      assert.equal(await known(world, rest), 6)
    },
  },
  'tokens are swept': {
    prepare: async (world) => {
      const parent = await world.create({ ttlSeconds: 10 })
      const child = await world.create({ ttlSeconds: 99, parent })
      const others = [await world.create({ ttlSeconds: 10 }), await world.create({ ttlSeconds: 5 })]
      world.clock.advance(10_000)
      return [parent, child, ...others]
    },
    act: async (world) => {
      await world.store.sweep(world.clock.now(), 100)
    },
    done: async (world, tokens) => {
      await gone(world, tokens)
      assert.equal(await world.store.nextDue(), null)
    },
  },
  'a token is used up': {
    prepare: async (world) => [await world.create({ numUses: 1 })],
    act: async (world, [token]) => {
      const used = await world.store.use(token!.token, '::1')
      if (used !== null) await world.store.finish(used)
    },
    done: async (world, tokens) => assert.equal(await known(world, tokens), 0),
  },
  'a token is made': {
    prepare: async (world) => [await world.create()],
    act: async (world, [parent]) => {
      await world.create({ parent: parent! })
    },
    // It is there or it is not; `inStep` looks at what there is.
    done: async (world, tokens) => assert.equal(await known(world, tokens), 1),
  },
  'a token is renewed': {
    prepare: async (world) => [await world.create({ ttlSeconds: 100 })],
    act: async (world, [token]) => {
      const later = (world.clock.now() + 500_000) as NonNullable<NamedToken['entry']['expireTime']>
      await world.store.change(token!.key, async (entry) => ({ ...entry, expireTime: later }))
    },
    done: async (world) => assert.equal(await world.store.nextDue(), world.clock.now() + 500_000),
  },
}

for (const [name, flow] of Object.entries(FLOWS)) {
  test(`whatever fails while ${name}, what was told is so, and doing it again finishes it`, async (t) => {
    const origin = await TokenWorld.start(name)
    const tokens = await flow.prepare(origin)
    let points = 0
    for (const [index, mode] of MODES.entries()) {
      const every = SLOW ? 1 : (flow.every ?? 1)
      for (let at = 1 + ((index * 17) % every); ; at += every) {
        const world = await origin.restarted()
        const isReached = await interrupted(flow, world, { tokens, at, mode })
        await again(flow, world, tokens)
        if (!isReached) break
        points++
      }
    }
    t.diagnostic(`${points} fault points`)
    assert.ok(points >= 10)
  })
}

test('a token whose end takes several commits is not good from the first on, and a sweep of the next process finishes it', async (t) => {
  for (const terms of [{}, { policies: ['root'], expireTime: null, renewable: false }]) {
    const origin = await TokenWorld.start('much')
    const top = await origin.create(terms)
    const child = await origin.create({ parent: top })
    for (let kept = 0; kept < 1500; kept++) await origin.keepBeside(top.key, `${kept}`)
    const beside = (world: TokenWorld): number => world.keys.filter((key) => key.startsWith('beside/')).length
    let begun = 0
    for (const mode of MODES) {
      for (let at = 1, isReached = true; isReached; at++) {
        const world = await origin.restarted()
        world.storage.arm({ at, mode })
        await world.store.revoke(top.key).catch(() => undefined)
        isReached = world.storage.operations >= at
        const next = await world.restarted()
        const isWhole = beside(next) === 1500
        if (!isWhole) assert.equal(await known(next, [top, child]), 0, `${mode} at ${at}`)
        else if (await next.store.lookup(top.token))
          assert.notEqual(await next.store.lookup(child.token), null)
        if (!isWhole) begun++
        if (!isWhole) await next.store.sweep(next.clock.now(), 10)
        if (!isWhole) await gone(next, [top, child])
        await inStep(next)
      }
    }
    t.diagnostic(`${begun} ends that were interrupted, or done`)
    assert.ok(begun > 20)
  }
})

const ENDLESS = { policies: ['root'], expireTime: null, renewable: false } as const

/** A token that never ends, and three below it, each of which ends in more than half a commit. */
async function endlessTree(world: TokenWorld): Promise<readonly [NamedToken, ...NamedToken[]]> {
  const top = await world.create(ENDLESS)
  const below: NamedToken[] = []
  for (let child = 0; child < 3; child++) below.push(await world.create({ ...ENDLESS, parent: top }))
  for (const { key } of below) for (let kept = 0; kept < 600; kept++) await world.keepBeside(key, `${kept}`)
  return [top, ...below]
}

test('an end that was begun and is not complete leaves nothing below it good, in this process and the next', async (t) => {
  const origin = await TokenWorld.start('endless')
  const other = await origin.create({ parent: await origin.create(ENDLESS) })
  const tokens = await endlessTree(origin)
  let left = 0
  for (const mode of MODES) {
    for (let at = 1, isReached = true; isReached; at++) {
      const world = await origin.restarted()
      world.storage.arm({ at, mode })
      await world.store.revoke(tokens[0].key).catch(() => undefined)
      isReached = world.storage.operations >= at
      world.storage.arm(null)
      const next = await world.restarted()
      const isBegun = next.keys.filter((key) => key.startsWith('beside/')).length < 1800
      if (isBegun && tokens.some(({ key }) => next.keys.includes(`tokens/${key}`))) left++
      const living = world.storage.isCrashed || mode === 'gone' ? [next] : [world, next]
      for (const one of living) {
        assert.equal(await known(one, tokens), isBegun ? 0 : 4, `${mode} at ${at}`)
        assert.equal(await known(one, [other]), 1)
      }
      if (isBegun) {
        for (const one of living) await one.store.sweep(one.clock.now(), 10)
        for (const one of living)
          assert.deepEqual([await known(one, tokens), await known(one, [other])], [0, 1])
      }
      await inStep(next)
    }
  }
  t.diagnostic(`${left} ends of which something was left`)
  assert.ok(left > 20)
})

test('a token that is revoked alone beside the end of its tree takes nothing out of it, whatever fails', async (t) => {
  const origin = await TokenWorld.start('alone')
  const [top, ...below] = await endlessTree(origin)
  const leaves: NamedToken[] = []
  for (const parent of below) leaves.push(await origin.create({ ...ENDLESS, parent }))
  let left = 0
  for (const mode of ['lost', 'kept', 'full'] as const) {
    for (let at = 1, isReached = true; isReached; at++) {
      const world = await origin.restarted()
      world.storage.arm({ at, mode })
      const ends = [world.store.revoke(top.key), ...below.map(({ key }) => world.store.revokeOrphan(key))]
      const [end] = await Promise.allSettled(ends)
      isReached = world.storage.operations >= at
      world.storage.arm(null)
      const next = await world.restarted()
      const first = next.storage.entries.get(`tokens/${top.key}`)
      const isBegun = first === undefined || /"expire_time":0,/.test(Buffer.from(first).toString())
      if (isBegun && end?.status === 'rejected') left++
      if (isBegun)
        for (const one of [world, next])
          assert.equal(await known(one, [top, ...leaves]), 0, `${mode} at ${at}`)
      await inStep(next)
    }
  }
  t.diagnostic(`${left} ends that were begun and failed`)
  assert.ok(left > 20)
})

test('what a token kept is read in pages and ended in commits of bounded size, however much it is', async () => {
  const world = await TokenWorld.start('much')
  const top = await world.create()
  for (let kept = 0; kept < 2500; kept++) await world.keepBeside(top.key, `${kept}`)
  const sizes: number[] = []
  const commit = world.storage.commit.bind(world.storage)
  world.storage.commit = async (batch, conditions) => {
    sizes.push(batch.length)
    await commit(batch, conditions)
  }
  await world.store.revoke(top.key)
  // The token has five records; when it ends for good its entry is written, and its place among ends moves.
  assert.deepEqual(sizes, [1003, 1000, 505])
  await gone(world, [top])
})

/** Whether the fault was come to. Where nothing was reported, everything holds. */
async function interrupted(
  flow: Flow,
  world: TokenWorld,
  run: { readonly tokens: readonly NamedToken[]; readonly at: number; readonly mode: FaultMode },
): Promise<boolean> {
  world.storage.arm(run)
  let isDone = true
  try {
    await flow.act(world, run.tokens)
  } catch (error) {
    if (!(error instanceof OperatingError) && !(error instanceof Crashed)) throw error
    isDone = false
  }
  const isReached = world.storage.operations >= run.at
  world.storage.arm(null)
  const next = await world.restarted()
  await inStep(next)
  if (isDone) await flow.done(next, run.tokens)
  return isReached
}

async function again(flow: Flow, world: TokenWorld, tokens: readonly NamedToken[]): Promise<void> {
  // In the same process, where it lives, and in a new one.
  if (!world.storage.isCrashed) await flow.act(world, tokens)
  const next = await world.restarted()
  await flow.act(next, tokens)
  await flow.done(next, tokens)
  await inStep(next)
}

/** Every index leads to a token, and every token is found by all of its indexes. */
async function inStep(world: TokenWorld): Promise<void> {
  const { indexes } = await world.store.tidy()
  assert.equal(indexes, 0, 'no index leads nowhere')
  assert.deepEqual(world.missing, [])
}
