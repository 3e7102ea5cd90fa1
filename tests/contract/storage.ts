import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '../../src/base/assert.ts'
import { type ErrorCode, hasCode } from '../../src/base/errors.ts'
import { MAX_ENTRY_BYTES, MAX_KEY_BYTES, MAX_LIST_PAGE } from '../../src/base/limits.ts'
import type { Page, StorageBackend, Write } from '../../src/physical/backend.ts'

/** A fresh, empty store; the suite closes it, `discard` takes away what is left of it. */
export interface FreshStore {
  readonly store: StorageBackend
  discard(): Promise<void>
}

export type StoreFactory = () => Promise<FreshStore>

type StoreTest = (store: StorageBackend) => Promise<void>

const ALL: Page = { after: '', limit: MAX_LIST_PAGE }

/** What every implementation of `StorageBackend` promises, as tests named after `name`. */
export function storageContract(name: string, factory: StoreFactory): void {
  const check = (promise: string, body: StoreTest): void => {
    test(`${name}: ${promise}`, async () => {
      const { store, discard } = await factory()
      try {
        await body(store)
      } finally {
        await store.close()
        await discard()
      }
    })
  }
  reading(check)
  listing(check)
  committing(check)
  conditions(check)
  ending(check)
  refusing(check)
  check('does what a map would do, whatever is written in whatever order', modelled)
}

type Check = (promise: string, body: StoreTest) => void

function reading(check: Check): void {
  check('gives back null for a key that was never written', async (store) => {
    assert.equal(await store.get('a/b'), null)
  })

  check('gives back every byte value, and an empty value as empty', async (store) => {
    const every = Uint8Array.from({ length: 256 }, (_, index) => index)
    await store.commit([put('every', every), put('empty', new Uint8Array(0))])
    assert.deepEqual([...((await store.get('every')) ?? [])], [...every])
    assert.equal((await store.get('empty'))?.length, 0)
  })

  check('keeps its own copy of what it is given, and gives each reader one', async (store) => {
    const given = Buffer.from([9, 1, 2, 9])
    await store.commit([put('a', given.subarray(1, 3))])
    given.fill(0)
    const first = await store.get('a')
    assert.deepEqual(first, new Uint8Array([1, 2]))
    first?.fill(7)
    assert.deepEqual(await store.get('a'), new Uint8Array([1, 2]))
  })

  check('leaves the bytes of the caller usable after the commit', async (store) => {
    const given = new Uint8Array([1, 2, 3])
    await store.commit([put('a', given)])
    assert.deepEqual(given, new Uint8Array([1, 2, 3]))
    await store.commit([put('b', given)], [{ key: 'a', stored: given }])
    assert.deepEqual(await store.get('b'), given)
  })

  check('takes the longest key and the largest value, and refuses one byte more', async (store) => {
    const longest = 'ö'.repeat(MAX_KEY_BYTES / 2)
    await store.commit([put(longest, new Uint8Array(MAX_ENTRY_BYTES).fill(5))])
    const read = await store.get(longest)
    assert.equal(read?.length, MAX_ENTRY_BYTES)
    assert.equal(read?.at(-1), 5)
    await rejects(store.commit([put('a', new Uint8Array(MAX_ENTRY_BYTES + 1))]), 'too_large')
    await assert.rejects(store.get(`${longest}a`), InvariantError)
  })
}

function listing(check: Check): void {
  check('lists names directly below a prefix, folders with a slash, each once', async (store) => {
    await store.commit(['a', 'a/b', 'a/c/d', 'a/c/e', 'a-b', 'a0', 'b/x', 'ab'].map((key) => put(key)))
    assert.deepEqual(await store.list('', ALL), ['a', 'a-b', 'a/', 'a0', 'ab', 'b/'])
    assert.deepEqual(await store.list('a/', ALL), ['b', 'c/'])
    assert.deepEqual(await store.list('a/c/', ALL), ['d', 'e'])
    assert.deepEqual(await store.list('nothing/', ALL), [])
  })

  check('finds its way down to the deepest folder, and past folders of many names', async (store) => {
    const deep = Array.from({ length: 500 }, (_, index) => index % 10).join('/')
    await store.commit([
      put(deep),
      ...Array.from({ length: 300 }, (_, index) => put(`0/${index}`)),
      put('0-'),
      put('00'),
    ])
    assert.deepEqual(await store.list('', ALL), ['0-', '0/', '00'])
    assert.deepEqual(await store.list('', { after: '0-', limit: 1 }), ['0/'])
    for (let at = 2; at < deep.length; at += 100) {
      assert.ok((await store.list(deep.slice(0, at), ALL)).includes(`${deep[at]}/`))
    }
    assert.deepEqual(await store.list(deep.slice(0, -1), ALL), [deep.at(-1)])
  })

  check('lists in byte order of UTF-8, not in the order of UTF-16', async (store) => {
    // U+FF61 is EF BD A1 and U+1F600 is F0 9F 98 80; in UTF-16 the second begins with D83D and would come
    // first.
    await store.commit(['\u{1f600}', '\uff61', 'é', 'z', 'Z', 'e\u0301'].map((key) => put(`n/${key}`)))
    assert.deepEqual(await store.list('n/', ALL), ['Z', 'e\u0301', 'z', 'é', '\uff61', '\u{1f600}'])
  })

  check('pages through a folder without gap or repetition', async (store) => {
    const keys = Array.from({ length: 25 }, (_, index) => `p/${String(index).padStart(2, '0')}`)
    await store.commit(keys.flatMap((key) => [put(key), put(`${key}/below`)]))
    const names: string[] = []
    for (;;) {
      const page = await store.list('p/', { after: names.at(-1) ?? '', limit: 7 })
      if (page.length === 0) break
      names.push(...page)
    }
    assert.deepEqual(
      names,
      keys.flatMap((key) => [key.slice(2), `${key.slice(2)}/`]),
    )
  })

  check('lists behind a name that is not there', async (store) => {
    await store.commit([put('a/b'), put('c/d'), put('e')])
    assert.deepEqual(await store.list('', { after: 'b', limit: 1 }), ['c/'])
    assert.deepEqual(await store.list('', { after: 'c/d', limit: 9 }), ['e'])
    assert.deepEqual(await store.list('', { after: 'z', limit: 9 }), [])
  })
}

