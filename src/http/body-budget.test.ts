import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../base/errors.ts'
import { MAX_BODIES_BYTES, MAX_UNAUTHENTICATED_BODY_BYTES, SMALL_BODIES_BYTES } from '../base/limits.ts'
import { BodyBudget } from './body-budget.ts'

const SMALL = MAX_UNAUTHENTICATED_BODY_BYTES
const MIB = 1024 * 1024

function refuses(act: () => void): void {
  assert.throws(act, (error: unknown) => hasCode(error, 'overloaded'))
}

test('all bodies together have 128 MiB, of which 32 are for small ones', () => {
  assert.deepEqual([MAX_BODIES_BYTES, SMALL_BODIES_BYTES], [128 * MIB, 32 * MIB])
  const budget = new BodyBudget()
  const large = Array.from({ length: 3 }, () => budget.open())
  for (const body of large) body.cover(32 * MIB)
  refuses(() => budget.open().cover(SMALL + 1))
  const small = Array.from({ length: (32 * MIB) / SMALL }, () => budget.open())
  for (const body of small) body.cover(SMALL)
  refuses(() => budget.open().cover(1))
  for (const body of small) body[Symbol.dispose]()
  refuses(() => budget.open().cover(SMALL + 1))
  large[0]?.[Symbol.dispose]()
  budget.open().cover(32 * MIB)
})

test('counts each body once, however often it grows, and gives it back once', () => {
  const budget = new BodyBudget({ allBytes: 100, keptForSmallBytes: 0 })
  const one = budget.open()
  for (const length of [10, 60, 60, 100, 30]) one.cover(length)
  refuses(() => budget.open().cover(1))
  one[Symbol.dispose]()
  one[Symbol.dispose]()
  const other = budget.open()
  other.cover(100)
  refuses(() => budget.open().cover(1))
})
