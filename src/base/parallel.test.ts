import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { inParallel } from './parallel.ts'

test('does each once, and no more at a time than it may', async () => {
  const done: number[] = []
  let running = 0
  let most = 0
  await inParallel(
    Array.from({ length: 50 }, (_, index) => index),
    4,
    async (item) => {
      most = Math.max(most, ++running)
      await setImmediate()
      running--
      done.push(item)
    },
  )
  assert.equal(most, 4)
  assert.deepEqual(
    done.sort((one, other) => one - other),
    Array.from({ length: 50 }, (_, index) => index),
  )
})

test('begins nothing more after a failure, and waits for what was under way', async () => {
  const begun: number[] = []
  let ended = 0
  async function* items(): AsyncGenerator<number> {
    for (let item = 0; ; item++) yield item
  }
  const work = async (item: number): Promise<void> => {
    begun.push(item)
    await setImmediate()
    ended++
    if (item === 5) throw new Error('five')
  }
  await assert.rejects(inParallel(items(), 3, work), /five/)
  assert.ok(begun.length <= 8)
  assert.equal(ended, begun.length)
})

test('does nothing with nothing', async () => {
  await inParallel([], 3, async () => assert.fail('there is nothing'))
})
