import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KvMount } from '../../../../tests/sim/kv-mount.ts'
import type { FaultMode } from '../../../../tests/sim/sim-storage.ts'
import { SimView } from '../../../../tests/sim/sim-view.ts'

const LARGE = { large: 'x'.repeat(20_000) }

/** Two versions that are kept, one of them deleted, and one that stands in an entry of its own. */
async function begin(view: SimView): Promise<void> {
  const kv = new KvMount(view)
  await kv.post('metadata/a', { max_versions: 3, custom_metadata: { owner: 'me' } })
  await kv.put('a', { k: 1 })
  await kv.put('a', LARGE)
  await kv.put('a', { k: 3 })
  await kv.post('delete/a', { versions: [2] })
  await kv.put('b', { k: 1 })
}

const ACTS: Readonly<Record<string, (kv: KvMount) => Promise<unknown>>> = {
  'a write': (kv) => kv.put('a', { k: 4 }, 3),
  'a large write': (kv) => kv.put('a', LARGE),
  'a first write': (kv) => kv.put('new', { k: 1 }),
  'a patch': (kv) => kv.call('patch', 'data/a', { data: { k: 4, more: {} } }),
  'deleting the newest': (kv) => kv.call('delete', 'data/a'),
  'deleting versions': (kv) => kv.post('delete/a', { versions: [1, 3] }),
  'an undelete': (kv) => kv.post('undelete/a', { versions: [2] }),
  'destroying versions': (kv) => kv.post('destroy/a', { versions: [1, 2, 3] }),
  'a change of settings': (kv) => kv.post('metadata/a', { max_versions: 1, custom_metadata: {} }),
  'a write that drops many': async (kv) => {
    await kv.post('metadata/a', { max_versions: 1 })
    await kv.put('a', { k: 4 })
  },
  'removing a key': (kv) => kv.call('delete', 'metadata/a'),
  'settings of the mount': (kv) => kv.post('config', { max_versions: 7 }),
}

/** What the store may hold: as after each of the commits of the act, and as before it. */
async function states(act: (kv: KvMount) => Promise<unknown>): Promise<readonly unknown[]> {
  const view = new SimView()
  await begin(view)
  const found: unknown[] = [view.found()]
  const { commit } = view
  view.commit = async (batch) => {
    await commit.call(view, batch)
    found.push(view.found())
  }
  await act(new KvMount(view))
  return found
}

for (const [name, act] of Object.entries(ACTS)) {
  test(`${name}: after a fault at every storage operation the store is as before or as after`, async (t) => {
    const allowed = await states(act)
    let points = 0
    for (const mode of ['lost', 'kept', 'full', 'crash'] satisfies FaultMode[]) {
      for (let at = 1; ; at++) {
        const view = new SimView()
        await begin(view)
        view.disk.arm({ at, mode })
        const outcome = await act(new KvMount(view)).then(
          () => 'done',
          () => 'failed',
        )
        const { operations } = view.disk
        const after = new SimView(view.disk.reopened())
        const found = after.found()
        assert.ok(
          allowed.some((one) => JSON.stringify(one) === JSON.stringify(found)),
          `half of it after ${mode} at ${at}`,
        )
        // What was answered as done is done, and the store goes on.
        if (outcome === 'done') assert.deepEqual(found, allowed.at(-1), `${mode} at ${at}`)
        assert.ok((await new KvMount(after).put('a', { next: 1 })) >= 1)
        if (operations < at) break
        points++
      }
    }
    t.diagnostic(`fault points: ${points}`)
  })
}
