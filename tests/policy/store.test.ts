import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { unixMillis } from '../../src/base/clock.ts'
import { utf8 } from '../../src/base/encoding.ts'
import { hasCode } from '../../src/base/errors.ts'
import { MAX_CACHED_ACLS } from '../../src/base/limits.ts'
import { Recent } from '../../src/base/recent.ts'
import type { StorageView, ViewWrite } from '../../src/logical/backend.ts'
import { plainAct } from '../../src/policy/act.ts'
import type { Subject } from '../../src/policy/identity-template.ts'
import { type PolicyChange, PolicyStore } from '../../src/policy/store.ts'
import { encodePolicy } from '../../src/policy/stored-policy.ts'
import { MemoryView } from '../sim/memory-view.ts'
import { SimClock } from '../sim/sim-clock.ts'

const START = 1_764_000_000_000
const READ_A = 'path "a" { capabilities = ["read"] }'
const DENY_A = 'path "a" { capabilities = ["deny"] }'

interface World {
  readonly store: PolicyStore
  readonly storage: MemoryView
  readonly clock: SimClock
}

async function newStore(): Promise<World> {
  const storage = new MemoryView()
  const clock = new SimClock()
  await storage.commit(PolicyStore.initialWrites(clock.now()))
  return { store: new PolicyStore(storage, clock), storage, clock }
}

function change(text: string, besides: Partial<PolicyChange> = {}): PolicyChange {
  const leave = { slashes: false, wildcards: false }
  return { text, expiration: null, cas: null, casRequired: null, leave, ...besides }
}

function refuses(fault: string): (error: unknown) => boolean {
  return (error) => hasCode(error, 'bad_request') && error.message === fault
}

async function mayRead({ store }: World, names: readonly string[], path = 'a'): Promise<boolean> {
  return (await store.aclOf(names, null)).decide(plainAct('read', path)).allowed
}

describe('a new store', () => {
  test('has default, which every token may be given', async () => {
    const world = await newStore()
    assert.deepEqual(await world.store.names(), ['default'])
    const { version, modified, text } = (await world.store.get('default')) ?? assert.fail()
    assert.deepEqual([version, modified], [1, START])
    assert.match(text, /auth\/token\/lookup-self/)
    assert.equal(await mayRead(world, ['default'], 'auth/token/lookup-self'), true)
    assert.equal(await mayRead(world, ['default'], 'sys/mounts'), false)
  })

  test('gives a token of default what the contract says, and nothing else', async () => {
    const { store } = await newStore()
    const acl = await store.aclOf(['default'], null)
    // surface.md section 3.5
    const given: Readonly<Record<string, readonly string[]>> = {
      'auth/token/lookup-self': ['read'],
      'auth/token/renew-self': ['update'],
      'auth/token/revoke-self': ['update'],
      'sys/capabilities-self': ['update'],
      'sys/leases/renew': ['update'],
      'sys/leases/lookup': ['update'],
      'sys/wrapping/wrap': ['update'],
      'sys/wrapping/lookup': ['update'],
      'sys/wrapping/unwrap': ['update'],
      'sys/tools/hash': ['update'],
      'sys/tools/hash/sha2-512': ['update'],
      'sys/internal/ui/resultant-acl': ['read'],
      'cubbyhole/a/b': ['create', 'delete', 'list', 'read', 'update'],
      'identity/oidc/provider/p/authorize': ['read', 'update'],
      'identity/entity/id/x': ['deny'],
      'sys/renew': ['deny'],
      'sys/tools/random': ['deny'],
    }
    for (const [path, capabilities] of Object.entries(given)) {
      assert.deepEqual(acl.capabilities(path), capabilities, path)
    }
    const subject = { entity: { id: 'e1', name: 'n', metadata: {}, aliases: {} }, groups: [] }
    const own = await store.aclOf(['default'], subject)
    assert.deepEqual(own.capabilities('identity/entity/id/e1'), ['read'])
    assert.deepEqual(own.capabilities('identity/entity/id/e2'), ['deny'])
  })

  test('knows root and response-wrapping, which stand nowhere', async () => {
    const { store } = await newStore()
    assert.equal((await store.get('root'))?.version, 0)
    assert.deepEqual((await store.aclOf(['response-wrapping'], null)).capabilities('cubbyhole/response'), [
      'create',
      'read',
    ])
    assert.deepEqual((await store.aclOf(['root'], null)).capabilities('x'), ['root'])
  })

  test('from before there were policies has default as well', async () => {
    const store = new PolicyStore(new MemoryView(), new SimClock())
    assert.deepEqual(await store.names(), ['default'])
    assert.equal((await store.put('default', change(READ_A, { cas: 1 }))).version, 2)
  })
})

