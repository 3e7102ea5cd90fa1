import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '../api/server-process.ts'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { LiveStore } from './live-store.ts'

const SLOW = process.env['CONCLAVE_SLOW'] === '1'
const SEED = process.env['CONCLAVE_SEED'] ?? 'kill -9 under load'
/** S1 of the bar: as many kills, or as many as fit into the time. */
const TARGET_KILLS = 10_000
const MAX_SECONDS = SLOW ? 3 * 60 * 60 : 20
const WRITERS = 8
const MAX_LOAD_MS = 150
/** Larger than a page of the store: half a value would be noticed. */
const PAD = 'p'.repeat(6000)

/** What a writer was told, and what it had sent last. */
interface Told {
  acknowledged: number
  sent: number
}

test(`S1: kill -9 under load, ${WRITERS} writers: no acknowledged write is lost, none is torn`, async (context) => {
  const work = temporaryFolder()
  const entropy = new SeededEntropy(SEED)
  const store = await LiveStore.make(join(work.path, 'store'))
  const told = Array.from({ length: WRITERS }, (): Told => ({ acknowledged: -1, sent: -1 }))
  const deadline = performance.now() + MAX_SECONDS * 1000
  let [kills, writes, unconfirmed] = [0, 0, 0]
  try {
    while (kills < TARGET_KILLS && performance.now() < deadline) {
      const before = told.map(({ acknowledged }) => acknowledged)
      const writing = told.map((one, writer) => writeUntilLost(store, writer, one))
      await sleep(entropy.below(MAX_LOAD_MS))
      await store.server.kill()
      await Promise.all(writing)
      kills += 1
      writes += told.reduce((sum, { acknowledged }, writer) => sum + acknowledged - (before[writer] ?? 0), 0)
      await store.restart()
      for (const [writer, one] of told.entries()) {
        const stored = await storedBy(store, writer)
        const facts = `kill ${kills} (seed "${SEED}"), writer ${writer}: ${stored} of ${JSON.stringify(one)}`
        assert(stored >= one.acknowledged && stored <= one.sent, facts)
        if (stored > one.acknowledged) unconfirmed += 1
        one.acknowledged = stored
        one.sent = stored
      }
    }
  } finally {
    await store.server.stop()
    work.remove()
  }
  context.diagnostic(
    `${kills} kills, ${writes} acknowledged writes: 0 lost, 0 torn; ${unconfirmed} were there unconfirmed`,
  )
  context.diagnostic(`target: 0 lost, 0 torn in ${TARGET_KILLS} kills`)
  assert(kills >= 5, 'too few kills to say anything')
})

async function writeUntilLost(store: LiveStore, writer: number, told: Told): Promise<void> {
  for (;;) {
    const n = told.sent + 1
    told.sent = n
    try {
      const { status } = await store.write(`w/${writer}`, { n, pad: PAD, again: n })
      assert.equal(status, 204)
      told.acknowledged = n
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      return
    }
  }
}

/** The number that is stored, -1 for none; a value that is not whole fails. */
async function storedBy(store: LiveStore, writer: number): Promise<number> {
  const { status, body } = await store.read(`w/${writer}`)
  if (status === 404) return -1
  const { n, pad, again } = body.data
  assert.equal(again, n, 'torn')
  assert.equal(pad, PAD, 'torn')
  return n
}
