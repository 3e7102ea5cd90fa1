import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { type Asked, ask, contextOn, exists, MemoryView } from '../../../../tests/sim/memory-view.ts'
import type { Mounted } from '../../../logical/backend.ts'
import { RawJson } from '../../../logical/json.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { mountV1 } from './kv-v1.ts'

let storage: MemoryView
let kv: Mounted
let ttl: { defaultTtl: number; maxTtl: number }
beforeEach(() => {
  storage = new MemoryView()
  ttl = { defaultTtl: 2_764_800, maxTtl: 2_764_800 }
  kv = mountV1({ ...contextOn(storage), ttl: () => ttl })
})

const write = async (path: string, body: string): Promise<LogicalResponse | null> =>
  await ask(kv, { operation: 'update', path, body })
const read = async (path: string): Promise<LogicalResponse | null> =>
  await ask(kv, { operation: 'read', path })
const keys = async (path: string, body?: string): Promise<unknown> =>
  (await ask(kv, { operation: 'list', path, ...(body === undefined ? {} : { body }) }))?.data ?? null
const scan = async (path: string, body?: string): Promise<unknown> =>
  (await ask(kv, { operation: 'scan', path, ...(body === undefined ? {} : { body }) }))?.data ?? null
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

test('is good for as long as the mount says, or for what the value says of itself', async () => {
  await write('plain', '{"a":1}')
  await write('short', '{"ttl":"1h"}')
  await write('none', '{"ttl":0}')
  const seconds = async (path: string): Promise<number | undefined> => (await read(path))?.leaseDuration
  assert.equal(await seconds('plain'), 2_764_800)
  ttl = { defaultTtl: 1800, maxTtl: 3600 }
  assert.equal(await seconds('plain'), 1800)
  assert.equal(await seconds('short'), 3600)
  assert.equal(await seconds('none'), 0)
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

test('a list goes on behind a name, and has as many names as are asked for', async () => {
  for (const path of ['a', 'b/x', 'b/y', 'c', 'd']) await write(path, '{"v":1}')
  assert.deepEqual(await keys('', '{"limit":"2"}'), { keys: ['a', 'b/'] })
  assert.deepEqual(await keys('', '{"after":"b/","limit":"1"}'), { keys: ['c'] })
  assert.deepEqual(await keys('', '{"after":"bb"}'), { keys: ['c', 'd'] })
  for (const all of ['{"limit":0}', '{"limit":"-1"}']) {
    assert.deepEqual(await keys('', all), { keys: ['a', 'b/', 'c', 'd'] })
  }
  assert.equal(await keys('', '{"after":"d"}'), null)
})

test('a scan names what lies below: the names of a folder, then its folders', async () => {
  for (const path of ['top', 'dev/x', 'dev/y/z', 'a/1', 'zz']) await write(path, '{"v":1}')
  const all = ['top', 'zz', 'a/1', 'dev/x', 'dev/y/z']
  assert.deepEqual(await scan(''), { keys: all })
  assert.deepEqual(await scan('dev/'), { keys: ['x', 'y/z'] })
  assert.deepEqual(await scan('none/'), {})
  for (const [index, after] of all.entries()) {
    const rest = all.slice(index + 1)
    assert.deepEqual(await scan('', `{"after":"${after}"}`), rest.length === 0 ? {} : { keys: rest }, after)
    const body = `{"after":"${after}","limit":1}`
    assert.deepEqual(await scan('', body), rest.length === 0 ? {} : { keys: rest.slice(0, 1) }, after)
  }
  assert.deepEqual(await scan('', '{"after":"dev/"}'), { keys: ['dev/x', 'dev/y/z'] })
  assert.deepEqual(await scan('', '{"after":"b/none"}'), { keys: ['dev/x', 'dev/y/z'] })
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

test('refuses a path that would be no storage key, before it looks for it', async () => {
  const path = 'x'.repeat(3585)
  const text = 'the path of a secret has at most 3,584 bytes'
  for (const operation of ['read', 'update', 'delete'] as const) {
    await refuses({ operation, path, body: '{"a":1}' }, 'bad_request', text)
  }
  await refuses({ operation: 'read', path: 'ä'.repeat(1793) }, 'bad_request', text)
  assert.equal(await read('ä'.repeat(1792)), null)
})

test('once it has ended it writes nothing: what was under way is stored, what comes is told to wait', async () => {
  const under = write('under', '{"a":1}')
  const ended = kv.end?.()
  const text =
    'Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period ' +
    'and will resume service shortly.'
  await refuses({ operation: 'update', path: 'late', body: '{"a":1}' }, 'bad_request', text)
  await refuses({ operation: 'delete', path: 'under' }, 'bad_request', text)
  await ended
  assert.deepEqual(storage.keys(), ['secrets/under'])
  assert.equal(await under, null)
})
