import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { type Asked, ask, contextOn, exists, MemoryView } from '../../../tests/sim/memory-view.ts'
import { RawJson } from '../../logical/json.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { kvV1 } from './kv-v1.ts'

let storage: MemoryView
let kv: ReturnType<typeof kvV1.mount>
beforeEach(() => {
  storage = new MemoryView()
  kv = kvV1.mount(contextOn(storage), {})
})

const write = async (path: string, body: string): Promise<LogicalResponse | null> =>
  await ask(kv, { operation: 'update', path, body })
const read = async (path: string): Promise<LogicalResponse | null> =>
  await ask(kv, { operation: 'read', path })
const keys = async (path: string): Promise<unknown> =>
  (await ask(kv, { operation: 'list', path }))?.data ?? null
const textOf = (response: LogicalResponse | null): string => {
  assert(response?.data instanceof RawJson)
  return new TextDecoder().decode(response.data.bytes)
}
const refuses = async (asked: Asked, code: string, text: string): Promise<void> => {
  await assert.rejects(ask(kv, asked), { code, message: text }, `${asked.operation} "${asked.path}"`)
}

test('gives back the bytes that were sent: numbers, order, spelling and space', async () => {
  const body = '{ "z":1.0,"a":9007199254740993, "e":1e3,"t":"\\u00e9\\/","n":null,"l":[ ],"o":{"b":[1, 2]}}'
  assert.equal(await write('app/db', body), null)
  assert.equal(textOf(await read('app/db')), body)
})

test('replaces the whole value, and never merges', async () => {
  await write('app', '{"a":1,"b":2}')
  await write('app', '{"c":3}')
  assert.equal(textOf(await read('app')), '{"c":3}')
})

test('leases for 32 days, or for what the value says of itself', async () => {
  await write('plain', '{"a":1}')
  await write('short', '{"ttl":"1h"}')
  await write('none', '{"ttl":0}')
  assert.equal((await read('plain'))?.leaseDuration, 2_764_800)
  assert.equal((await read('short'))?.leaseDuration, 3600)
  assert.equal((await read('none'))?.leaseDuration, 0)
})

test('answers nothing for what is not there, and removes it twice without a word', async () => {
  assert.equal(await read('gone'), null)
  await write('gone', '{"a":1}')
  assert.equal(await ask(kv, { operation: 'delete', path: 'gone' }), null)
  assert.equal(await read('gone'), null)
  assert.equal(await ask(kv, { operation: 'delete', path: 'gone' }), null)
})

test('lists names and folders of one level in byte order', async () => {
  for (const path of ['b', 'a/x/y', 'a/z', 'B', 'ä', 'a', 'a-b']) await write(path, '{"v":1}')
  assert.deepEqual(await keys(''), { keys: ['B', 'a', 'a-b', 'a/', 'b', 'ä'] })
  assert.deepEqual(await keys('a/'), { keys: ['x/', 'z'] })
  assert.equal(await keys('b/'), null)
})

test('refuses to store nothing', async () => {
  await refuses({ operation: 'update', path: 'x' }, 'bad_request', 'missing data fields')
  await refuses({ operation: 'update', path: 'x', body: '{}' }, 'bad_request', 'missing data fields')
  assert.deepEqual(storage.keys(), [])
})

test('refuses a value at the root of the mount or at a folder', async () => {
  const unsupported = '1 error occurred:\n\t* unsupported path\n\n'
  for (const path of ['', 'folder/']) {
    for (const operation of ['read', 'update', 'delete'] as const) {
      await refuses({ operation, path, body: '{"a":1}' }, 'unsupported_path', unsupported)
    }
  }
})

test('says whether a path is there, and of the root that it is not', async () => {
  await write('app', '{"a":1}')
  assert.equal(await exists(kv, { operation: 'update', path: 'app' }), true)
  assert.equal(await exists(kv, { operation: 'update', path: 'ap' }), false)
  assert.equal(await exists(kv, { operation: 'update', path: '' }), false)
})

test('has no patch', () => {
  assert(kv.routes.every((route) => route.handlers.patch === undefined))
})