function committing(check: Check): void {
  check('replaces and deletes, and takes a delete of what is not there', async (store) => {
    await store.commit([put('a', new Uint8Array([1])), put('b')])
    await store.commit([
      put('a', new Uint8Array([2])),
      { op: 'delete', key: 'b' },
      { op: 'delete', key: 'never' },
    ])
    assert.deepEqual(await store.get('a'), new Uint8Array([2]))
    assert.equal(await store.get('b'), null)
    assert.deepEqual(await store.list('', ALL), ['a'])
  })

  check('applies the writes of a batch in their order', async (store) => {
    await store.commit([
      put('a', new Uint8Array([1])),
      { op: 'delete', key: 'a' },
      put('a', new Uint8Array([3])),
    ])
    assert.deepEqual(await store.get('a'), new Uint8Array([3]))
  })

  check('makes many commits at once, each of them readable when it resolves', async (store) => {
    await Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        await store.commit([put(`k/${index}`, new Uint8Array([index & 255]))])
        assert.deepEqual(await store.get(`k/${index}`), new Uint8Array([index & 255]))
      }),
    )
    assert.equal((await store.list('k/', ALL)).length, 500)
  })
}

function conditions(check: Check): void {
  const one = new Uint8Array([1])

  check('writes nothing of a batch when one of its conditions does not hold', async (store) => {
    await store.commit([put('a', one)])
    const batch: readonly Write[] = [put('b'), { op: 'delete', key: 'a' }]
    for (const stored of [null, new Uint8Array([2]), new Uint8Array([1, 1]), new Uint8Array(0)]) {
      await rejects(store.commit(batch, [{ key: 'a', stored }]), 'condition_failed')
    }
    await rejects(
      store.commit(batch, [
        { key: 'a', stored: one },
        { key: 'c', stored: one },
      ]),
      'condition_failed',
    )
    assert.deepEqual(await store.get('a'), one)
    assert.equal(await store.get('b'), null)
  })

  check(
    'writes when all conditions hold: exact bytes, absence, also on keys that it writes',
    async (store) => {
      await store.commit([put('a', one)], [{ key: 'a', stored: null }])
      await store.commit(
        [{ op: 'delete', key: 'a' }],
        [
          { key: 'a', stored: one },
          { key: 'b', stored: null },
        ],
      )
      assert.equal(await store.get('a'), null)
    },
  )

  check('lets exactly one of many racing commits with the same condition win', async (store) => {
    await store.commit([put('serial', one)])
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        store.commit([put('serial', new Uint8Array([2, index]))], [{ key: 'serial', stored: one }]),
      ),
    )
    const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []))
    assert.equal(won.length, 1)
    assert.deepEqual(await store.get('serial'), new Uint8Array([2, won[0]!]))
    for (const result of results) {
      if (result.status === 'rejected') assert.ok(hasCode(result.reason, 'condition_failed'))
    }
  })

  check('keeps the batches beside one whose condition failed', async (store) => {
    const beside = [1, 2, 3].map((index) => store.commit([put(`beside/${index}`)]))
    const failing = store.commit([put('lost')], [{ key: 'absent', stored: one }])
    await Promise.all([...beside, rejects(failing, 'condition_failed'), store.commit([put('beside/4')])])
    assert.deepEqual(await store.list('', ALL), ['beside/'])
    assert.deepEqual(await store.list('beside/', ALL), ['1', '2', '3', '4'])
  })
}

