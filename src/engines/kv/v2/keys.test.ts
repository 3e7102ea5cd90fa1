import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { KvMount } from '../../../../tests/sim/kv-mount.ts'
import { SimView } from '../../../../tests/sim/sim-view.ts'
import { upgrading } from '../upgrading.ts'
import { Writes } from '../writes.ts'
import { newKey } from './key.ts'
import { Keys, MAX_CHANGES_WAITING } from './keys.ts'

let view: SimView
let kv: KvMount
beforeEach(async () => {
  view = new SimView()
  kv = new KvMount(view)
  // The first request of a mount looks whether there is something to upgrade.
  await kv.get('data/none')
  view.commits = 0
})

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1)
const outcomes = async (answers: readonly Promise<number>[]) => {
  const all = await Promise.allSettled(answers)
  const made = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const refused = all.flatMap((one) => (one.status === 'rejected' ? [String(one.reason.message)] : []))
  return { made, refused: new Set(refused), times: refused.length }
}
/** Until everything that was asked for has come as far as it can. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
/** From now on commits to this key wait, until what this returns is called. */
const holdCommits = (key: string): (() => void) => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const { commit } = view
  view.commit = async (batch) => {
    if (batch.some((write) => write.key === key)) await gate
    await commit.call(view, batch)
  }
  return open
}
const MISMATCH = 'check-and-set parameter did not match the current version'

test('of 64 writers who all know the same version, one has its way: 32 times over', async () => {
  for (let round = 0; round < 32; round++) {
    const { made, refused, times } = await outcomes(upTo(64).map((who) => kv.put('a', { who }, round)))
    assert.deepEqual(made, [round + 1])
    assert.deepEqual([...refused, times], [MISMATCH, 63])
  }
})

test('64 writers who read and try again until they have their way lose nothing', async () => {
  const count = async (): Promise<void> => {
    for (;;) {
      const { data, status } = await kv.get('data/sum')
      const [sum, version] = status === 200 ? [data.data.sum, data.metadata.version] : [0, 0]
      const written = await outcomes([kv.put('sum', { sum: sum + 1 }, version)])
      if (written.times === 0) return
    }
  }
  await Promise.all(upTo(64).map(count))
  const { data } = await kv.get('data/sum')
  assert.deepEqual([data.data.sum, data.metadata.version], [64, 64])
})

test('writes that wait together are versions of their own in one commit', async () => {
  const open = holdCommits('keys/a')
  const first = kv.put('a', { who: 1 })
  await settled()
  const others = upTo(64).map((who) => kv.put('a', { who: who + 1 }))
  await settled()
  open()
  const { made } = await outcomes([first, ...others])
  assert.deepEqual(made, upTo(65))
  assert.equal(view.commits, 2)
  for (const version of [56, 60, 65]) {
    const { data } = await kv.get('data/a', { version: String(version) })
    assert.deepEqual([data.data.who, data.metadata.version], [version, version])
  }
  assert.equal((await kv.get('data/a', { version: '55' })).status, 404)
  assert.equal(view.disk.entries.size, 10)
})

test('a removal between two writes leaves nothing of what was before it', async () => {
  for (const k of [1, 2, 3]) await kv.put('a', { k })
  const open = holdCommits('keys/a')
  const answers = [kv.put('a', { k: 4 })]
  await settled()
  answers.push(kv.put('a', { k: 5 }))
  await settled()
  answers.push(kv.call('delete', 'metadata/a').then(() => 0))
  await settled()
  answers.push(kv.put('a', { k: 'new' }))
  await settled()
  open()
  assert.deepEqual((await outcomes(answers)).made, [4, 5, 0, 1])
  assert.deepEqual(Object.keys(view.found()), ['keys/a'])
  assert.deepEqual((await kv.get('data/a', { version: '1' })).data.data, { k: 'new' })
})

test('a read waits for no writer, and a writer for none of another key', async () => {
  await kv.put('a', { k: 1 })
  const open = holdCommits('keys/a')
  const writing = kv.put('a', { k: 2 })
  assert.deepEqual((await kv.get('data/a')).data.data, { k: 1 })
  assert.equal(await kv.put('b', {}), 1)
  open()
  assert.equal(await writing, 2)
  assert.deepEqual((await kv.get('data/a')).data.data, { k: 2 })
})

test('where a commit fails, all whose change or refusal stood on it are told', async () => {
  await kv.put('a', { k: 1 })
  const open = holdCommits('keys/a')
  const first = kv.put('a', { k: 2 }, 1)
  await settled()
  const others = [kv.put('a', { k: 3 }, 2), kv.put('a', { k: 4 }, 2)]
  await settled()
  // The first commit holds, the key is read again, and the second commit finds no room.
  view.disk.arm({ at: 3, mode: 'full' })
  open()
  assert.equal(await first, 2)
  const { refused, times } = await outcomes(others)
  assert.deepEqual([[...refused], times], [['no room'], 2])
  assert.equal(await kv.put('a', { k: 5 }, 2), 3)
})

test('no key is remembered once its changes are made, and the changes that wait for one are bounded', async () => {
  const keys = new Keys(view, new Writes(upgrading))
  const touch = async (path: string): Promise<null> =>
    await keys.change(path, (key) => ({ key: key ?? newKey(kv.clock.now()), answer: null }))
  await Promise.all(upTo(100).map((who) => touch(`key-${who}`)))
  assert.equal(keys.busy, 0)
  // One is under way, and one is too many.
  const many = upTo(MAX_CHANGES_WAITING + 2).map(() => touch('one'))
  assert.equal(keys.busy, 1)
  const all = await Promise.allSettled(many)
  const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
  assert.deepEqual(refused, ['overloaded'])
  assert.equal(keys.busy, 0)
})

test('a version that is there without its value is damage, and told as such', async () => {
  for (const k of [1, 2]) await kv.put('a', { k })
  view.disk.entries.delete('versions/a/1')
  const read = (): Promise<unknown> => kv.get('data/a', { version: '1' })
  await assert.rejects(read, { code: 'corrupt_entry', message: 'the value of a stored version is missing' })
})

test('a key that is removed and written anew while it is read is read as one of the two', async () => {
  for (const k of [1, 2]) await kv.put('a', { k: `old ${k}` })
  const { get } = view
  let isFirst = true
  view.get = async (key) => {
    if (key === 'versions/a/1' && isFirst) {
      isFirst = false
      kv.clock.advance(1)
      await kv.call('delete', 'metadata/a')
      for (const k of [1, 2]) await kv.put('a', { k: `new ${k}` })
    }
    return await get.call(view, key)
  }
  const { data } = await kv.get('data/a', { version: '1' })
  assert.deepEqual([data.data.k, data.metadata.created_time], ['new 1', '2025-11-24T16:00:00.001Z'])
})

test('once it has ended it changes nothing: what was under way is stored, what comes is told to wait', async () => {
  const open = holdCommits('keys/a')
  const under = kv.put('a', {})
  await settled()
  const ended = kv.mounted.end?.()
  const refusal = { code: 'bad_request', message: upgrading().message }
  await assert.rejects(kv.put('a', {}), refusal)
  await assert.rejects(kv.post('config', { max_versions: 1 }), refusal)
  open()
  await ended
  assert.deepEqual(Object.keys(view.found()), ['keys/a'])
  assert.equal(await under, 1)
})
