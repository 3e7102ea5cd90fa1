import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { type NamedToken, TokenWorld, textOf } from '../../tests/sim/token-world.ts'
import { utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { MAX_TOKEN_ENTRY_BYTES, MAX_TOKEN_GENERATIONS } from '../base/limits.ts'
import { SecretBytes } from '../base/secret-bytes.ts'

let world: TokenWorld
beforeEach(async () => {
  world = await TokenWorld.start()
})

const isKnown = async (token: string): Promise<boolean> => (await world.store.lookup(token)) !== null
const uses = async (token: string, source = '127.0.0.1'): Promise<number | null> =>
  (await world.store.use(token, source))?.entry.numUses ?? null
/** A line of tokens, each below the one before. */
const line = async (length: number): Promise<NamedToken[]> => {
  const tokens = [await world.create()]
  while (tokens.length < length) tokens.push(await world.create({ parent: tokens.at(-1)! }))
  return tokens
}

describe('a token', () => {
  test('is found by itself, its accessor and its lease, and stands nowhere in the store', async () => {
    const { token, key, entry } = await world.create()
    assert.match(token, /^hvs\.[0-9A-Za-z]{24}$/)
    assert.equal((await world.store.lookup(token))?.key, key)
    assert.equal((await world.store.byAccessor(entry.accessor))?.key, key)
    assert.equal((await world.store.byLease(`auth/token/create/h${key.slice(3)}`))?.key, key)
    const everything = [...world.storage.entries].map(
      ([name, value]) => name + Buffer.from(value).toString('latin1'),
    )
    assert.doesNotMatch(everything.join('\n'), new RegExp(token.slice(4)))
  })

  test('is not found by the lease of another path', async () => {
    const { key } = await world.create()
    assert.equal(await world.store.byLease(`auth/token/create-orphan/h${key.slice(3)}`), null)
    for (const id of ['', 'h', '/h', 'auth/token/create/hxyz', 'auth/token/create']) {
      assert.equal(await world.store.byLease(id), null, id)
    }
  })

  test('leaves nothing behind when it ends, and takes what it kept', async () => {
    const before = world.keys
    const { key } = await world.create()
    await world.keepBeside(key, 'a')
    await world.keepBeside(key, 'b')
    await world.store.revoke(key)
    assert.deepEqual(world.keys, before)
    await world.store.revoke(key)
  })

  test('is made in one commit', async () => {
    await world.terms(60)
    world.storage.arm(null)
    const terms = await world.terms(60, { parent: null })
    const before = world.storage.operations
    await world.store.create(terms)
    assert.equal(world.storage.operations - before, 1)
  })

  test('of a chosen id is made once', async () => {
    const id = (): SecretBytes => SecretBytes.take(utf8('chosen-by-somebody'))
    const terms = await world.terms(60)
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => world.store.create(terms, id())))
    assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.ok(await isKnown('chosen-by-somebody'))
    await assert.rejects(world.store.create(terms, id()), {
      message: 'cannot create a token with a duplicate ID',
    })
  })

  test('carries no more than each request of it can be asked to read', async () => {
    const terms = await world.terms(60)
    const named = (length: number) => ({ ...terms, displayName: 'x'.repeat(length) })
    const before = world.keys
    await assert.rejects(world.store.create(named(MAX_TOKEN_ENTRY_BYTES)), { code: 'bad_request' })
    const meta = { a: 'x'.repeat(MAX_TOKEN_ENTRY_BYTES) }
    await assert.rejects(world.store.create({ ...terms, meta }), { code: 'bad_request' })
    assert.deepEqual(world.keys, before)
    await world.store.create(named(MAX_TOKEN_ENTRY_BYTES - 1024))
  })

  test('is refused where its like cannot be: empty, too long, foreign', async () => {
    for (const token of [
      '',
      'x',
      'hvs.',
      'hvb.',
      'hvb.AAAA',
      `hvb.${'A'.repeat(200)}`,
      's.',
      'x'.repeat(5000),
    ]) {
      assert.equal(await world.store.lookup(token), null)
    }
    for (const accessor of ['', '/', 'a/b', '..', 'x'.repeat(5000), 'no such']) {
      assert.equal(await world.store.byAccessor(accessor), null)
    }
  })

  test('stands below a hundred others at most', async () => {
    const tokens = await line(MAX_TOKEN_GENERATIONS)
    const last = tokens.at(-1)!
    assert.ok(await isKnown(last.token))
    await assert.rejects(world.create({ parent: last }), (error: unknown) => hasCode(error, 'bad_request'))
  })
})

