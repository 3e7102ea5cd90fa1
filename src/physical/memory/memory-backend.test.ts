import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededEntropy } from '../../../tests/sim/seeded-entropy.ts'
import type { Write } from '../backend.ts'
import { MemoryBackend } from './memory-backend.ts'
import { compareUtf8 } from './sorted-keys.ts'

const VALUE = Uint8Array.of(1)
/** Before and behind `/`, of one to four bytes of UTF-8; the last two are in another order in UTF-16. */
const LETTERS = ['!', '.', '0', 'a', 'b', 'é', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}']

function segment(chance: SeededEntropy): string {
  return Array.from({ length: 1 + chance.below(2) }, () => LETTERS[chance.below(LETTERS.length)]).join('')
}

function key(chance: SeededEntropy): string {
  return Array.from({ length: 1 + chance.below(3) }, () => segment(chance)).join('/')
}

/** What the contract says of a list, done the long way: every key, its name, the bytes, and the page. */
function listOf(keys: Iterable<string>, prefix: string, page: { after: string; limit: number }): string[] {
  const names = [...keys]
    .filter((one) => one.startsWith(prefix))
    .map((one) => /^[^/]*\/?/.exec(one.slice(prefix.length))?.[0] ?? '')
  return [...new Set(names)]
    .filter((name) => Buffer.compare(Buffer.from(name), Buffer.from(page.after)) > 0)
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .slice(0, page.limit)
}

test('lists what a plain model lists, through 40,000 writes of keys of every kind', async () => {
  const chance = new SeededEntropy('keys')
  const first = new Map(Array.from({ length: 700 }, () => [key(chance), VALUE]))
  const store = new MemoryBackend(first)
  const model = new Set(first.keys())
  let [most, fewest] = [0, Number.POSITIVE_INFINITY]
  for (let round = 0; round < 400; round++) {
    // The store grows to thousands of keys, and shrinks to few, several times.
    const there = [...model]
    const puts = round % 100 < 60 ? 9 : 1
    const batch = Array.from({ length: 100 }, (): Write => {
      if (chance.below(10) < puts) return { op: 'put', key: key(chance), value: VALUE }
      const isThere = there.length > 0 && chance.below(8) > 0
      return { op: 'delete', key: isThere ? (there[chance.below(there.length)] ?? 'a') : key(chance) }
    })
    await store.commit(batch)
    for (const write of batch) {
      if (write.op === 'put') model.add(write.key)
      else model.delete(write.key)
    }
    most = Math.max(most, model.size)
    if (round > 60) fewest = Math.min(fewest, model.size)
    for (const prefix of ['', `${segment(chance)}/`, `${segment(chance)}/${segment(chance)}/`]) {
      const after = ['', segment(chance), `${segment(chance)}/`, `${segment(chance)}/${segment(chance)}`]
      for (const page of [
        { after: '', limit: 10_000 },
        { after: after[chance.below(4)] ?? '', limit: 1 + chance.below(20) },
      ]) {
        assert.deepEqual(await store.list(prefix, page), listOf(model, prefix, page))
      }
    }
  }
  assert.ok(most > 2000 && fewest < 512, 'blocks were cut in two, and emptied')
  assert.deepEqual([...store.snapshot().keys()].sort(), [...model].sort())
})

test('texts are in the order of their UTF-8, whatever UTF-16 makes of them', () => {
  const chance = new SeededEntropy('order')
  const texts = Array.from({ length: 2000 }, () => key(chance))
  assert.deepEqual(
    texts.toSorted(compareUtf8),
    texts.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right))),
  )
})

test('10,000 puts into 100,000 keys, and a list for each, cost what they are and not what there is', async (t) => {
  const entries = Array.from({ length: 100_000 }, (_, number) => [`t/${number}/c/x`, VALUE] as const)
  const store = new MemoryBackend(new Map(entries))
  const batch = Array.from({ length: 10_000 }, (_, number): Write => {
    return { op: 'put', key: `t/${(number * 7919) % 100_000}/d/${number}`, value: VALUE }
  })
  const start = performance.now()
  await store.commit(batch)
  const between = performance.now()
  for (let number = 0; number < 10_000; number++) {
    const names = await store.list(`t/${(number * 7919) % 100_000}/`, { after: '', limit: 10_000 })
    assert.deepEqual(names, ['c/', 'd/'])
  }
  const end = performance.now()
  t.diagnostic(`10,000 puts ${Math.round(between - start)} ms, lists ${Math.round(end - between)} ms`)
  assert.equal((await store.list('t/', { after: '', limit: 10_000 })).length, 10_000)
})
