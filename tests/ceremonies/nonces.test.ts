import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Barrier } from '../../src/barrier/barrier.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { type ShareSet, World } from '../sim/world.ts'

const SEALS = process.env['CONCLAVE_SLOW'] === '1' ? 10_000_000 : 1_000_000
/** Processes on the one store, one after the other: none of them stops in order. */
const PROCESSES = 10
const BATCH = 1000
/** Behind format and term: `src/barrier/entry-format.ts`. */
const NONCE_AT = 5

/** The first eight of the twelve bytes of each nonce: one that repeats repeats those. */
class Nonces {
  readonly #seen: BigUint64Array
  #count = 0

  constructor(count: number) {
    this.#seen = new BigUint64Array(count)
  }

  add(entry: Uint8Array): void {
    const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength)
    this.#seen[this.#count++] = view.getBigUint64(NONCE_AT)
  }

  get repeated(): number {
    assert.equal(this.#count, this.#seen.length)
    const sorted = this.#seen.slice().sort()
    let repeated = 0
    for (let at = 1; at < sorted.length; at++) if (sorted[at] === sorted[at - 1]) repeated++
    return repeated
  }
}

async function started(storage: SimStorage, turn: number, keys: ShareSet): Promise<Barrier> {
  const world = await World.start(storage, `process ${turn}`)
  await world.unseal(keys)
  return world.session!.barrier
}

test(`no nonce repeats in ${SEALS} seals of ${PROCESSES} processes on one store`, async (t) => {
  const first = await World.start(new SimStorage(), 'nonces')
  const keys = await first.init(3, 2)
  const nonces = new Nonces(SEALS)
  let { storage } = first
  const value = new Uint8Array(1)
  for (let turn = 0; turn < PROCESSES; turn++) {
    storage = storage.reopened()
    const barrier = await started(storage, turn, keys)
    for (let done = 0; done < SEALS / PROCESSES; done += BATCH) {
      const names = Array.from({ length: BATCH }, (_, index) => `bulk/${index}`)
      await barrier.commit(names.map((key) => ({ op: 'put', key, value })))
      for (const name of names) nonces.add(storage.entries.get(name)!)
    }
  }
  const { repeated } = nonces
  t.diagnostic(`K7: ${repeated} nonces repeated in ${SEALS} seals; target: 0 in 10,000,000`)
  assert.equal(repeated, 0)
})