describe('a policy', () => {
  test('is kept, with its version and time, across a restart', async () => {
    const { store, storage, clock } = await newStore()
    await store.put('dev', change(READ_A))
    clock.advance(1000)
    await store.put('dev', change(DENY_A, { leave: { slashes: true, wildcards: false } }))
    const again = await new PolicyStore(storage, clock).get('dev')
    assert.deepEqual(again, {
      name: 'dev',
      text: DENY_A,
      version: 2,
      casRequired: false,
      modified: START + 1000,
      expiration: null,
      leave: { slashes: true, wildcards: false },
    })
  })

  test('may stand in a folder, and beside one of its name', async () => {
    const { store } = await newStore()
    for (const name of ['team/a', 'team', 'team/b/c']) await store.put(name, change(READ_A))
    assert.deepEqual(await store.names(), ['default', 'team', 'team/a', 'team/b/c'])
    assert.deepEqual(await store.names('team/'), ['team/a', 'team/b/c'])
  })

  test('is not stored when it cannot be read', async () => {
    const { store } = await newStore()
    await assert.rejects(
      store.put('bad', change('path "x" { capabilities=["fly"] }')),
      refuses('failed to parse policy: path "x": invalid capability "fly"'),
    )
    assert.equal(await store.get('bad'), null)
  })

  test('holds for a token at once when it is made, changed and deleted', async () => {
    const world = await newStore()
    assert.equal(await mayRead(world, ['dev']), false)
    await world.store.put('dev', change(READ_A))
    assert.equal(await mayRead(world, ['dev']), true)
    await world.store.put('dev', change(DENY_A))
    assert.equal(await mayRead(world, ['dev']), false)
    await world.store.put('other', change(READ_A))
    assert.equal(await mayRead(world, ['other']), true)
    await world.store.delete('other')
    assert.equal(await mayRead(world, ['other']), false)
    assert.equal(await world.store.exists('other'), false)
  })

  test('holds for a list of names that is used again and again, also when it changes', async () => {
    const world = await newStore()
    const names = ['dev', 'default']
    assert.equal(await mayRead(world, names), false)
    await world.store.put('dev', change(READ_A))
    assert.equal(await mayRead(world, names), true)
    assert.equal(await mayRead(world, [...names].reverse()), true)
  })

  test('is nothing to a token from its expiration on, and may be made anew', async () => {
    const world = await newStore()
    await world.store.put('dev', change(READ_A, { expiration: unixMillis(START + 5000) }))
    assert.equal(await mayRead(world, ['dev']), true)
    world.clock.advance(4999)
    assert.equal(await mayRead(world, ['dev']), true)
    world.clock.advance(1)
    assert.equal(await mayRead(world, ['dev']), false)
    assert.equal(await world.store.get('dev'), null)
    assert.deepEqual(await world.store.names(), ['default'])
    assert.equal((await world.store.put('dev', change(READ_A, { cas: -1 }))).version, 1)
  })

  test('that is damaged gives nothing to whoever has it, and is told', async () => {
    const { storage, clock } = await newStore()
    const leave = { slashes: false, wildcards: false }
    const good = {
      name: 'dev',
      version: 1,
      casRequired: false,
      modified: clock.now(),
      expiration: null,
      leave,
    }
    for (const value of [
      utf8('{"format":2}'),
      utf8('[]'),
      utf8('damaged'),
      encodePolicy({ ...good, text: 'path "a" { capabilities = ["fly"] }' }),
    ]) {
      await storage.commit([{ op: 'put', key: 'acl/dev', value }])
      const store = new PolicyStore(storage, clock)
      await assert.rejects(store.aclOf(['dev'], null), (error) => hasCode(error, 'corrupt_entry'))
      await assert.rejects(store.get('dev'), (error) => hasCode(error, 'corrupt_entry'))
    }
  })

  test('that speaks of the identity is compiled for each, and forgotten with a change', async () => {
    const { store } = await newStore()
    await store.put('own', change('path "home/{{identity.entity.name}}/*" { capabilities = ["read"] }'))
    const subject = (name: string): Subject => ({
      entity: { id: name, name, metadata: {}, aliases: {} },
      groups: [],
    })
    const [alice, bob] = [subject('alice'), subject('bob')]
    for (const _ of ['first', 'again']) {
      assert.deepEqual((await store.aclOf(['own'], alice)).capabilities('home/alice/x'), ['read'])
      assert.deepEqual((await store.aclOf(['own'], bob)).capabilities('home/alice/x'), ['deny'])
      assert.deepEqual((await store.aclOf(['own'], null)).capabilities('home/alice/x'), ['deny'])
    }
    await store.delete('own')
    assert.deepEqual((await store.aclOf(['own'], alice)).capabilities('home/alice/x'), ['deny'])
  })
})

