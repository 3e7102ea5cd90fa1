import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { KvMount } from '../../../../tests/sim/kv-mount.ts'

const kv = new KvMount()
before(async () => {
  for (const path of ['top', 'dev/x', 'dev/y/z', 'dev/y/a/b']) await kv.put(path, { path })
})

const keys = async (operation: 'list' | 'scan', path: string, query?: Record<string, string>) =>
  (await kv.call(operation, path, query)).data?.keys

test('lists one level, and scans all below it', async () => {
  assert.deepEqual(await keys('list', 'metadata/'), ['dev/', 'top'])
  assert.deepEqual(await keys('list', 'metadata/dev/'), ['x', 'y/'])
  assert.deepEqual(await keys('list', 'metadata/dev/', { after: 'x', limit: '1' }), ['y/'])
  assert.deepEqual(await keys('scan', 'metadata/'), ['top', 'dev/x', 'dev/y/z', 'dev/y/a/b'])
  assert.deepEqual(await keys('scan', 'metadata/dev/'), ['x', 'y/z', 'y/a/b'])
  assert.deepEqual(await keys('scan', 'metadata/', { after: 'dev/x', limit: '1' }), ['dev/y/z'])
})

test('where there are no names a list is nothing and a scan an answer', async () => {
  for (const root of ['metadata', 'detailed-metadata']) {
    assert.equal((await kv.call('list', `${root}/nope/`)).text, '{"errors":[]}\n')
    const scan = await kv.call('scan', `${root}/nope/`)
    assert.deepEqual([scan.status, scan.data], [200, {}])
  }
})

test('a detailed list has beside each name what is known of it, and nothing of a folder', async () => {
  const { data } = await kv.call('list', 'detailed-metadata/dev/')
  assert.deepEqual(data.keys, ['x', 'y/'])
  assert.deepEqual(data.key_info['y/'], {})
  assert.deepEqual(data.key_info['x'], (await kv.get('metadata/dev/x')).data)
  const scan = await kv.call('scan', 'detailed-metadata/dev/', { limit: '2' })
  assert.deepEqual(scan.data.keys, ['x', 'y/z'])
  assert.equal(scan.data.key_info['y/z'].current_version, 1)
})

test('the wrong path is told with the verb of the command line', async () => {
  const warning = (verb: string): string =>
    'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints ' +
    `to use. If using the OpenBao CLI, use 'bao kv ${verb}' for this operation.`
  for (const [operation, path, verb] of [
    ['read', 'foo', 'get'],
    ['read', '', 'get'],
    ['update', 'foo', 'put'],
    ['patch', 'foo/bar', 'patch'],
    ['delete', 'foo', 'delete'],
    ['list', '', 'list'],
    ['list', 'config/', 'list'],
    ['scan', 'foo/', 'scan'],
    ['read', 'subkeys', 'get'],
  ] as const) {
    const { status, data, warnings } = await kv.call(operation, path)
    assert.deepEqual([status, data, warnings], [404, null, [warning(verb)]], `${operation} "${path}"`)
  }
})

test('a root without a secret behind it is told as such', async () => {
  const warning = 'Non-listing operations on the root of a K/V v2 mount are not supported.'
  for (const path of ['data', 'metadata', 'delete', 'undelete', 'destroy', 'data/', 'metadata/']) {
    const { status, data, warnings } = await kv.get(path)
    assert.deepEqual([status, data, warnings], [404, null, [warning]], path)
  }
  assert.deepEqual((await kv.call('delete', 'metadata/')).warnings, [warning])
})

test('names stand below metadata/, and nowhere else', () => {
  const listing = kv.mounted.routes.filter((route) => route.handlers.list !== undefined)
  assert.deepEqual(
    listing.map((route) => route.pattern),
    ['metadata/*path', 'detailed-metadata/*path', '*path'],
  )
})

test('a detailed answer has 10,000 keys at most; one more is told how to ask', async () => {
  const many = new KvMount()
  const keys = Array.from({ length: 10_001 }, (_, index) => `many/${index}`)
  await Promise.all(keys.map((path) => many.put(path, {})))
  // What is listed lets others have their turn, for which the clock of a test waits.
  const answered = async (limit: string) => {
    const asked = many.call('list', 'detailed-metadata/many/', { limit })
    const ticking = setInterval(() => many.clock.advance(0), 1)
    return await asked.finally(() => clearInterval(ticking))
  }
  assert.equal((await answered('10000')).data.keys.length, 10_000)
  const message = 'more than 10000 keys: ask with "limit" and "after"'
  await assert.rejects(answered('0'), { code: 'bad_request', message })
})
