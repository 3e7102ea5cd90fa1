import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { ask, contextOn, exists, MemoryView } from '../../../tests/sim/memory-view.ts'
import { RawJson } from '../../logical/json.ts'
import type { Caller } from '../../logical/request.ts'
import { cubbyhole, keptKeys } from './cubbyhole.ts'

const callerWith = (cubbyholeId: string): Caller => ({
  accessor: 'accessor',
  displayName: 'token',
  policies: ['root'],
  tokenType: 'service',
  cubbyholeId,
  tokenKey: 'id/x',
})
const ALICE = callerWith('aa')
const BOB = callerWith('a')

let storage: MemoryView
let mounted: ReturnType<typeof cubbyhole.mount>
beforeEach(() => {
  storage = new MemoryView()
  mounted = cubbyhole.mount(contextOn(storage), {})
})

const write = async (caller: Caller, path: string, body: string): Promise<void> =>
  void (await ask(mounted, { operation: 'update', path, body, caller }))
const read = async (caller: Caller, path: string): Promise<string | null> => {
  const response = await ask(mounted, { operation: 'read', path, caller })
  return response?.data instanceof RawJson ? new TextDecoder().decode(response.data.bytes) : null
}
const list = async (caller: Caller, path: string): Promise<unknown> =>
  (await ask(mounted, { operation: 'list', path, caller }))?.data ?? null

test('gives back the bytes that were sent, without a lease', async () => {
  await write(ALICE, 'a/b', '{ "n": 1.0 }')
  assert.equal(await read(ALICE, 'a/b'), '{ "n": 1.0 }')
  assert.deepEqual(await list(ALICE, ''), { keys: ['a/'] })
  assert.deepEqual(await list(ALICE, 'a/'), { keys: ['b'] })
  const response = await ask(mounted, { operation: 'read', path: 'a/b', caller: ALICE })
  assert.equal(response?.leaseDuration, undefined)
})

test('shows one token nothing of what another keeps, root or not', async () => {
  await write(ALICE, 'mine', '{"a":1}')
  assert.equal(await read(BOB, 'mine'), null)
  assert.equal(await list(BOB, ''), null)
  assert.equal(await exists(mounted, { operation: 'update', path: 'mine', caller: BOB }), false)
  await ask(mounted, { operation: 'delete', path: 'mine', caller: BOB })
  await write(BOB, 'mine', '{"b":2}')
  assert.equal(await read(ALICE, 'mine'), '{"a":1}')
})

test('refuses who has no token, and a path that is no name', async () => {
  const denied = { code: 'permission_denied' }
  await assert.rejects(ask(mounted, { operation: 'read', path: 'mine' }), denied)
  await assert.rejects(ask(mounted, { operation: 'list', path: '' }), denied)
  for (const path of ['', 'a/']) {
    await assert.rejects(ask(mounted, { operation: 'read', path, caller: ALICE }), {
      code: 'unsupported_path',
    })
  }
})

test('refuses to keep nothing', async () => {
  for (const body of [undefined, '{}']) {
    const asked = {
      operation: 'update',
      path: 'x',
      caller: ALICE,
      ...(body === undefined ? {} : { body }),
    } as const
    await assert.rejects(ask(mounted, asked), { code: 'bad_request', message: 'missing data fields' })
  }
})

test('says whether a path is there', async () => {
  await write(ALICE, 'mine', '{"a":1}')
  assert.equal(await exists(mounted, { operation: 'update', path: 'mine', caller: ALICE }), true)
  assert.equal(await exists(mounted, { operation: 'update', path: 'other', caller: ALICE }), false)
})

const keptBy = async ({ cubbyholeId }: Caller): Promise<string[]> => {
  const keys: string[] = []
  for await (const key of keptKeys(storage, cubbyholeId)) keys.push(key)
  return keys
}

test('names what a token kept in pages, however much of it and however deep it is', async () => {
  const page = storage.page.bind(storage)
  let longest = 0
  storage.page = async (prefix, asked) => {
    longest = Math.max(longest, asked.limit)
    return await page(prefix, asked)
  }
  const deep = 'd/'.repeat(1500)
  const paths = Array.from({ length: 350 }, (_, at) => `${at % 3 === 0 ? '' : `f${at % 7}/`}name-${at}`)
  for (const path of [...paths, `${deep}last`]) await write(ALICE, path, '{"a":1}')
  const expected = [...paths, `${deep}last`].map((path) => `aa/${path}`)
  assert.deepEqual((await keptBy(ALICE)).sort(), expected.sort())
  assert.equal(longest, 100)
})

test('names all that a token kept at any depth, and nothing of a token with a longer or shorter name', async () => {
  for (const path of ['one', 'deep/er/two', 'deep/three']) await write(ALICE, path, '{"a":1}')
  await write(BOB, 'one', '{"b":1}')
  const kept = await keptBy(ALICE)
  assert.deepEqual([...kept].sort(), ['aa/deep/er/two', 'aa/deep/three', 'aa/one'])
  await storage.commit(kept.map((key) => ({ op: 'delete', key })))
  assert.deepEqual(storage.keys(), ['a/one'])
  assert.deepEqual(await keptBy(ALICE), [])
})

test('gives lists and scans in pages, the names of a folder before its folders', async () => {
  for (const path of ['b', 'a/x', 'a/y/z', 'a/c/d', 'e']) await write(ALICE, path, '{"v":1}')
  const names = async (operation: 'list' | 'scan', body?: string): Promise<unknown> => {
    const asked = { operation, path: '', caller: ALICE, ...(body === undefined ? {} : { body }) }
    return (await ask(mounted, asked))?.data ?? null
  }
  assert.deepEqual(await names('list', '{"limit":2}'), { keys: ['a/', 'b'] })
  assert.deepEqual(await names('list', '{"after":"b"}'), { keys: ['e'] })
  const all = ['b', 'e', 'a/x', 'a/c/d', 'a/y/z']
  assert.deepEqual(await names('scan'), { keys: all })
  // surface.md section 1.4: at most `limit`, behind `after`, wherever that is.
  for (const [index, after] of all.entries()) {
    const rest = all.slice(index + 1)
    const body = JSON.stringify({ after, limit: 2 })
    assert.deepEqual(await names('scan', body), rest.length === 0 ? {} : { keys: rest.slice(0, 2) })
  }
  assert.deepEqual(await names('scan', '{"after":"a/k"}'), { keys: ['a/x', 'a/c/d', 'a/y/z'] })
})

test('a scan that finds nothing is an answer, a list is none', async () => {
  assert.deepEqual(await ask(mounted, { operation: 'scan', path: '', caller: ALICE }), { data: {} })
  assert.equal(await ask(mounted, { operation: 'list', path: '', caller: ALICE }), null)
})

test('is not for batch tokens, in the words of the contract', async () => {
  const caller = { ...ALICE, tokenType: 'batch' as const, cubbyholeId: '' }
  for (const operation of ['read', 'list', 'scan', 'update', 'delete'] as const) {
    await assert.rejects(ask(mounted, { operation, path: 'a', body: '{"a":1}', caller }), {
      code: 'bad_request',
      message: "cubbyhole operations are only supported by 'service' type tokens",
    })
  }
})
