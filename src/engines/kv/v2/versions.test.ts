import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { KvMount } from '../../../../tests/sim/kv-mount.ts'
import { MemoryView } from '../../../../tests/sim/memory-view.ts'

let storage: MemoryView
let kv: KvMount
beforeEach(() => {
  storage = new MemoryView()
  kv = new KvMount(storage)
})

const HOUR = 3_600_000
const status = async (path: string, version = 0): Promise<number> =>
  (await kv.get(`data/${path}`, { version: String(version) })).status
const deletionOf = async (path: string, version = 0): Promise<string> =>
  (await kv.get(`data/${path}`, { version: String(version) })).data.metadata.deletion_time
const holds = (text: string): boolean => Buffer.from(storage.everything()).includes(text)

test('delete, undelete and destroy take numbers in every spelling, and leave out what is not there', async () => {
  for (const k of [1, 2, 3]) await kv.put('a', { k })
  assert.equal((await kv.post('delete/a', { versions: [1, '2', 99] })).status, 204)
  assert.deepEqual([await status('a', 1), await status('a', 2), await status('a', 3)], [404, 404, 200])
  assert.equal((await kv.post('undelete/a', { versions: '2' })).status, 204)
  assert.deepEqual([await status('a', 1), await status('a', 2)], [404, 200])
  assert.equal((await kv.post('destroy/a', { versions: '1,3' })).status, 204)
  const destroyed = await kv.get('data/a', { version: '3' })
  assert.deepEqual([destroyed.status, destroyed.data.data], [404, null])
  assert.equal(destroyed.data.metadata.destroyed, true)
  for (const act of ['delete', 'undelete', 'destroy']) {
    assert.equal((await kv.post(`${act}/never`, { versions: [1] })).status, 204)
  }
  assert.equal(await kv.exists('data/never'), false)
})

test('without a number nothing is done, in the words of the contract', async () => {
  for (const [act, message] of [
    ['delete', 'No version number provided'],
    ['undelete', 'No version number provided'],
    ['destroy', 'no version number provided'],
  ] as const) {
    for (const body of [{}, { versions: [] }, undefined]) {
      await assert.rejects(kv.post(`${act}/a`, body), { code: 'bad_request', message })
    }
  }
})

test('what is destroyed is gone from the store, and no undelete brings it back', async () => {
  await kv.put('a', { k: 'first value' })
  await kv.put('a', { k: 'second value' })
  await kv.post('destroy/a', { versions: [1] })
  assert.deepEqual([holds('first value'), holds('second value')], [false, true])
  await kv.post('destroy/a', { versions: [2] })
  assert.equal(holds('second value'), false)
  await kv.post('undelete/a', { versions: [1, 2] })
  assert.deepEqual([await status('a', 1), await status('a', 2)], [404, 404])
  assert.equal(await kv.put('a', { k: 'third value' }), 3)
  assert.equal(await status('a'), 200)
})

test('what is deleted is still stored, and reads again after an undelete', async () => {
  await kv.put('a', { k: 'kept value' })
  await kv.call('delete', 'data/a')
  assert.equal(holds('kept value'), true)
  await kv.post('undelete/a', { versions: [1] })
  assert.deepEqual((await kv.get('data/a')).data.data, { k: 'kept value' })
  assert.equal(await deletionOf('a'), '')
})

test('ten versions are kept; the oldest go for good, and the first that is kept is told', async () => {
  const kept = async () => {
    const { data } = await kv.get('metadata/a')
    return [data.oldest_version, Object.keys(data.versions).map(Number)]
  }
  for (let k = 1; k <= 10; k++) await kv.put('a', { k: `value ${k}.` })
  assert.deepEqual(await kept(), [0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]])
  await kv.put('a', { k: 'value 11.' })
  assert.deepEqual(await kept(), [2, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]])
  assert.equal(holds('value 1.'), false)
  assert.equal(await status('a', 1), 404)
  await kv.post('metadata/a', { max_versions: 3 })
  assert.deepEqual(await kept(), [2, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]])
  await kv.put('a', { k: 'value 12.' })
  assert.deepEqual(await kept(), [10, [10, 11, 12]])
  assert.deepEqual(storage.keys(), ['keys/a', 'versions/a/10', 'versions/a/11'])
})

