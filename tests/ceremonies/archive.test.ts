import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { encodeCustodyRecord, parseCustodyRecord } from '../../src/custody/custody-record.ts'
import { verifyExports } from '../../src/custody/transcript-export.ts'
import { ENDS, exported, type History, history } from '../sim/history.ts'
import { ANYBODY, World } from '../sim/world.ts'

describe('the ceremonies of a store', () => {
  let past: History
  before(async () => {
    past = await history()
  })

  test('are listed from the newest end to the oldest, page by page, each once', async () => {
    const { archive } = past.world.custodian
    const wanted = ENDS.map((end) => end.split(' ').slice(0, 2).join(' ')).reverse()
    for (const limit of [1, 2, 5, ENDS.length, 100]) {
      const listed: string[] = []
      const ids = new Set<string>()
      for (let after = ''; ; ) {
        const { ceremonies, next } = await archive.ceremonies({ after, limit })
        assert(ceremonies.length <= limit)
        for (const { id, kind, outcome, ended, opened } of ceremonies) {
          listed.push(`${kind} ${outcome}`)
          ids.add(id)
          assert(ended !== null && ended >= opened)
        }
        if (next === null) break
        after = next
      }
      assert.deepEqual(listed, wanted, `limit ${limit}`)
      assert.equal(ids.size, ENDS.length)
      assert.deepEqual(await archive.ids({ after: '', limit: 100 }), [...ids].sort())
    }
  })

  test('have the head of the store as the newest head', async () => {
    const { archive } = past.world.custodian
    const { ceremonies } = await archive.ceremonies({ after: '', limit: 1 })
    assert.deepEqual(ceremonies[0]?.head, archive.head().hash)
    assert.equal(ceremonies[0]?.id, archive.head().ceremonyId)
  })

  test('ids are paged by what comes after one of them', async () => {
    const { archive } = past.world.custodian
    const all = await archive.ids({ after: '', limit: 100 })
    const paged: string[] = []
    for (let after = ''; paged.length < all.length; after = paged.at(-1)!) {
      paged.push(...(await archive.ids({ after, limit: 4 })))
    }
    assert.deepEqual(paged, all)
  })

  test('no transcript is at an id that no ceremony has, or that is none', async () => {
    const { archive } = past.world.custodian
    for (const id of ['', '..', '../identity', 'A'.repeat(36), '00000000-0000-4000-8000-000000000000']) {
      assert.equal(await archive.transcript(id), null)
      assert.equal(await archive.ceremony(id), null)
      if (id !== '') await assert.rejects(archive.ceremonies({ after: id, limit: 5 }), { code: 'not_found' })
    }
  })

  test('those that are running stand before the others, have not ended, and are no place to go on from', async () => {
    const { world } = await history()
    const { archive } = world.custodian
    await world.startRekey({ shares: 3, threshold: 2 })
    const { ceremonies, next } = await archive.ceremonies({ after: '', limit: 2 })
    const [running, newest] = ceremonies
    assert.deepEqual(
      [running?.kind, running?.outcome, running?.ended, running?.head],
      ['rekey', 'running', null, null],
    )
    assert.equal(newest?.id, archive.head().ceremonyId)
    assert.equal(ceremonies.length, 3)
    assert.equal(next, ceremonies[2]?.id)
    await assert.rejects(archive.ceremonies({ after: running!.id, limit: 5 }), { code: 'not_found' })
    assert.equal((await archive.transcript(running!.id))?.length, 1)
    await world.custodian.rekey.cancel(ANYBODY)
    const after = await archive.ceremonies({ after: '', limit: 1 })
    assert.deepEqual([after.ceremonies[0]?.id, after.ceremonies[0]?.outcome], [running!.id, 'cancelled'])
  })

  test('a sealed store tells nothing of them', async () => {
    const { world } = await history()
    await world.custodian.seal('127.0.0.1')
    const { archive } = world.custodian
    assert.throws(() => archive.head(), { code: 'sealed' })
    await assert.rejects(archive.ceremonies({ after: '', limit: 5 }), { code: 'sealed' })
    await assert.rejects(archive.ids({ after: '', limit: 5 }), { code: 'sealed' })
    await assert.rejects(archive.transcript('00000000-0000-4000-8000-000000000000'), { code: 'sealed' })
  })
})

describe('a store that somebody has tampered with', () => {
  test('without its transcript head it opens and rekeys, and a verifier tells that the chain breaks', async () => {
    for (const damage of ['gone', 'damaged'] as const) {
      const { world, shares } = await history()
      const storage = world.storage.reopened()
      const stored = storage.entries.get('core/transcript-head')!
      if (damage === 'gone') storage.entries.delete('core/transcript-head')
      else storage.entries.set('core/transcript-head', stored.with(stored.length - 1, 0))
      const next = await World.start(storage, 'without a head', world.clock)
      await next.unseal(shares)
      assert(next.custodian.isOpen)
      assert.match(next.logged.join('\n'), /the head of the transcripts cannot be read/)
      await next.rekey(shares, { shares: 2, threshold: 2 })
      const verdict = verifyExports(nodePrimitives, [await exported(next)])
      assert(!verdict.ok)
      assert.deepEqual(
        [verdict.bad.line, verdict.bad.fault],
        [1, 'is not the init with which a chain begins'],
      )
    }
  })

  test('a custody record in the clear that names another set spoils no transcript', async () => {
    const { world, shares } = await history()
    await world.custodian.stop()
    const storage = world.storage.reopened()
    const record = parseCustodyRecord(storage.entries.get('core/custody')!)
    const live = { ...record.live, id: record.live.id.with(0, record.live.id[0]! ^ 1) }
    storage.entries.set('core/custody', encodeCustodyRecord({ ...record, live }))
    const next = await World.start(storage, 'a forged record', world.clock)
    await next.unseal(shares)
    assert(next.custodian.isOpen)
    const verdict = verifyExports(nodePrimitives, [await exported(next)])
    assert(verdict.ok, JSON.stringify(verdict))
    assert.equal(verdict.ceremonies.length, ENDS.length + 1)
  })
})