function ending(check: Check): void {
  check('goes on after settle and scrub, with what was there', async (store) => {
    const under = store.commit([put('a', new Uint8Array([1]))])
    await Promise.all([store.settle(), store.settle(), under])
    assert.deepEqual(await store.get('a'), new Uint8Array([1]))
    await store.scrub()
    await store.commit([put('b')])
    assert.deepEqual(await store.list('', ALL), ['a', 'b'])
  })

  check('answers what is asked while it settles', async (store) => {
    await store.commit([put('a', new Uint8Array([1]))])
    const settling = store.settle()
    const [read, names] = await Promise.all([
      store.get('a'),
      store.list('', ALL),
      store.commit([put('b')]),
      settling,
    ])
    assert.deepEqual(read, new Uint8Array([1]))
    assert.ok(names.includes('a'))
    assert.notEqual(await store.get('b'), null)
  })

  check('finishes the commits that came before close, and refuses everything after it', async (store) => {
    const before = [1, 2, 3].map((index) => store.commit([put(`a/${index}`)]))
    const closing = store.close()
    const after = store.commit([put('late')])
    await rejects(after, 'storage_unavailable')
    await Promise.all([...before, closing])
    await rejects(store.get('a/1'), 'storage_unavailable')
    await rejects(store.list('', ALL), 'storage_unavailable')
    await rejects(store.settle(), 'storage_unavailable')
    await rejects(store.scrub(), 'storage_unavailable')
    await store.close()
  })
}

function refusing(check: Check): void {
  check('refuses keys, prefixes and pages that no caller of ours makes', async (store) => {
    for (const key of ['', '/', '/a', 'a/', 'a//b', '\ud800', 'a'.repeat(MAX_KEY_BYTES + 1)]) {
      await assert.rejects(store.get(key), InvariantError)
      await assert.rejects(store.commit([put(key)]), InvariantError)
      await assert.rejects(store.commit([], [{ key, stored: null }]), InvariantError)
    }
    for (const prefix of ['a', '/', '/a/', 'a//'])
      await assert.rejects(store.list(prefix, ALL), InvariantError)
    for (const limit of [0, -1, 1.5, MAX_LIST_PAGE + 1, Number.NaN]) {
      await assert.rejects(store.list('', { after: '', limit }), InvariantError)
    }
  })
}

const segment = fc.constantFrom('a', 'b', 'a-', 'a0', 'é', '\uff61', '\u{1f600}', 'A', '0', '~')
const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))
const value = fc.uint8Array({ maxLength: 12 })
const write = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('put' as const), key, value }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('delete' as const), key }) },
)
const step = fc.record({
  batch: fc.array(write, { maxLength: 5 }),
  conditionKey: fc.option(key),
  conditionHolds: fc.boolean(),
  after: fc.oneof(fc.constant(''), key),
  limit: fc.integer({ min: 1, max: 4 }),
})

async function modelled(store: StorageBackend): Promise<void> {
  const run = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
    const model = new Map<string, Uint8Array>()
    await empty(store, '')
    for (const { batch, conditionKey, conditionHolds, after, limit } of steps) {
      const now = conditionKey === null ? null : (model.get(conditionKey) ?? null)
      const stored = conditionHolds ? now : new Uint8Array(13)
      const conditions = conditionKey === null ? [] : [{ key: conditionKey, stored }]
      const committed = store.commit(batch, conditions)
      if (conditionKey !== null && !conditionHolds) await rejects(committed, 'condition_failed')
      else {
        await committed
        for (const each of batch) each.op === 'put' ? model.set(each.key, each.value) : model.delete(each.key)
      }
      for (const each of model.keys())
        assert.deepEqual(await store.get(each), new Uint8Array(model.get(each)!))
      for (const prefix of ['', 'a/', 'a/é/']) {
        assert.deepEqual(
          await store.list(prefix, { after, limit }),
          modelList(model, prefix, { after, limit }),
        )
      }
    }
  })
  await fc.assert(run, { numRuns: 40 })
}

function modelList(model: ReadonlyMap<string, Uint8Array>, prefix: string, page: Page): readonly string[] {
  const below = [...model.keys()]
    .filter((each) => each.startsWith(prefix))
    .map((each) => each.slice(prefix.length))
  const names = new Set(below.map((rest) => rest.replace(/\/.*$/su, '/')))
  return [...names]
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .filter((name) => Buffer.compare(Buffer.from(name), Buffer.from(page.after)) > 0)
    .slice(0, page.limit)
}

async function empty(store: StorageBackend, prefix: string): Promise<void> {
  for (const name of await store.list(prefix, ALL)) {
    if (name.endsWith('/')) await empty(store, prefix + name)
    else await store.commit([{ op: 'delete', key: prefix + name }])
  }
}

function put(key: string, value: Uint8Array = new Uint8Array([0])): Write {
  return { op: 'put', key, value }
}

async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => hasCode(error, code))
}