describe('the end of a token', () => {
  test('is its end to the millisecond, whether or not it is swept', async () => {
    const { token, key, entry } = await world.create({ ttlSeconds: 10 })
    world.clock.advance(9_999)
    assert.ok(await isKnown(token))
    world.clock.advance(1)
    assert.equal(await isKnown(token), false)
    assert.equal(await world.store.byAccessor(entry.accessor), null)
    assert.equal(await uses(token), null)
    await assert.rejects(
      world.store.whileGood(key, async () => undefined),
      { code: 'permission_denied' },
    )
    assert.equal(await world.store.sweep(world.clock.now(), 10), 1)
    assert.equal(await isKnown(token), false)
  })

  test('is the end of all below it, at once', async () => {
    const parent = await world.create({ ttlSeconds: 10 })
    const child = await world.create({ ttlSeconds: 1000, parent })
    const below = await world.create({ ttlSeconds: 1000, parent: child })
    const batch = await world.create({ type: 'batch', ttlSeconds: 1000, parent })
    world.clock.advance(9_999)
    for (const { token } of [child, below, batch]) assert.ok(await isKnown(token))
    world.clock.advance(1)
    for (const { token } of [child, below, batch]) assert.equal(await isKnown(token), false)
    await assert.rejects(world.create({ parent: child }), { code: 'permission_denied' })
  })

  test('takes it out of the store with all below it when it is swept, oldest ends first', async () => {
    const before = world.keys
    const first = await world.create({ ttlSeconds: 10 })
    await world.create({ ttlSeconds: 5000, parent: first })
    await world.create({ ttlSeconds: 20 })
    assert.equal(await world.store.nextDue(), world.clock.now() + 10_000)
    assert.equal(await world.store.sweep(world.clock.now(), 10), 0)
    world.clock.advance(20_000)
    assert.equal(await world.store.sweep(world.clock.now(), 1), 1)
    assert.equal(await isKnown(first.token), false)
    assert.equal(await world.store.sweep(world.clock.now(), 10), 1)
    assert.deepEqual(world.keys, before)
    assert.equal(await world.store.nextDue(), null)
  })

  test('moves with a renewal, in its commit', async () => {
    const { token, key } = await world.create({ ttlSeconds: 10 })
    const later = { expireTime: (world.clock.now() + 60_000) as never }
    await world.store.change(key, async (entry) => ({ ...entry, ...later }))
    assert.equal(await world.store.nextDue(), later.expireTime)
    world.clock.advance(10_000)
    assert.equal(await world.store.sweep(world.clock.now(), 10), 0)
    assert.ok(await isKnown(token))
  })

  test('of one that cannot be read does not keep the others from being swept', async () => {
    const damaged = await world.create({ ttlSeconds: 10 })
    const other = await world.create({ ttlSeconds: 10 })
    const child = await world.create({ ttlSeconds: 10_000, parent: damaged })
    world.storage.entries.set(`tokens/${damaged.key}`, utf8('{"format":9}'))
    world.clock.advance(10_000)
    assert.equal(await world.store.sweep(world.clock.now(), 10), 2)
    for (const { token } of [damaged, other, child]) assert.equal(await isKnown(token), false)
    assert.equal(await world.store.nextDue(), null)
  })
})

describe('revoking', () => {
  test('takes a whole tree, and nothing beside it', async () => {
    const top = await world.create()
    const others = await world.create()
    const tree = [top]
    for (let index = 0; index < 30; index++) tree.push(await world.create({ parent: tree[index >> 1]! }))
    const batch = await world.create({ type: 'batch', parent: tree.at(-1)! })
    assert.ok(await isKnown(batch.token))
    await world.store.revoke(top.key)
    for (const { token } of [...tree, batch]) assert.equal(await isKnown(token), false)
    assert.ok(await isKnown(others.token))
    assert.equal(world.keys.filter((key) => key.startsWith('tokens/child/')).length, 1)
  })

  test('makes all of a tree unknown before anything of it is gone', async () => {
    const [top, middle, leaf] = await line(3)
    const release = world.storage.hold()
    const revoking = world.store.revoke(top!.key)
    const asked = [top, middle, leaf].map((one) => world.store.use(one!.token, '::1'))
    release()
    assert.deepEqual(await Promise.all(asked), [null, null, null])
    await revoking
  })

  test('alone leaves those below it as orphans, good all the while', async () => {
    const [top, middle, leaf] = await line(3)
    const release = world.storage.hold()
    const revoking = world.store.revokeOrphan(top!.key)
    const asked = [top, middle, leaf].map((one) => world.store.use(one!.token, '::1'))
    release()
    assert.deepEqual(
      (await Promise.all(asked)).map((one) => one !== null),
      [false, true, true],
    )
    await revoking
    assert.equal((await world.store.lookup(middle!.token))?.entry.parent, null)
    assert.equal((await world.store.lookup(leaf!.token))?.entry.parent, middle!.key)
    world.clock.advance(3_599_999)
    assert.ok(await isKnown(leaf!.token))
  })

  test('leaves no child that was made meanwhile', async () => {
    const parent = await world.create()
    const terms = await world.terms(60, { parent })
    const making = Array.from({ length: 32 }, () => world.store.create(terms))
    const revoking = world.store.revoke(parent.key)
    const late = Array.from({ length: 32 }, () => world.store.create(terms))
    const made = await Promise.allSettled([...making, ...late])
    await revoking
    for (const one of made) {
      if (one.status === 'fulfilled') assert.equal(await isKnown(textOf(one.value.token)), false)
    }
    assert.equal(world.keys.filter((key) => key.startsWith('tokens/id/')).length, 1)
  })

  test('keeps its word where somebody revokes the same at once', async () => {
    const { token, key } = await world.create()
    await Promise.all(Array.from({ length: 8 }, () => world.store.revoke(key)))
    assert.equal(await (await world.restarted()).store.lookup(token), null)
  })
})

