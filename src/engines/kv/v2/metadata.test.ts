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

const NOW = '2025-11-24T16:00:00.000Z'
const LATER = '2025-11-24T16:00:01.000Z'
const metadata = async (path = 'a') => (await kv.get(`metadata/${path}`)).data
const patch = async (path: string, body: unknown) => await kv.call('patch', path, body)
const refuses = async (body: unknown, message: string): Promise<void> => {
  await assert.rejects(kv.post('metadata/a', body), { code: 'bad_request', message })
}

test('tells all that is known of a key', async () => {
  await kv.put('a', { k: 1 })
  kv.clock.advance(1000)
  await kv.put('a', { k: 2 })
  await kv.call('delete', 'data/a')
  assert.deepEqual(await metadata(), {
    cas_required: false,
    created_time: NOW,
    current_metadata_version: 0,
    current_version: 2,
    custom_metadata: null,
    delete_version_after: '0s',
    max_versions: 0,
    metadata_cas_required: false,
    oldest_version: 0,
    updated_time: LATER,
    versions: {
      1: { created_time: NOW, deletion_time: '', destroyed: false },
      2: { created_time: LATER, deletion_time: LATER, destroyed: false },
    },
  })
  assert.equal((await kv.get('metadata/none')).text, '{"errors":[]}\n')
})

test('settings are changed one by one, and make a key without versions where there is none', async () => {
  const all = { max_versions: 2, cas_required: true, delete_version_after: '1h' }
  assert.equal((await kv.post('metadata/a', { ...all, custom_metadata: { owner: 'me' } })).status, 204)
  kv.clock.advance(1000)
  await kv.post('metadata/a', { metadata_cas_required: true, metadata_cas: 1 })
  assert.deepEqual(await metadata(), {
    ...all,
    delete_version_after: '1h0m0s',
    created_time: NOW,
    current_metadata_version: 2,
    current_version: 0,
    custom_metadata: { owner: 'me' },
    metadata_cas_required: true,
    oldest_version: 0,
    updated_time: LATER,
    versions: {},
  })
})

test('no setting is no change, and makes no key', async () => {
  assert.equal((await kv.post('metadata/a', {})).status, 204)
  assert.equal((await kv.post('metadata/a', { after: 'x', metadata_cas: 7 })).status, 204)
  assert.equal((await kv.post('metadata/a')).status, 204)
  assert.deepEqual(storage.keys(), [])
})

test('a setting that cannot be is refused, named', async () => {
  assert.equal((await kv.post('metadata/most', { max_versions: 10_000 })).status, 204)
  for (const max_versions of [-1, 10_001]) {
    await refuses({ max_versions }, '"max_versions" is a whole number from 0 to 10000')
  }
  await refuses(
    { delete_version_after: '-1s' },
    'error converting input for field "delete_version_after": cannot provide negative value',
  )
  await refuses(
    { max_versions: 'abc' },
    `error converting input for field "max_versions": '' cannot parse value as 'int': ` +
      'strconv.ParseInt: invalid syntax',
  )
  await assert.rejects(kv.post('config', { max_versions: -1 }), { code: 'bad_request' })
})

test('a patch merges settings and texts; null is as if nobody had ever set it', async () => {
  await kv.post('metadata/a', { max_versions: 2, cas_required: true, custom_metadata: { owner: 'me', y: 1 } })
  assert.equal((await patch('metadata/a', { custom_metadata: { owner: null, z: 'é' } })).status, 204)
  assert.deepEqual((await metadata()).custom_metadata, { y: '1', z: 'é' })
  await patch('metadata/a', { max_versions: null, delete_version_after: '90s', cas_required: null })
  const { max_versions, delete_version_after, cas_required, current_metadata_version } = await metadata()
  assert.deepEqual([max_versions, delete_version_after, cas_required], [0, '1m30s', false])
  assert.equal(current_metadata_version, 3)
  await patch('metadata/a', { custom_metadata: null })
  assert.equal((await metadata()).custom_metadata, null)
  assert.equal((await patch('metadata/a', {})).status, 204)
  assert.equal((await metadata()).current_metadata_version, 4)
  assert.deepEqual(await patch('metadata/none', { max_versions: 1 }), {
    status: 404,
    text: null,
    data: null,
    warnings: null,
  })
})

test('texts are replaced as a whole, also by none', async () => {
  await kv.post('metadata/a', { custom_metadata: { b: 'x', a: 5 } })
  assert.ok((await kv.get('metadata/a')).text?.includes('"custom_metadata":{"a":"5","b":"x"}'))
  await kv.post('metadata/a', { custom_metadata: { c: 'y' } })
  assert.deepEqual((await metadata()).custom_metadata, { c: 'y' })
  await kv.put('a', {})
  assert.deepEqual((await kv.get('data/a')).data.metadata.custom_metadata, { c: 'y' })
  await kv.post('metadata/a', { custom_metadata: null })
  assert.deepEqual((await metadata()).custom_metadata, {})
})

