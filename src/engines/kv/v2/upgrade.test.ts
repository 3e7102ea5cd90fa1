import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KvMount } from '../../../../tests/sim/kv-mount.ts'
import { ask, contextOn } from '../../../../tests/sim/memory-view.ts'
import type { FaultMode } from '../../../../tests/sim/sim-storage.ts'
import { SimView } from '../../../../tests/sim/sim-view.ts'
import { mountV1 } from '../v1/kv-v1.ts'

const SECRETS = 220
const path = (number: number): string => `team-${number % 7}/app-${number % 3}/secret-${number}`
const WAIT = {
  code: 'bad_request',
  message:
    'Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period ' +
    'and will resume service shortly.',
}
const never = new AbortController().signal

/** A disk with what KV 1 stored: more than one commit takes, and one value that is not small. */
async function stored(): Promise<SimView> {
  const view = new SimView()
  const kv = mountV1(contextOn(view))
  const write = async (path: string, body: string): Promise<unknown> =>
    await ask(kv, { operation: 'update', path, body })
  for (let number = 0; number < SECRETS; number++) {
    await write(path(number), `{"n":${number}.0,"ttl":"1h"}`)
  }
  await write('large', JSON.stringify({ large: 'x'.repeat(20_000) }))
  return view
}

async function expectAll(kv: KvMount): Promise<void> {
  for (let number = 0; number < SECRETS; number++) {
    const { status, text, data } = await kv.get(`data/${path(number)}`)
    assert.equal(status, 200, path(number))
    assert.ok(text?.includes(`"data":{"n":${number}.0,"ttl":"1h"}`))
    assert.equal(data.metadata.version, 1)
  }
  assert.equal((await kv.get('data/large')).data.data.large.length, 20_000)
}

test('values of KV 1 become first versions, byte for byte, and nothing of KV 1 is left', async () => {
  const view = await stored()
  const kv = new KvMount(view)
  await kv.mounted.start?.(never)
  await expectAll(kv)
  assert.deepEqual(await view.list('secrets/'), [])
  assert.equal((await kv.call('scan', 'metadata/')).data.keys.length, SECRETS + 1)
  assert.equal(await kv.put('large', { small: 1 }, 1), 2)
})

test('requests are told to come again, and begin the upgrade where nobody has', async () => {
  const kv = new KvMount(await stored())
  await assert.rejects(kv.get(`data/${path(0)}`), WAIT)
  await assert.rejects(kv.put('new', {}), WAIT)
  await assert.rejects(kv.call('list', 'metadata/'), WAIT)
  await assert.rejects(kv.get('wrong'), WAIT)
  await kv.mounted.start?.(never)
  await expectAll(kv)
})

test('a mount that has nothing of KV 1 answers at once', async () => {
  const kv = new KvMount(new SimView())
  assert.equal(await kv.put('a', {}), 1)
})

test('it moves a bounded number of secrets in one commit', async () => {
  const view = await stored()
  const { commit } = view
  const sizes: number[] = []
  view.commit = async (batch) => {
    sizes.push(batch.filter((write) => write.op === 'delete').length)
    await commit.call(view, batch)
  }
  await new KvMount(view).mounted.start?.(never)
  assert.deepEqual(sizes, [100, 100, 21])
})

test('nor more bytes than a commit is to have', async () => {
  const view = new SimView()
  const kv = mountV1(contextOn(view))
  const body = JSON.stringify({ large: 'x'.repeat(2_200_000) })
  for (const path of ['a', 'b', 'c']) await ask(kv, { operation: 'update', path, body })
  await new KvMount(view).mounted.start?.(never)
  assert.equal(view.commits, 3 + 2)
})

test('what KV 1 still wrote beside a first version becomes the second', async () => {
  const view = new SimView()
  await new KvMount(view).put('a', { k: 1 })
  await ask(mountV1(contextOn(view)), { operation: 'update', path: 'a', body: '{"k":2}' })
  const kv = new KvMount(view)
  await kv.mounted.start?.(never)
  const { data } = await kv.get('data/a')
  assert.deepEqual([data.data.k, data.metadata.version], [2, 2])
})

test('what went wrong is told once, and the next request tries again', async () => {
  const view = await stored()
  const kv = new KvMount(view)
  view.disk.arm({ at: 300, mode: 'lost' })
  await assert.rejects(async () => await kv.mounted.start?.(never), { code: 'storage_unavailable' })
  view.disk.arm(null)
  await assert.rejects(kv.get('data/large'), { code: 'storage_unavailable' })
  await kv.mounted.start?.(never)
  await expectAll(kv)
})

test('one that is to end stops between two commits, and another goes on', async () => {
  const view = await stored()
  const first = new KvMount(view)
  const { commit } = view
  let ended: Promise<void> | undefined
  view.commit = async (batch) => {
    ended ??= first.mounted.end?.()
    await commit.call(view, batch)
  }
  await first.mounted.start?.(never)
  await ended
  assert.equal(view.commits, SECRETS + 1 + 1)
  await assert.rejects(first.get('data/large'), WAIT)
  assert.ok((await view.list('secrets/')).length > 0)
  const second = new KvMount(view)
  await second.mounted.start?.(never)
  await expectAll(second)
  await assert.rejects(first.put('large', { late: 1 }), WAIT)
})

test('a signal stops it as well', async () => {
  const view = await stored()
  const kv = new KvMount(view)
  await kv.mounted.start?.(AbortSignal.abort())
  assert.equal(view.commits, SECRETS + 1)
})

test('after a fault at every storage operation another process goes on, and every secret has one version', async (t) => {
  const whole = await stored()
  let points = 0
  for (const mode of ['lost', 'kept', 'crash'] satisfies FaultMode[]) {
    // Each commit, and each read around it; what is between them is the same again.
    for (let at = 1; ; at += at % 50 < 3 ? 1 : 17) {
      const view = new SimView(whole.disk.reopened())
      view.disk.arm({ at, mode })
      const kv = new KvMount(view)
      await Promise.resolve(kv.mounted.start?.(never)).catch(() => undefined)
      const isThrough = view.disk.operations < at
      const next = new SimView(view.disk.reopened())
      const after = new KvMount(next)
      await after.mounted.start?.(never)
      await expectAll(after)
      assert.deepEqual(await next.list('secrets/'), [])
      if (isThrough) break
      points++
    }
  }
  t.diagnostic(`fault points: ${points}`)
})
