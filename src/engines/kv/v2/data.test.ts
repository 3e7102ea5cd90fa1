import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { KvMount } from '../../../../tests/sim/kv-mount.ts'

let kv: KvMount
beforeEach(() => {
  kv = new KvMount()
})

const refuses = async (path: string, body: unknown, message: string): Promise<void> => {
  await assert.rejects(kv.post(path, body), { code: 'bad_request', message })
}
const patch = async (path: string, body: unknown) => await kv.call('patch', path, body)
const NOW = '2025-11-24T16:00:00.000Z'

test('a write answers the version that it made, and a read the value beside it', async () => {
  const plain = { created_time: NOW, custom_metadata: null, deletion_time: '', destroyed: false }
  assert.deepEqual((await kv.post('data/a/b', { data: { k: 'v' } })).data, { ...plain, version: 1 })
  assert.deepEqual((await kv.post('data/a/b', { data: { k: 'w' } })).data, { ...plain, version: 2 })
  const newest = await kv.get('data/a/b')
  assert.deepEqual(newest.data, { data: { k: 'w' }, metadata: { ...plain, version: 2 } })
  assert.equal(newest.status, 200)
  assert.deepEqual((await kv.get('data/a/b', { version: '1' })).data.data, { k: 'v' })
  assert.deepEqual((await kv.get('data/a/b', { version: '0' })).data.data, { k: 'w' })
})

test('gives back the bytes that were sent: numbers, order, spelling and space', async () => {
  const value = '{ "z":1.0,"a":9007199254740993, "e":1e3,"t":"\\u00e9\\/","n":null,"l":[ ],"o":{"b":[1, 2]}}'
  await kv.post('data/a', `{"data":${value}}`)
  assert.ok((await kv.get('data/a')).text?.includes(`"data":{"data":${value},"metadata":`))
  await kv.put('a', { next: 1 })
  assert.ok((await kv.get('data/a', { version: '1' })).text?.includes(`"data":${value},`))
})

test('null is a value, and no value is none', async () => {
  assert.equal((await kv.post('data/nul', { data: null })).status, 200)
  const answer = await kv.get('data/nul')
  assert.deepEqual([answer.status, answer.data.data], [200, null])
  assert.equal(answer.data.metadata.version, 1)
  await refuses('data/nul', {}, 'no data provided')
  await refuses('data/nul', { options: { cas: 9 } }, 'no data provided')
  await refuses('data/nul', undefined, 'no data provided')
})

test('a value that is no object is refused in the words of the contract', async () => {
  const text = (kind: string) =>
    `error converting input for field "data": '' expected type 'map[string]interface {}', ` +
    `got unconvertible type '${kind}'`
  await refuses('data/a', { data: 'str' }, text('string'))
  await refuses('data/a', { data: [1] }, text('[]interface {}'))
  await assert.rejects(patch('data/a', { data: 'str' }), {
    message: `Field validation failed: ${text('string')}`,
  })
  assert.equal(await kv.exists('data/a'), false)
})

test('what is not there: keys, versions, folders', async () => {
  await kv.put('a', { k: 1 })
  for (const path of ['data/none', 'data/a/', 'data/a/b']) assert.equal((await kv.get(path)).status, 404)
  for (const version of ['2', '99']) {
    const answer = await kv.get('data/a', { version })
    assert.deepEqual([answer.status, answer.text], [404, '{"errors":[]}\n'])
  }
  await kv.post('metadata/only', { max_versions: 3 })
  assert.equal((await kv.get('data/only')).text, '{"errors":[]}\n')
})

test('check-and-set: the version that the caller knows must be the newest', async () => {
  const mismatch = 'check-and-set parameter did not match the current version'
  await refuses('data/a', { data: {}, options: { cas: 1 } }, mismatch)
  assert.equal(await kv.put('a', {}, 0), 1)
  await refuses('data/a', { data: {}, options: { cas: 0 } }, mismatch)
  await refuses('data/a', { data: {}, options: { cas: null } }, mismatch)
  await refuses('data/a', { data: {}, options: { cas: -1 } }, mismatch)
  assert.equal((await kv.post('data/a', { data: {}, options: { cas: '1' } })).data.version, 2)
  await refuses('data/a', { data: {}, options: { cas: 'x' } }, 'error parsing check-and-set parameter')
  await refuses('data/a', { data: {}, options: { cas: [2] } }, 'error parsing check-and-set parameter')
  await kv.call('delete', 'data/a')
  await refuses('data/a', { data: {}, options: { cas: 0 } }, mismatch)
  assert.equal(await kv.put('a', {}, 2), 3)
})

test('check-and-set is demanded by the key or by the mount', async () => {
  const required = 'check-and-set parameter required for this call'
  await kv.post('metadata/a', { cas_required: true })
  await refuses('data/a', { data: {} }, required)
  assert.equal(await kv.put('a', {}, 0), 1)
  assert.equal(await kv.put('b', {}), 1)
  await kv.post('config', { cas_required: true })
  await refuses('data/b', { data: {}, options: {} }, required)
  await assert.rejects(patch('data/b', { data: { x: 1 } }), { code: 'bad_request', message: required })
  assert.equal((await patch('data/b', { data: { x: 1 }, options: { cas: 1 } })).data.version, 2)
})

