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
  const large = ['a', 'b', 'c'].map((owner) => budget.open(owner))
  for (const body of large) body.cover(32 * MIB)
  refuses(() => budget.open('d').cover(SMALL + 1))
  const small = Array.from({ length: (32 * MIB) / SMALL }, () => budget.open(null))
  for (const body of small) body.cover(SMALL)
  refuses(() => budget.open('d').cover(1))
  for (const body of small) body[Symbol.dispose]()
  refuses(() => budget.open('d').cover(SMALL + 1))
  large[0]?.[Symbol.dispose]()
  budget.open('d').cover(32 * MIB)
})

test('counts each body once, however often it grows, and gives it back once', () => {
  const budget = new BodyBudget({ allBytes: 100, keptForSmallBytes: 0 })
  const one = budget.open('d')
  for (const length of [10, 60, 60, 100, 30]) one.cover(length)
  refuses(() => budget.open('d').cover(1))
  one[Symbol.dispose]()
  one[Symbol.dispose]()
  const other = budget.open('d')
  other.cover(100)
  refuses(() => budget.open('d').cover(1))
})

test('one owner has half of what large bodies have, but a single body may be larger', () => {
  const budget = new BodyBudget()
  const first = budget.open('a')
  first.cover(32 * MIB)
  refuses(() => budget.open('a').cover(17 * MIB))
  budget.open('a').cover(16 * MIB)
  refuses(() => budget.open('a').cover(SMALL + 1))
  budget.open('a').cover(SMALL)
  const single = budget.open('b')
  single.cover(47 * MIB)
  single[Symbol.dispose]()
  new BodyBudget().open('b').cover(96 * MIB)
  first[Symbol.dispose]()
  budget.open('a').cover(16 * MIB)
})

test('nothing is kept of an owner whose bodies are over', () => {
  const budget = new BodyBudget()
  for (let turn = 0; turn < 10; turn++) {
    const room = budget.open('a')
    room.cover(40 * MIB)
    room[Symbol.dispose]()
  }
  budget.open('a').cover(96 * MIB)
})
