import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { Custodian } from '../../src/ceremony/custodian.ts'
import { openFileJournal } from '../../src/ceremony/journal/file-journal.ts'
import { DEFAULT_SETTINGS } from '../../src/ceremony/ports.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { NoncePool } from '../../src/crypto/nonce-pool.ts'
import { openSqliteStore } from '../../src/physical/sqlite/sqlite-backend.ts'
import { systemClock, systemEntropy } from '../../src/server/system-ports.ts'
import { temporaryFolder } from '../api/server-process.ts'
import { SimDelivery } from '../sim/sim-delivery.ts'

// The copies are stores too: not for other users.
process.umask(0o077)

const CHILD = new URL('./exit-at-operation.child.ts', import.meta.url).pathname
const MAX_OPERATIONS = 60

interface ChildReport {
  readonly handedOut: string[][]
  readonly finished: boolean
}

/** Runs `flow` in a process of its own that exits right after its k-th storage operation. */
function run(folder: string, flow: string, exitAt: number, keys: readonly string[]): ChildReport {
  const report = join(folder, '..', `report-${flow.replace(/\W/g, '-')}-${exitAt}.json`)
  const args = ['--disable-warning=ExperimentalWarning', CHILD, folder, report, flow, String(exitAt), ...keys]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert(child.status === 0 || child.signal === 'SIGKILL', child.stderr)
  return JSON.parse(readFileSync(report, 'utf8'))
}

async function opens(folder: string, keys: readonly string[]): Promise<boolean> {
  const storage = await openSqliteStore({ folder })
  const silent = { info: () => undefined, warn: () => undefined }
  const journal = openFileJournal(folder, { clock: systemClock, hashing: nodePrimitives, log: silent })
  try {
    const nonces = new NoncePool(systemEntropy)
    const ports = { storage, primitives: nodePrimitives, entropy: systemEntropy, clock: systemClock, nonces }
    const custodian = await Custodian.load(
      { ...ports, log: silent, journal, delivery: new SimDelivery(), settings: DEFAULT_SETTINGS },
      {
        nodeKeys: { signingKey: new Uint8Array(32), exchangeKey: new Uint8Array(32) },
        serving: { version: '0.1.0', api: '2.6.2', apiReleased: '2026-08-18T10:43:05Z' },
        seed: () => assert.fail('nothing is initialised here'),
        rootToken: () => assert.fail('nobody makes a token here'),
        opened: async () => undefined,
        sealed: () => undefined,
        fatal: () => undefined,
      },
    )
    for (const key of keys) {
      if (custodian.isOpen) break
      await custodian.unseal(SecretBytes.copyOf(Buffer.from(key, 'hex')), 'test')
    }
    return custodian.isOpen
  } catch {
    return false
  } finally {
    await journal.close()
    await storage.close()
  }
}

for (const flow of ['rekey 5/3', 'rekey 7/4']) {
  test(`SQLite, ${flow}: a process that dies after its k-th storage operation, for every k`, async (t) => {
    const work = temporaryFolder()
    const base = join(work.path, 'base')
    const { handedOut } = run(base, 'init', 0, [])
    const keys = handedOut[0]!
    let points = 0
    for (let exitAt = 1; exitAt <= MAX_OPERATIONS; exitAt++) {
      const folder = join(work.path, `${flow.replace(/\W/g, '-')}-${exitAt}`)
      cpSync(base, folder, { recursive: true })
      const report = run(folder, flow, exitAt, keys)
      const opened: boolean[] = []
      for (const set of report.handedOut) {
        const copy = `${folder}-${opened.length}`
        cpSync(folder, copy, { recursive: true })
        opened.push(await opens(copy, set))
      }
      assert(opened.includes(true), `exit at ${exitAt}: nothing opens`)
      if (report.finished) break
      points++
    }
    work.remove()
    assert(points > 3 && points < MAX_OPERATIONS, 'the whole flow was walked through')
    t.diagnostic(`${points} exit points, 0 stores unopenable`)
  })
}

test('SQLite, init: a process that dies after its k-th storage operation leaves nothing, or what opens', async () => {
  const work = temporaryFolder()
  for (let exitAt = 1; exitAt <= MAX_OPERATIONS; exitAt++) {
    const folder = join(work.path, `init-${exitAt}`)
    const report = run(folder, 'init', exitAt, [])
    for (const set of report.handedOut) assert(await opens(folder, set), `exit at ${exitAt}`)
    // What was not handed out can be thrown away: it holds nothing. A second init says what stands there.
    if (report.finished) break
  }
  work.remove()
})
