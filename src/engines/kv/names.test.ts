import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../../tests/sim/sim-clock.ts'
import { MAX_LISTED_NAMES } from '../../base/limits.ts'
import type { StorageView } from '../../logical/backend.ts'
import { listedNames, type NameSource, pathsBelow, scannedNames } from './names.ts'

const name = (number: number): string => `n${String(number).padStart(6, '0')}`

/** A folder of `count` names that are made as they are asked for, and a clock that counts its rests. */
class Crowd extends SimClock {
  rests = 0
  pages = 0
  readonly source: NameSource

  constructor(count: number) {
    super()
    const page: StorageView['page'] = async (_, { after, limit }) => {
      this.pages++
      const from = after === '' ? 0 : Number(after.slice(1)) + 1
      const length = Math.max(0, Math.min(limit, count - from))
      return Array.from({ length }, (_, index) => name(from + index))
    }
    this.source = { storage: { page } as StorageView, clock: this }
  }

  override async sleep(): Promise<void> {
    this.rests++
  }
}

const ALL = { after: '', limit: 0 }

test('an answer has 200,000 names at most; one more is told how to ask', async () => {
  const message = 'more than 200000 names: ask with "limit" and "after"'
  for (const names of [listedNames, scannedNames]) {
    assert.equal((await names(new Crowd(MAX_LISTED_NAMES).source, 'f/', ALL)).length, MAX_LISTED_NAMES)
    const more = new Crowd(MAX_LISTED_NAMES + 1).source
    await assert.rejects(names(more, 'f/', ALL), { code: 'bad_request', message })
    const rest = await names(more, 'f/', { after: name(MAX_LISTED_NAMES - 2), limit: 2 })
    assert.deepEqual(rest, [name(MAX_LISTED_NAMES - 1), name(MAX_LISTED_NAMES)])
  }
})

test('a limit ends the reading, not only the answer', async () => {
  const crowd = new Crowd(100_000)
  assert.equal((await scannedNames(crowd.source, 'f/', { after: '', limit: 1500 })).length, 1500)
  assert.equal(crowd.pages, 2)
})

test('others have their turn while many names are read', async () => {
  const crowd = new Crowd(20_000)
  await listedNames(crowd.source, 'f/', ALL)
  assert.ok(crowd.rests >= 3, `${crowd.rests} rests`)
})

test('goes as deep as paths can be', async () => {
  const depth = 1792
  const page: StorageView['page'] = async (prefix, { after }) => {
    if (after !== '') return []
    return prefix.length < depth * 2 ? ['a/'] : ['leaf']
  }
  const paths: string[] = []
  for await (const path of pathsBelow({ storage: { page } as StorageView, clock: new Crowd(0) }, '')) {
    paths.push(path)
  }
  assert.deepEqual(paths, [`${'a/'.repeat(depth)}leaf`])
})
