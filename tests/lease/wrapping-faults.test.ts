import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Crashed, type FaultMode } from '../sim/sim-storage.ts'
import { type Told, WiredStore } from './wired-store.ts'

const MODES: readonly FaultMode[] = ['lost', 'kept', 'full', 'gone', 'crash']
const WRAP = { body: { secret: 'wrapped' }, wrapTtl: 3600 }

const wrap = (store: WiredStore): Promise<Told> => store.ask('update', 'sys/wrapping/wrap', WRAP)
const unwrap = (store: WiredStore, token: string): Promise<Told> =>
  store.ask('update', 'sys/wrapping/unwrap', { body: { token } })
const rewrap = (store: WiredStore, token: string): Promise<Told> =>
  store.ask('update', 'sys/wrapping/rewrap', { body: { token } })

/** What the store has of wrapped answers: tokens besides the root token, and what they keep. */
function kept({ storage }: WiredStore): { readonly tokens: number; readonly entries: number } {
  const keys = [...storage.entries.keys()]
  return {
    tokens: keys.filter((key) => key.startsWith('sys/token/id/')).length - 1,
    entries: keys.filter((key) => key.startsWith('logical/')).length,
  }
}

interface Flow {
  readonly act: (store: WiredStore, token: string) => Promise<Told>
  /** `told` is `null` where the process died, or nobody knows what came of it. */
  readonly holds: (next: WiredStore, token: string, told: Told | null) => Promise<void>
}

const FLOWS: Record<string, Flow> = {
  wrapped: {
    act: wrap,
    holds: async (next, token, told) => {
      const before = kept(next)
      assert.ok(before.entries === 2 * before.tokens, JSON.stringify(before))
      assert.equal((await unwrap(next, token)).status, 200)
      if (told === null) return
      assert.equal((await unwrap(next, told.body.wrap_info.token)).status, 200)
      assert.deepEqual(kept(next), { tokens: 0, entries: 0 })
    },
  },
  unwrapped: {
    act: unwrap,
    holds: async (next, token, told) => {
      const { tokens, entries } = kept(next)
      assert.equal(entries, 2 * tokens)
      // Whoever was told has it, and nobody else gets it; else it is there, or has gone whole.
      if (told !== null) assert.deepEqual([tokens, told.body.data.secret], [0, 'wrapped'])
      assert.equal((await unwrap(next, token)).status, tokens === 1 ? 200 : 400)
    },
  },
  rewrapped: {
    act: rewrap,
    holds: async (next, token, told) => {
      // It is behind one token, always, and behind the new one where that was told.
      assert.deepEqual(kept(next), { tokens: 1, entries: 2 })
      const isOld = (await unwrap(next, token)).status === 200
      if (told === null) return
      assert.equal(isOld, false)
      assert.equal((await unwrap(next, told.body.wrap_info.token)).body.data.secret, 'wrapped')
    },
  },
}

for (const [name, flow] of Object.entries(FLOWS)) {
  test(`an answer that is ${name}: after a fault at every storage operation it is there once, or nowhere`, async (t) => {
    const origin = await WiredStore.start()
    const { token } = (await wrap(origin)).body.wrap_info
    const points: Record<string, number> = {}
    for (const mode of MODES) {
      points[mode] = 0
      for (let at = 1; await interrupted(flow, { origin, token }, { at, mode }); at++) points[mode]++
    }
    t.diagnostic(`fault points: ${JSON.stringify(points)}`)
  })
}

test('a token whose answer could not be wrapped is good for nobody', async () => {
  const origin = await WiredStore.start()
  const create = (store: WiredStore, wrapTtl?: number): Promise<Told> =>
    store.ask('update', 'auth/token/create', {
      body: { policies: ['default'] },
      ...(wrapTtl !== undefined && { wrapTtl }),
    })
  origin.storage.arm(null)
  assert.equal((await create(origin)).status, 200)
  const { operations } = origin.storage
  const before = kept(origin)
  let failed = 0
  for (const mode of ['lost', 'kept', 'full'] as const) {
    for (let at = operations + 1; ; at++) {
      const store = await origin.restarted()
      store.storage.arm({ at, mode })
      const told = await create(store, 60)
      if (store.storage.operations < at) break
      failed += told.status === 200 ? 0 : 1
      store.storage.arm(null)
      const next = await store.restarted()
      const { tokens, entries } = kept(next)
      // Each wrapping token keeps two entries: what is besides is a token that was made.
      const made = tokens - entries / 2 - before.tokens
      assert.equal(made, told.status === 200 ? 1 : 0, `${mode} at ${at}`)
    }
  }
  assert.ok(failed >= 3)
})

test('a token that is renewed lives on where the answer to that could not be wrapped', async () => {
  const store = await WiredStore.start()
  const made = await store.ask('update', 'auth/token/create', { body: { policies: ['default'] } })
  const { client_token: token } = made.body.auth
  const renew = (wrapTtl?: number): Promise<Told> =>
    store.ask('update', 'auth/token/renew-self', { token, ...(wrapTtl !== undefined && { wrapTtl }) })
  store.storage.arm(null)
  await renew()
  store.storage.arm({ at: store.storage.operations + 1, mode: 'full' })
  assert.equal((await renew(60)).status, 500)
  store.storage.arm(null)
  assert.equal((await renew()).status, 200)
})

async function interrupted(
  flow: Flow,
  from: { readonly origin: WiredStore; readonly token: string },
  fault: { readonly at: number; readonly mode: FaultMode },
): Promise<boolean> {
  const first = await from.origin.restarted()
  first.storage.arm(fault)
  const told = await flow.act(first, from.token).catch((error: unknown) => {
    if (!(error instanceof Crashed)) throw error
    return null
  })
  const isReached = first.storage.operations >= fault.at
  const isTold = told?.status === 200 && !first.storage.isCrashed
  first.storage.arm(null)
  try {
    assert.ok(isTold || isReached, JSON.stringify(told?.body))
    await flow.holds(await first.restarted(), from.token, isTold ? told : null)
  } catch (error) {
    throw new Error(`${fault.mode} at operation ${fault.at}`, { cause: error })
  }
  return isReached
}