describe('a change that says which version it is made to', () => {
  const required = 'check-and-set parameter required for this call'
  const differs = 'check-and-set parameter did not match the current version'

  test('is made to that one alone', async () => {
    const { store } = await newStore()
    await store.put('exp', change(READ_A, { cas: -1, casRequired: true }))
    await assert.rejects(store.put('exp', change(READ_A)), refuses(required))
    await assert.rejects(store.put('exp', change(READ_A, { cas: 9 })), refuses(differs))
    await assert.rejects(
      store.put('exp', change(READ_A, { cas: -1 })),
      refuses('check-and-set parameter set to -1 on existing entry'),
    )
    assert.equal((await store.put('exp', change(READ_A, { cas: 1 }))).version, 2)
    // It goes on being required until somebody says otherwise.
    await assert.rejects(store.put('exp', change(READ_A)), refuses(required))
    await store.put('exp', change(READ_A, { cas: 2, casRequired: false }))
    assert.equal((await store.put('exp', change(READ_A))).version, 4)
  })

  test('to none at all says 0 or -1', async () => {
    const { store } = await newStore()
    await assert.rejects(store.put('new', change(READ_A, { cas: 1 })), refuses(differs))
    await assert.rejects(store.put('new', change(READ_A, { casRequired: true })), refuses(required))
    assert.equal((await store.put('new', change(READ_A, { cas: 0 }))).version, 1)
  })

  test('is made once when 64 make it together', async () => {
    const { store } = await newStore()
    await store.put('dev', change(READ_A))
    const tries = Array.from({ length: 64 }, () => store.put('dev', change(READ_A, { cas: 1 })))
    const done = await Promise.allSettled(tries)
    assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await store.get('dev'))?.version, 2)
  })
})

describe('what must be there stays there:', () => {
  for (const [name, fault] of [
    ['root', 'cannot update "root" policy'],
    ['response-wrapping', 'cannot update "response-wrapping" policy'],
  ] as const) {
    test(`${name} is not changed`, async () => {
      const { store } = await newStore()
      await assert.rejects(store.put(name, change('path "x" {}')), refuses(fault))
    })
  }
  for (const [name, fault] of [
    ['root', 'cannot delete "root" policy'],
    ['default', 'cannot delete default policy'],
    ['response-wrapping', 'cannot delete "response-wrapping" policy'],
  ] as const) {
    test(`${name} is not deleted`, async () => {
      const { store } = await newStore()
      await assert.rejects(store.delete(name), refuses(fault))
    })
  }
  test('default may be changed', async () => {
    const world = await newStore()
    await world.store.put('default', change(READ_A))
    assert.equal(await mayRead(world, ['default']), true)
  })
  test('deleting what is not there is no fault', async () => {
    const { store, storage } = await newStore()
    const before = storage.keys()
    await store.delete('nope')
    assert.deepEqual(storage.keys(), before)
  })
})

/** Storage whose reads and commits wait until a test lets them go on. */
class SlowView implements StorageView {
  readonly #inner: MemoryView
  #gate: Promise<void> = Promise.resolve()

  constructor(inner: MemoryView) {
    this.#inner = inner
  }

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = promise
    return resolve
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== null
  }

  async get(key: string): Promise<Uint8Array | null> {
    const value = await this.#inner.get(key)
    await this.#gate
    return value
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#inner.list(prefix)
  }

  page(prefix: string, page: { readonly after: string; readonly limit: number }): Promise<readonly string[]> {
    return this.#inner.page(prefix, page)
  }

  commit(batch: readonly ViewWrite[]): Promise<void> {
    return this.#inner.commit(batch)
  }
}

test('what was read before a change is not kept after it', async () => {
  const { storage, clock } = await newStore()
  const slow = new SlowView(storage)
  const store = new PolicyStore(slow, clock)
  await store.put('dev', change(READ_A))
  // A store that has nothing in memory yet reads the old one, and is overtaken by the change.
  const other = new PolicyStore(slow, clock)
  const release = slow.hold()
  const names = ['dev']
  const early = other.aclOf(names, null)
  const changed = other.put('dev', change(DENY_A))
  release()
  await Promise.all([early, changed])
  assert.deepEqual((await other.aclOf(names, null)).capabilities('a'), ['deny'])
})

test('a failed commit changes nothing', async () => {
  const { storage, clock } = await newStore()
  class FullView extends MemoryView {
    override async commit(): Promise<void> {
      throw new Error('full')
    }
    override get(key: string): Promise<Uint8Array | null> {
      return storage.get(key)
    }
  }
  const store = new PolicyStore(new FullView(), clock)
  await assert.rejects(store.put('default', change(READ_A)))
  assert.deepEqual((await store.aclOf(['default'], null)).capabilities('a'), ['deny'])
  assert.equal((await store.get('default'))?.version, 1)
})

test('caches hold so many entries and no more, the last used ones', () => {
  const recent = new Recent<number, number>(MAX_CACHED_ACLS)
  for (let one = 0; one <= MAX_CACHED_ACLS; one++) {
    recent.set(one, one)
    recent.get(0)
  }
  assert.equal(recent.size, MAX_CACHED_ACLS)
  assert.equal(recent.get(0), 0)
  assert.equal(recent.get(1), undefined)
})