const one = (fault: string): string =>
  `1 error occurred:\n\t* custom_metadata validation failed: ${fault}\n\n`

test('texts are few, short and printable; every fault is told', async () => {
  const custom = (texts: unknown) => ({ custom_metadata: texts })
  const key = 'must be 0 < len(key) <= 128'
  await refuses(custom({ '': 'x' }), one(`length of key "" is 0 but ${key}`))
  await refuses(custom({ k: '' }), one('length of value for key "k" is 0 but must be 0 < len(value) <= 512'))
  await refuses(
    custom({ k: 'x'.repeat(513) }),
    one('length of value for key "k" is 513 but must be 0 < len(value) <= 512'),
  )
  const long = 'é'.repeat(65)
  await refuses(custom({ [long]: 'x' }), one(`length of key "${long}" is 130 but ${key}`))
  const longer = 'x'.repeat(129)
  await refuses(custom({ [longer]: 'x' }), one(`length of key "${'x'.repeat(128)}…" is 129 but ${key}`))
  await refuses(custom({ 'a\u0000': 'x' }), one('key "a\\u0000" contains unprintable characters'))
  await refuses(custom({ k: 'a\nb' }), one('value for key "k" contains unprintable characters'))
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v']))
  await refuses(custom(many), one('payload must contain at most 64 keys, provided 65'))
  await refuses(
    custom({ '': 'x', k: 'a\tb' }),
    '2 errors occurred:\n' +
      `\t* custom_metadata validation failed: length of key "" is 0 but ${key}\n` +
      '\t* custom_metadata validation failed: value for key "k" contains unprintable characters\n\n',
  )
  await refuses(
    custom({ k: {} }),
    "custom_metadata validation failed: '' expected type 'string', got unconvertible type " +
      "'map[string]interface {}'",
  )
  const { k64: _, ...sixtyFour } = many
  await kv.post('metadata/a', custom({ ...sixtyFour, k0: 'x'.repeat(512), k1: 'ein Wort, 日本語 ☃' }))
  await assert.rejects(patch('metadata/a', custom({ one: 'more' })), {
    message: one('payload must contain at most 64 keys, provided 65'),
  })
  assert.equal((await patch('metadata/a', custom({ one: 'more', k2: null }))).status, 204)
})

test('check-and-set of settings: demanded by key or mount, and of a new key it is 0', async () => {
  const required = 'metadata check-and-set parameter required for this call'
  const mismatch = 'metadata check-and-set parameter does not match the current version'
  await refuses({ max_versions: 1, metadata_cas: 1 }, 'metadata_cas must be 0 when creating new metadata')
  await kv.post('metadata/a', { max_versions: 1, metadata_cas: 0 })
  await refuses({ max_versions: 2, metadata_cas: 0 }, mismatch)
  await kv.post('metadata/a', { metadata_cas_required: true })
  await refuses({ max_versions: 2 }, required)
  await assert.rejects(patch('metadata/a', { max_versions: 2 }), { message: required })
  await kv.post('config', { metadata_cas_required: true })
  await assert.rejects(kv.post('metadata/b', { max_versions: 2 }), { message: required })
  assert.equal((await patch('metadata/a', { max_versions: 3, metadata_cas: 2 })).status, 204)
  assert.equal((await metadata()).max_versions, 3)
})

test('says where the mount demands what a key would not', async () => {
  const warning =
    '"cas_required" set to false, but is mandated by backend config. This value will be ignored.'
  await kv.post('config', { cas_required: true })
  const written = await kv.post('metadata/a', { cas_required: false })
  assert.deepEqual([written.status, written.warnings], [200, [warning]])
  assert.deepEqual((await patch('metadata/a', { cas_required: false })).warnings, [warning])
  assert.equal((await kv.post('metadata/a', { cas_required: true })).status, 204)
})

test('deleting removes the key with everything that it ever stored', async () => {
  for (let k = 1; k <= 12; k++) await kv.put('a', { k, large: 'x'.repeat(k % 2 === 0 ? 20_000 : 1) })
  await kv.put('ab', {})
  assert.equal((await kv.call('delete', 'metadata/a')).status, 204)
  assert.deepEqual(storage.keys(), ['keys/ab'])
  assert.equal((await kv.call('delete', 'metadata/a')).status, 204)
  assert.equal(await kv.put('a', {}, 0), 1)
})

test('settings of the mount are told, and stay where they are not named', async () => {
  const plain = {
    cas_required: false,
    delete_version_after: '0s',
    max_versions: 0,
    metadata_cas_required: false,
  }
  assert.deepEqual((await kv.get('config')).data, plain)
  assert.equal((await kv.post('config', {})).status, 204)
  assert.deepEqual(storage.keys(), [])
  await kv.post('config', { max_versions: 5, delete_version_after: '-1s' })
  await kv.post('config', { cas_required: true })
  const changed = { ...plain, cas_required: true, delete_version_after: '-1s', max_versions: 5 }
  assert.deepEqual((await kv.get('config')).data, changed)
  assert.deepEqual((await new KvMount(storage).get('config')).data, changed)
})