describe('uses', () => {
  test('are counted down to the last, -1, after which the token is unknown', async () => {
    const { token } = await world.create({ numUses: 3 })
    assert.deepEqual(
      [await uses(token), await uses(token), await uses(token), await uses(token)],
      [2, 1, -1, null],
    )
    assert.equal(await isKnown(token), false)
  })

  test('are exact when 64 ask at once', async () => {
    for (const numUses of [1, 2, 17, 63]) {
      const { token } = await world.create({ numUses })
      const asked = await Promise.all(Array.from({ length: 64 }, () => uses(token)))
      const granted = asked.filter((left) => left !== null)
      assert.equal(granted.length, numUses)
      assert.equal(granted.filter((left) => left === -1).length, 1)
    }
  })

  test('are spent in the store before the token is known', async () => {
    const { token } = await world.create({ numUses: 2 })
    await uses(token)
    assert.equal((await (await world.restarted()).store.lookup(token))?.entry.numUses, 1)
  })

  test('that the store did not take are not granted', async () => {
    const { token } = await world.create({ numUses: 1 })
    world.storage.arm({ at: 3, mode: 'full' })
    await assert.rejects(uses(token), { code: 'storage_full' })
    world.storage.arm(null)
    assert.equal(await uses(token), -1)
  })

  test('cost a token without a number of them no write', async () => {
    const { token } = await world.create()
    world.storage.arm(null)
    await uses(token)
    assert.equal(world.storage.operations, 1)
  })

  test('end with the last one', async () => {
    const before = world.keys
    const { token } = await world.create({ numUses: 1 })
    const known = await world.store.use(token, '::1')
    await world.store.finish(known!)
    assert.deepEqual(world.keys, before)
  })
})

describe('a token that is bound to networks', () => {
  test('is known from there alone, and is not spent elsewhere', async () => {
    const { token } = await world.create({ boundCidrs: ['10.0.0.0/8'], numUses: 2 })
    assert.equal(await uses(token, '192.0.2.1'), null)
    assert.equal(await uses(token, 'unix'), null)
    assert.equal(await uses(token, '10.1.2.3'), 1)
    assert.equal(await uses(token, '::ffff:10.1.2.3'), -1)
  })

  test('is known from everywhere where it is a root token that never ends', async () => {
    const terms = { expireTime: null, boundCidrs: ['10.0.0.0/8'], policies: ['root'] }
    const { token } = await world.create(terms)
    assert.equal(await uses(token, '192.0.2.1'), 0)
  })
})

describe('a batch token', () => {
  test('is known without anything in the store, until it ends or its parent does', async () => {
    const parent = await world.create()
    const before = world.keys
    const batch = await world.create({ type: 'batch', parent, ttlSeconds: 60 })
    assert.deepEqual(world.keys, before)
    assert.match(batch.token, /^hvb\.[0-9A-Za-z_-]+$/)
    assert.equal((await world.store.lookup(batch.token))?.entry.accessor, '')
    assert.equal(await uses(batch.token), 0)
    await world.store.revoke(parent.key)
    assert.equal(await isKnown(batch.token), false)
  })

  test('of nobody ends by its time alone', async () => {
    const { token } = await world.create({ type: 'batch', parent: null, ttlSeconds: 60 })
    world.clock.advance(59_999)
    assert.ok(await isKnown(token))
    world.clock.advance(1)
    assert.equal(await isKnown(token), false)
  })

  test('has one spelling', async () => {
    const { token } = await world.create({ type: 'batch' })
    for (let at = 4; at < token.length; at += 7) {
      const other = token[at] === 'A' ? 'B' : 'A'
      assert.equal(await isKnown(token.slice(0, at) + other + token.slice(at + 1)), false)
    }
    for (const spelled of [`${token}A`, `${token}=`, token.slice(0, -1), token.toUpperCase(), ` ${token}`]) {
      assert.equal(await isKnown(spelled), false)
    }
  })

  test('is refused where it would be too long', async () => {
    await assert.rejects(world.create({ type: 'batch', meta: { a: 'x'.repeat(4000) } }), {
      code: 'bad_request',
    })
  })
})