test('as many versions are kept as the larger of key and mount says', async () => {
  await kv.post('config', { max_versions: 2 })
  await kv.post('metadata/more', { max_versions: 3 })
  await kv.post('metadata/fewer', { max_versions: 1 })
  for (const [path, versions] of [
    ['plain', ['4', '5']],
    ['more', ['3', '4', '5']],
    ['fewer', ['4', '5']],
  ] as const) {
    for (let k = 1; k <= 5; k++) await kv.put(path, { k })
    assert.deepEqual(Object.keys((await kv.get(`metadata/${path}`)).data.versions), versions)
  }
})

test('one version: the newest replaces the last', async () => {
  await kv.post('metadata/a', { max_versions: 1 })
  await kv.put('a', { k: 'old value' })
  await kv.put('a', { k: 'new value' })
  assert.deepEqual([holds('old value'), holds('new value')], [false, true])
  assert.deepEqual(storage.keys(), ['keys/a'])
})

test('a large value stands in an entry of its own, and goes with its version', async () => {
  await kv.post('metadata/a', { max_versions: 2 })
  const large = 'x'.repeat(16 * 1024)
  await kv.put('a', { large })
  assert.deepEqual(storage.keys(), ['keys/a', 'versions/a/1'])
  assert.deepEqual((await kv.get('data/a')).data.data, { large })
  await kv.put('a', { small: 1 })
  await kv.put('a', { small: 2 })
  assert.deepEqual(storage.keys(), ['keys/a', 'versions/a/2'])
  await kv.put('a', { large })
  await kv.post('destroy/a', { versions: [4] })
  assert.deepEqual(storage.keys(), ['keys/a', 'versions/a/3'])
})

test('the versions of a secret and those of one below it do not meet', async () => {
  for (const k of [1, 2]) await kv.put('a', { k: `a ${k}` })
  for (const k of [1, 2, 3]) await kv.put('a/1', { k: `a/1 ${k}` })
  assert.deepEqual((await kv.get('data/a', { version: '1' })).data.data, { k: 'a 1' })
  assert.deepEqual((await kv.get('data/a/1', { version: '2' })).data.data, { k: 'a/1 2' })
  await kv.call('delete', 'metadata/a')
  assert.deepEqual((await kv.get('data/a/1', { version: '1' })).data.data, { k: 'a/1 1' })
})

test('a version is deleted when its time comes, without anybody writing that', async () => {
  await kv.post('metadata/a', { delete_version_after: '1h' })
  await kv.put('a', { k: 1 })
  assert.equal(await deletionOf('a'), '2025-11-24T17:00:00.000Z')
  kv.clock.advance(HOUR - 1)
  assert.equal(await status('a'), 200)
  kv.clock.advance(1)
  assert.equal(await status('a'), 404)
  assert.equal((await kv.get('data/a')).data.metadata.deletion_time, '2025-11-24T17:00:00.000Z')
  await kv.post('undelete/a', { versions: [1] })
  assert.equal(await deletionOf('a'), '2025-11-24T18:00:00.000Z')
  await kv.call('delete', 'data/a')
  assert.equal(await status('a'), 404)
})

test('the sooner of key and mount deletes; a negative time of the mount deletes nothing', async () => {
  await kv.post('config', { delete_version_after: '2h' })
  await kv.post('metadata/sooner', { delete_version_after: '1h' })
  await kv.post('metadata/later', { delete_version_after: '3h' })
  for (const path of ['plain', 'sooner', 'later']) await kv.put(path, {})
  assert.equal(await deletionOf('plain'), '2025-11-24T18:00:00.000Z')
  assert.equal(await deletionOf('sooner'), '2025-11-24T17:00:00.000Z')
  assert.equal(await deletionOf('later'), '2025-11-24T18:00:00.000Z')
  await kv.post('config', { delete_version_after: '-5s' })
  assert.equal((await kv.get('config')).data.delete_version_after, '-1s')
  await kv.put('sooner', {})
  assert.equal(await deletionOf('sooner'), '')
  await kv.post('config', { delete_version_after: 0 })
  await kv.put('sooner', {})
  assert.equal(await deletionOf('sooner'), '2025-11-24T17:00:00.000Z')
})
