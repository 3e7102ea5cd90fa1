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

test('names all that a token kept at any depth, and nothing of a token with a longer or shorter name', async () => {
  for (const path of ['one', 'deep/er/two', 'deep/three']) await write(ALICE, path, '{"a":1}')
  await write(BOB, 'one', '{"b":1}')
  const kept = await keptKeys(storage, ALICE.cubbyholeId)
  assert.deepEqual([...kept].sort(), ['aa/deep/er/two', 'aa/deep/three', 'aa/one'])
  await storage.commit(kept.map((key) => ({ op: 'delete', key })))
  assert.deepEqual(storage.keys(), ['a/one'])
  assert.deepEqual(await keptKeys(storage, ALICE.cubbyholeId), [])
})
