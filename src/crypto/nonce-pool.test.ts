import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Entropy } from '../base/entropy.ts'
import { NoncePool } from './nonce-pool.ts'

function watchedEntropy(): {
  readonly entropy: Entropy
  readonly blocks: Uint8Array[]
  readonly copies: Uint8Array[]
} {
  const blocks: Uint8Array[] = []
  const copies: Uint8Array[] = []
  const bytes = (length: number): Uint8Array => {
    const block = new Uint8Array(randomBytes(length))
    blocks.push(block)
    copies.push(block.slice())
    return block
  }
  return { entropy: { bytes }, blocks, copies }
}

test('gives each random byte once, in order, over several blocks', () => {
  const { entropy, copies } = watchedEntropy()
  const pool = new NoncePool(entropy)
  const taken = Array.from({ length: 1000 }, () => pool.take())
  assert.ok(taken.every((nonce) => nonce.length === 12))
  assert.ok(Buffer.concat(copies).subarray(0, 12_000).equals(Buffer.concat(taken)))
  assert.equal(copies.length, 3)
})

test('wipes what it has given, and gives memory of its own', () => {
  const { entropy, blocks } = watchedEntropy()
  const pool = new NoncePool(entropy)
  const first = pool.take()
  const kept = first.slice()
  first.fill(0xff)
  const second = pool.take()
  assert.ok(blocks[0]!.subarray(0, 24).every((byte) => byte === 0))
  assert.notEqual(second.buffer, first.buffer)
  assert.notDeepEqual(second, kept)
})

test('gives nothing when the system gives nothing, and goes on when it does again', () => {
  const { entropy } = watchedEntropy()
  let broken = true
  const pool = new NoncePool({
    bytes(length) {
      if (broken) throw new Error('no entropy')
      return entropy.bytes(length)
    },
  })
  assert.throws(() => pool.take(), /no entropy/)
  broken = false
  assert.equal(pool.take().length, 12)
})