test('a patch merges into the newest version, and keeps what it does not name as it was sent', async () => {
  await kv.post('data/a', '{"data":{"a":"1","n":1.0,"o":{"p":null,"q":[1, 2]}}}')
  const answer = await patch('data/a', { data: { b: '3', a: null, o: { r: 1 } } })
  assert.deepEqual([answer.status, answer.data.version], [200, 2])
  const merged = '"data":{"n":1.0,"o":{"p":null,"q":[1, 2],"r":1},"b":"3"}'
  assert.ok((await kv.get('data/a')).text?.includes(merged))
  assert.deepEqual((await kv.get('data/a', { version: '1' })).data.data.a, '1')
})

test('a patch of a large value merges as well', async () => {
  const large = 'x'.repeat(20_000)
  await kv.put('a', { large, n: 1 })
  await patch('data/a', { data: { n: 2 } })
  assert.deepEqual((await kv.get('data/a')).data.data, { large, n: 2 })
  assert.deepEqual((await kv.get('data/a', { version: '1' })).data.data, { large, n: 1 })
})

test('a patch needs something to merge into: 404 without a body, or with what was there', async () => {
  const nothing = { status: 404, text: null, data: null, warnings: null }
  assert.deepEqual(await patch('data/never', { data: { a: 1 } }), nothing)
  await kv.post('metadata/only', { max_versions: 3 })
  assert.deepEqual(await patch('data/only', { data: { a: 1 } }), nothing)
  await kv.put('a', { k: 1 })
  await kv.call('delete', 'data/a')
  const deleted = await patch('data/a', { data: { a: 1 } })
  assert.deepEqual([deleted.status, deleted.data.version, deleted.data.deletion_time], [404, 1, NOW])
  await kv.post('destroy/a', { versions: [1] })
  assert.equal((await patch('data/a', { data: { a: 1 } })).data.destroyed, true)
  await assert.rejects(patch('data/a', {}), { code: 'bad_request', message: 'no data provided' })
})

test('patches together cannot make a value that nobody could merge into or look through', async () => {
  const zeros = Array.from({ length: 60_000 }, () => 0)
  await kv.put('a', { one: zeros })
  const message = 'refused JSON input due to high complexity: exceeded maximum number of values, 100000'
  await assert.rejects(patch('data/a', { data: { two: zeros } }), { code: 'bad_request', message })
  assert.equal((await kv.get('data/a')).data.metadata.version, 1)
})

test('deleting marks the newest version, once, and whatever is there', async () => {
  await kv.put('a', { k: 1 })
  await kv.put('a', { k: 2 })
  assert.equal((await kv.call('delete', 'data/a')).status, 204)
  kv.clock.advance(1000)
  assert.equal((await kv.call('delete', 'data/a')).status, 204)
  const { status, data } = await kv.get('data/a')
  assert.deepEqual([status, data.data, data.metadata.deletion_time], [404, null, NOW])
  assert.deepEqual((await kv.get('data/a', { version: '1' })).data.data, { k: 1 })
  assert.equal((await kv.call('delete', 'data/never')).status, 204)
  assert.equal((await kv.call('delete', 'data/a/')).status, 204)
})

test('says whether a key is there: it updates even where every version is deleted', async () => {
  assert.equal(await kv.exists('data/a'), false)
  await kv.put('a', {})
  await kv.call('delete', 'data/a')
  assert.equal(await kv.exists('data/a'), true)
  assert.equal(await kv.exists('metadata/a'), true)
  for (const path of ['data/', 'data/a/', 'metadata/']) assert.equal(await kv.exists(path), false)
})

test('a folder or a root is not written to, and too long a path is refused before it is looked for', async () => {
  for (const path of ['data/', 'data/a/', 'metadata/a/', 'delete/a/', 'destroy/']) {
    await refuses(path, { data: {}, versions: [1] }, "cannot write to a path ending in '/'")
  }
  const path = `data/${'x'.repeat(3585)}`
  const message = 'the path of a secret has at most 3,584 bytes'
  await refuses(path, { data: {} }, message)
  for (const operation of ['read', 'delete'] as const) {
    await assert.rejects(kv.call(operation, path), { code: 'bad_request', message })
  }
  assert.equal(await kv.put('x'.repeat(3584), {}), 1)
})

test('the subkeys of a value are its names, down to a depth, without a value', async () => {
  await kv.put('a', { foo: 'abc', bar: { baz: 'def', deep: { er: [1] } }, quux: {}, ['__proto__x']: 1 })
  const subkeys = async (query?: Record<string, string>) => (await kv.get('subkeys/a', query)).data.subkeys
  const bar = { baz: null, deep: { er: null } }
  assert.deepEqual(await subkeys(), { foo: null, bar, quux: null, ['__proto__x']: null })
  assert.deepEqual(await subkeys({ depth: '1' }), { foo: null, bar: null, quux: null, ['__proto__x']: null })
  assert.deepEqual((await subkeys({ depth: '2' })).bar, { baz: null, deep: null })
  await kv.post('data/a', '{"data":{"__proto__":{"x":1}}}')
  assert.ok((await kv.get('subkeys/a')).text?.includes('"subkeys":{"__proto__":{"x":null}}'))
  assert.equal((await kv.get('subkeys/a', { version: '1' })).data.metadata.version, 1)
  await kv.call('delete', 'data/a')
  const deleted = await kv.get('subkeys/a')
  assert.deepEqual([deleted.status, deleted.data.subkeys, deleted.data.metadata.version], [404, null, 2])
  assert.equal((await kv.get('subkeys/none')).text, '{"errors":[]}\n')
  await kv.post('data/a', { data: null })
  assert.deepEqual(await subkeys(), null)
})
