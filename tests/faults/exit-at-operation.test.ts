import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { temporaryFolder } from '../api/server-process.ts'
import { openSqliteCustodian } from './sqlite-custodian.ts'

// The copies are stores too: not for other users.
process.umask(0o077)

const CHILD = new URL('./exit-at-operation.child.ts', import.meta.url).pathname
const MAX_OPERATIONS = 60

interface ChildReport {
  readonly handedOut: string[][]
  /** Events that were acknowledged, as the auditor writes them. */
  readonly told: string[]
  readonly isFinished: boolean
}

/** What stands in a store that one set opens. */
interface Inside {
  readonly hasToken: boolean
  readonly generationRuns: boolean
}

/** What must hold of each store that is left. */
interface Flow {
  /** How many of the sets that were handed out open. */
  readonly ways: readonly [atLeast: 1, atMost: 1 | 2]
  readonly holds?: (left: {
    readonly report: ChildReport
    readonly opened: readonly (Inside | null)[]
  }) => void
}

const FLOWS: Record<string, Flow> = {
  unseal: { ways: [1, 1] },
  'direct to 3 of 5': { ways: [1, 2] },
  'direct to 4 of 7': { ways: [1, 2] },
  'direct for recipients': { ways: [1, 2] },
  verified: {
    ways: [1, 1],
    holds: ({ report, opened }) => {
      if (report.told.includes('completed')) assert(opened[1], 'what was acknowledged is installed')
      if (!report.told.includes('dealt')) assert(opened[0])
    },
  },
  'verified and sealed': { ways: [1, 1], holds: ({ opened }) => assert(opened[0]) },
  'root token': {
    ways: [1, 1],
    holds: ({ report, opened: [inside] }) => {
      assert(!(inside?.hasToken && inside.generationRuns), 'a half-made token')
      if (report.told.includes('completed')) assert(inside?.hasToken)
    },
  },
}

/** A store of 3 of 5, made once, and its shares. */
let base: { readonly folder: string; readonly keys: readonly string[] }
const work = temporaryFolder()
before(() => {
  const folder = join(work.path, 'base')
  const [keys = []] = run(folder, { flow: 'init', exitAt: 0, keys: [] }).handedOut
  base = { folder, keys }
})
after(() => work.remove())

for (const [flow, { ways, holds }] of Object.entries(FLOWS)) {
  test(`SQLite, ${flow}: a process that dies after its k-th storage operation, for every k`, async (t) => {
    let points = 0
    for (let exitAt = 1; exitAt <= MAX_OPERATIONS; exitAt++) {
      const folder = join(work.path, `${flow.replaceAll(' ', '-')}-${exitAt}`)
      cpSync(base.folder, folder, { recursive: true })
      const report = run(folder, { flow, exitAt, keys: base.keys })
      const opened = await openEach(folder, report.handedOut)
      const count = opened.filter((inside) => inside !== null).length
      assert(count >= ways[0] && count <= ways[1], `exit at ${exitAt}: ${count} sets open`)
      holds?.({ report, opened })
      if (report.isFinished) break
      points++
    }
    assert(points > 3 && points < MAX_OPERATIONS, 'the whole flow was walked through')
    t.diagnostic(`${points} exit points, 0 stores unopenable`)
  })
}

test('SQLite, init: a process that dies after its k-th storage operation leaves nothing, or an empty store', async (t) => {
  const left = { nothing: 0, undelivered: 0 }
  for (let at = 1; at <= MAX_OPERATIONS; at++) {
    for (const exitAt of [-at, at]) {
      const folder = join(work.path, `init-${exitAt}`)
      const report = run(folder, { flow: 'init', exitAt, keys: [] })
      for (const inside of await openEach(folder, report.handedOut)) assert(inside, `exit at ${exitAt}`)
      if (report.isFinished) {
        t.diagnostic(`init, shares not handed out: ${JSON.stringify(left)}`)
        assert(left.nothing > 0 && left.undelivered > 0, 'both sides of the commit were seen')
        return
      }
      assert.equal(report.handedOut.length, 0)
      left[await whatIsLeft(folder, `exit at ${exitAt}`)]++
    }
  }
  assert.fail('init takes fewer operations')
})

/** After an init whose shares nobody has: nothing, so that it is repeated, or a store that holds nothing. */
async function whatIsLeft(folder: string, what: string): Promise<'nothing' | 'undelivered'> {
  const { custodian, close } = await openSqliteCustodian(folder)
  try {
    const { record } = custodian
    if (record !== null) {
      assert.equal(record.serial, 1, `${what}: maybe undelivered, and never opened`)
      return 'undelivered'
    }
    const terms = { shares: 2, threshold: 2, recipients: null, tokenRecipient: null }
    const again = await custodian.init(terms, 'test')
    again[Symbol.dispose]()
    return 'nothing'
  } finally {
    await close()
  }
}

/** Runs a flow in a process of its own that exits right after its k-th storage operation. */
function run(
  folder: string,
  child: { readonly flow: string; readonly exitAt: number; readonly keys: readonly string[] },
): ChildReport {
  const report = `${folder}.report.json`
  const args = [CHILD, folder, report, child.flow, String(child.exitAt), ...child.keys]
  const ended = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    encoding: 'utf8',
    // A process is short, and most of it is the reading of sources.
    env: { ...process.env, NODE_COMPILE_CACHE: join(work.path, 'compiled') },
  })
  assert(ended.status === 0 || ended.signal === 'SIGKILL', ended.stderr)
  return JSON.parse(readFileSync(report, 'utf8'))
}

/** Tries each set on a copy of its own. */
async function openEach(
  folder: string,
  sets: readonly (readonly string[])[],
): Promise<readonly (Inside | null)[]> {
  const opened: (Inside | null)[] = []
  for (const [index, set] of sets.entries()) {
    const copy = `${folder}-${index}`
    cpSync(folder, copy, { recursive: true })
    opened.push(await openBy(copy, set))
  }
  return opened
}

async function openBy(folder: string, keys: readonly string[]): Promise<Inside | null> {
  const { custodian, session, close } = await openSqliteCustodian(folder)
  try {
    for (const key of keys) {
      if (custodian.isOpen) break
      await custodian.unseal(SecretBytes.copyOf(Buffer.from(key, 'hex')), 'test')
    }
    const { barrier } = session() ?? {}
    if (barrier === undefined) return null
    const hasToken = (await barrier.get('data/token')) !== null
    return { hasToken, generationRuns: custodian.generateRoot.status().running !== null }
  } catch (error) {
    if (error instanceof OperatingError) return null
    throw error
  } finally {
    await close()
  }
}
