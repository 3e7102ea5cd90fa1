import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { hasCode } from '../../src/base/errors.ts'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { type NamedToken, TokenWorld } from '../sim/token-world.ts'

/** What is done with the same tokens at once, on a storage whose operations overtake each other. */

const HISTORIES = process.env['CONCLAVE_SLOW'] === '1' ? 5000 : 200

const unlessGone = (error: unknown): null => {
  if (!hasCode(error, 'permission_denied')) throw error
  return null
}

async function history(
  seed: number,
  run: (world: TokenWorld, chance: SeededEntropy) => Promise<void>,
): Promise<void> {
  const world = await TokenWorld.start(seed)
  const chance = new SeededEntropy(`races ${seed}`)
  world.jitter = chance
  try {
    await run(world, chance)
  } catch (error) {
    throw new Error(`history ${seed}`, { cause: error })
  }
  const next = await world.restarted()
  assert.equal((await next.store.tidy()).indexes, 0, `history ${seed}: no index leads nowhere`)
  assert.deepEqual(next.missing, [], `history ${seed}: every token is found by all of its indexes`)
}

test('a tree that is revoked while it grows, is renewed and used is gone whole', async () => {
  for (let seed = 0; seed < HISTORIES; seed++) {
    await history(seed, async (world, chance) => {
      const top = await world.create({ numUses: 0 })
      const tree = [top, await world.create({ parent: top }), await world.create({ parent: top, numUses: 9 })]
      const someone = (): NamedToken => tree[chance.below(tree.length)]!
      const acts = Array.from({ length: 12 }, async (_, index): Promise<unknown> => {
        for (let turns = chance.below(20); turns > 0; turns--) await setImmediate()
        if (index === 6) return await world.store.revoke(top.key)
        const { key, token } = someone()
        switch (chance.below(4)) {
          case 0:
          case 1: {
            const parent = (await world.store.lookup(token)) ?? null
            if (parent?.key == null) return null
            const terms = await world.terms(60, { parent: { key: parent.key, entry: parent.entry } })
            return await world.store.create(terms).catch(unlessGone)
          }
          case 2:
            return await world.store.use(token, '::1')
          default: {
            const expireTime = (world.clock.now() + 1 + chance.below(10 ** 6)) as never
            return await world.store
              .change(key, async (entry) => ({ ...entry, expireTime }))
              .catch(unlessGone)
          }
        }
      })
      await Promise.all(acts)
      assert.equal(world.keys.filter((key) => key.startsWith('tokens/id/')).length, 1)
    })
  }
})

test('a token that is revoked alone while it grows leaves orphans, all of them good', async () => {
  for (let seed = 0; seed < HISTORIES; seed++) {
    await history(seed, async (world) => {
      const top = await world.create()
      const terms = await world.terms(60, { parent: top })
      const making = Array.from({ length: 6 }, () => world.store.create(terms).catch(unlessGone))
      const ending = world.store.revokeOrphan(top.key)
      const late = Array.from({ length: 6 }, () => world.store.create(terms).catch(unlessGone))
      const made = (await Promise.all([...making, ...late])).filter((one) => one !== null)
      await ending
      assert.equal(await world.store.lookup(top.token), null)
      for (const { token } of made) {
        assert.equal((await world.store.lookup(token))?.entry.parent, null)
      }
    })
  }
})

test('of a token that is revoked alone beside the end of those above it all children live on, or none does', async () => {
  const outcomes = new Set<number>()
  for (let seed = 0; seed < HISTORIES; seed++) {
    await history(seed, async (world, chance) => {
      const top = await world.create()
      const above = await world.create({ parent: top })
      const alone = await world.create({ parent: above })
      const children = []
      for (let made = 0; made < 4; made++) children.push(await world.create({ parent: alone }))
      const soon = async (turns: number, act: () => Promise<void>): Promise<void> => {
        for (let left = turns; left > 0; left--) await setImmediate()
        await act()
      }
      const end = chance.below(3) === 0 ? above : top
      await Promise.all([
        soon(chance.below(40), () => world.store.revoke(end.key)),
        soon(chance.below(40), () => world.store.revokeOrphan(alone.key)),
      ])
      const left = await Promise.all(children.map(({ token }) => world.store.lookup(token)))
      const orphans = left.filter((one) => one?.entry.parent === null).length
      assert.ok(orphans === 0 || orphans === children.length, `${orphans} are left`)
      assert.equal(left.filter((one) => one !== null).length, orphans)
      assert.equal(await world.store.lookup(alone.token), null)
      const entries = world.keys.filter((key) => key.startsWith('tokens/id/')).length
      assert.equal(entries, orphans + (end === top ? 1 : 2), 'nothing of the tree stays behind')
      outcomes.add(orphans)
    })
  }
  assert.deepEqual([...outcomes].sort(), [0, 4], 'either came first at some time')
})

test('tokens of one branch that are revoked whole and alone at once are gone, and the others are what they were', async () => {
  for (let seed = 0; seed < HISTORIES; seed++) {
    await history(seed, async (world, chance) => {
      const branch = [await world.create()]
      for (let depth = 0; depth < 5; depth++) branch.push(await world.create({ parent: branch.at(-1)! }))
      const acts = Array.from({ length: 5 }, () => ({ at: chance.below(6), isWhole: chance.below(2) === 0 }))
      await Promise.all(
        acts.map(async ({ at, isWhole }) => {
          for (let turns = chance.below(30); turns > 0; turns--) await setImmediate()
          const { key } = branch[at]!
          await (isWhole ? world.store.revoke(key) : world.store.revokeOrphan(key))
        }),
      )
      const known = await Promise.all(branch.map(({ token }) => world.store.lookup(token)))
      for (const { at } of acts) assert.equal(known[at], null)
      const highest = Math.min(...acts.filter(({ isWhole }) => isWhole).map(({ at }) => at), 6)
      for (const [at, one] of known.slice(0, highest).entries()) {
        const isEnded = acts.some((act) => act.at === at)
        assert.equal(one === null, isEnded, 'above the trees that end only those are gone that were named')
      }
      const entries = world.keys.filter((key) => key.startsWith('tokens/id/')).length
      assert.equal(entries, 1 + known.filter((one) => one !== null).length, 'what is stored is good')
    })
  }
})

test('a token that is revoked, swept and used up at once ends once', async () => {
  for (let seed = 0; seed < HISTORIES; seed++) {
    await history(seed, async (world, chance) => {
      const uses = 1 + chance.below(4)
      const { token, key } = await world.create({ numUses: uses, ttlSeconds: 1 })
      const spend = async (): Promise<boolean> => {
        const used = await world.store.use(token, '::1')
        if (used !== null) await world.store.finish(used)
        return used !== null
      }
      const asked = Array.from({ length: 8 }, spend)
      if (chance.below(2) === 0) world.clock.advance(1000)
      await Promise.all([
        world.store.sweep(world.clock.now(), 10),
        chance.below(2) && world.store.revoke(key),
      ])
      const granted = (await Promise.all(asked)).filter((one) => one).length
      assert.ok(granted <= uses)
      assert.equal(await world.store.lookup(token), null, 'it was used up, ended or revoked')
    })
  }
})
