import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aclFrom, objectOf } from '../../tests/policy/sets.ts'
import { ORIGIN } from '../../tests/sim/origin.ts'
import { MAX_LIST_PAGE, MAX_LISTED_NAMES } from '../base/limits.ts'
import type { Call, Handler } from '../logical/backend.ts'
import { readFields } from '../logical/field-table.ts'
import { PAGE } from '../logical/listed.ts'
import type { Operation } from '../logical/request.ts'
import { filtered } from './filtered-list.ts'

const ACL = aclFrom('path "open/v*" { capabilities = ["read"] }')
const TERMS = { pageLimit: null, keysFilter: 'open/{{ .key }}' }

interface Asked {
  readonly limit: number
  readonly after: string
}

/** A list of names in their order, and what it was asked for. */
function listOf(names: readonly string[], sees: Asked[] = []): Handler {
  return async ({ request }) => {
    const { limit = 0, after = '' } = readFields(PAGE, request.data)
    sees.push({ limit, after })
    const behind = names.filter((name) => name > after)
    const keys = limit > 0 ? behind.slice(0, limit) : behind
    return keys.length === 0 ? null : { data: { keys } }
  }
}

async function keysOf(handler: Handler, json = '{}', operation: Operation = 'list'): Promise<unknown> {
  let turns = 0
  const clock = {
    now: () => assert.fail('no time is needed'),
    monotonic: () => assert.fail('no time is needed'),
    sleep: async () => {
      turns += 1
    },
  }
  const request = {
    id: '',
    operation,
    path: 'x/',
    data: objectOf(json),
    wrap: null,
    token: '',
    origin: ORIGIN,
  }
  const call: Call = { request, parameters: {}, caller: null }
  const answer = await filtered(handler, TERMS, { acl: ACL, clock })(call)
  return answer === null ? null : { ...answer.data, ...(turns > 0 ? { turns } : {}) }
}

const hidden = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `h${String(at).padStart(6, '0')}`)

test('a page is filled from behind as many hidden keys as there are, others having their turn', async () => {
  const sees: Asked[] = []
  const names = [...hidden(25_000), 'va', 'vb', 'vc']
  assert.deepEqual(await keysOf(listOf(names, sees), '{"limit":2}'), { keys: ['va', 'vb'], turns: 25 })
  // Each look is for more, up to the bound of one page.
  assert.deepEqual(
    sees.map(({ limit }) => limit),
    [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000],
  )
  assert.ok(sees.every(({ limit }) => limit <= MAX_LIST_PAGE))
})

test('no more keys are looked through than a list may have', async () => {
  const most = hidden(MAX_LISTED_NAMES)
  assert.equal(await keysOf(listOf(most)), null)
  for (const json of ['{}', '{"limit":1}']) {
    await assert.rejects(keysOf(listOf([...most, 'v'])), { code: 'bad_request' }, json)
  }
})

test('a list that knows no pages is looked through once', async () => {
  const plain: Handler = async () => ({ data: { keys: ['v1', 'h', 'v2', 'v3'] } })
  assert.deepEqual(await keysOf(plain), { keys: ['v1', 'v2', 'v3'] })
  assert.deepEqual(await keysOf(plain, '{"limit":2}'), { keys: ['v1', 'v2'] })
  const long: Handler = async () => ({ data: { keys: [...hidden(MAX_LIST_PAGE + 1), 'v'] } })
  assert.deepEqual(await keysOf(long), { keys: ['v'], turns: 10 })
})

test('what is no list of keys is refused, also where nothing would be taken out', async () => {
  for (const data of [
    { keys: ['v'], total: 1 },
    { keys: ['v', 1] },
    { keys: ['v'], key_info: ['x'] },
    { n: 1 },
  ]) {
    await assert.rejects(
      keysOf(async () => ({ data })),
      { code: 'permission_denied' },
      JSON.stringify(data),
    )
  }
})

test('a scan that finds nothing looks like one that finds what is hidden', async () => {
  for (const handler of [async () => ({ data: {} }), async () => ({ data: { keys: ['h'] } })]) {
    assert.deepEqual(await keysOf(handler, '{}', 'scan'), {})
  }
})

test('what is known of a key is shown with the key alone, whatever its name', async () => {
  const info = Object.fromEntries([
    ['v__proto__', { n: 1 }],
    ['h', { n: 2 }],
  ])
  assert.deepEqual(
    await keysOf(async () => ({ data: { keys: ['h', 'v__proto__', 'vtoString'], key_info: info } })),
    {
      keys: ['v__proto__', 'vtoString'],
      key_info: { v__proto__: { n: 1 } },
    },
  )
})
