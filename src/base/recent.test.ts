import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { Recent } from './recent.ts'

const held = (cache: Recent<string, number>, keys: readonly string[]): readonly string[] =>
  keys.filter((key) => cache.get(key) !== undefined)

describe('what was used of late', () => {
  it('is held up to the bound, and what was set first and never used goes first', () => {
    const cache = new Recent<string, number>(2)
    for (const key of ['a', 'b', 'c']) cache.set(key, 1)
    assert.equal(cache.size, 2)
    assert.deepEqual(held(cache, ['a', 'b', 'c']), ['b', 'c'])
  })

  it('outlasts what was not used', () => {
    const cache = new Recent<string, number>(2)
    cache.set('a', 1)
    cache.set('b', 1)
    cache.get('a')
    cache.set('c', 1)
    assert.deepEqual(held(cache, ['a', 'b', 'c']), ['a', 'c'])
  })

  it('is weighed where that is asked for, and an entry above the bound is not held', () => {
    const cache = new Recent<string, number>(10, (_, weight) => weight)
    cache.set('a', 6)
    cache.set('b', 4)
    assert.equal(cache.size, 2)
    cache.set('c', 1)
    assert.deepEqual(held(cache, ['a', 'b', 'c']), ['b', 'c'])
    cache.set('d', 11)
    assert.deepEqual(held(cache, ['b', 'c', 'd']), ['b', 'c'])
  })

  it('replaces a value, and its weight, by the next of the same key', () => {
    const cache = new Recent<string, number>(10, (_, weight) => weight)
    cache.set('a', 9)
    cache.set('a', 2)
    cache.set('b', 8)
    assert.equal(cache.get('a'), 2)
    assert.equal(cache.get('b'), 8)
  })

  it('never holds more than the bound, nor anything but what was set last', async () => {
    const step = fc.record({
      key: fc.nat(8).map(String),
      act: fc.constantFrom('set', 'get', 'delete', 'clear'),
      weight: fc.nat(6),
    })
    await fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new Recent<string, number>(12, (_, weight) => weight)
        const last = new Map<string, number>()
        for (const { key, act, weight } of steps) {
          if (act === 'set') {
            cache.set(key, weight)
            last.set(key, weight)
          } else if (act === 'delete') {
            cache.delete(key)
            last.delete(key)
          } else if (act === 'clear') {
            cache.clear()
            last.clear()
          }
          let sum = 0
          for (const name of [...last.keys()]) {
            const value = act === 'get' ? cache.get(name) : undefined
            if (value === undefined) continue
            assert.equal(value, last.get(name))
            sum += value
          }
          assert.ok(sum <= 12)
        }
      }),
    )
  })

  it('costs a key that is used all the time no more beside many others', () => {
    const cache = new Recent<number, number>(1000)
    let steps = 0
    for (let key = 0; key < 20_000; key++) {
      cache.set(key, key)
      // The one that everybody uses is never the one that goes.
      if (key === 0) continue
      assert.equal(cache.get(0), 0)
      steps++
    }
    assert.equal(steps, 19_999)
    assert.equal(cache.size, 1000)
  })

  it('holds on to nothing that was replaced, also after room was made', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const cache = new Recent<number, object>(10)
    for (let key = 0; key < 11; key++) cache.set(key, {})
    const replaced: WeakRef<object>[] = []
    for (let turn = 0; turn < 5000; turn++) {
      const value = { turn }
      if (turn < 1000) replaced.push(new WeakRef(value))
      cache.set(1 + (turn % 10), value)
    }
    for (let turn = 0; turn < 3; turn++) {
      await setImmediate()
      collect()
    }
    assert.equal(replaced.filter((one) => one.deref() !== undefined).length, 0)
  })
})
