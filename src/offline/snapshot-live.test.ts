import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, test } from 'node:test'
import { unixMillis } from '../base/clock.ts'
import { utf8 } from '../base/encoding.ts'
import { openSqliteStore } from '../physical/sqlite/sqlite-backend.ts'
import { restoreSnapshot, saveSnapshot } from './snapshot.ts'

const MODULE = new URL('../physical/sqlite/sqlite-backend.ts', import.meta.url).href
const vectorFile = new URL('../../tests/vectors/storage-format.json', import.meta.url)
const CUSTODY = utf8(String(JSON.parse(readFileSync(vectorFile, 'utf8')).vectors.custody_record))

const WRITERS = 4
const sha256 = () => createHash('sha256')
const clock = { now: () => unixMillis(Date.UTC(2026, 10, 24, 9, 30)) }

let root: string
let folder: string

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'conclave-'))
  folder = join(root, 'data')
  const store = await openSqliteStore({ folder })
  await store.commit([
    { op: 'put', key: 'core/custody', value: CUSTODY },
    { op: 'put', key: 'core/custody/copy', value: CUSTODY },
  ])
  await store.close()
})

afterEach(() => rmSync(root, { recursive: true }))

test('saves one moment of a store that another process writes, and a restored store saves the same', async () => {
  const child = startWriting()
  const acknowledged = watch(child)
  for (const name of ['first', 'second', 'third']) {
    await acknowledged.more(40)
    const before = acknowledged.counts()
    const facts = saveSnapshot({ folder, target: join(root, name), clock, sha256 })
    const restored = await expectPairs(join(root, name), before)
    const again = saveSnapshot({ folder: restored, target: join(root, `${name}-again`), clock, sha256 })
    assert.deepEqual(again, facts)
  }
  await kill(child)
})

test('saves every acknowledged write of a server that was killed with -9 and not started again', async () => {
  const child = startWriting()
  const acknowledged = watch(child)
  await acknowledged.more(100)
  await kill(child)
  saveSnapshot({ folder, target: join(root, 'after'), clock, sha256 })
  await expectPairs(join(root, 'after'), acknowledged.counts())
})

/** Restores `file` and checks that no batch is torn and nothing is missing that was acknowledged `before`. */
async function expectPairs(file: string, before: readonly number[]): Promise<string> {
  const restored = `${file}-restored`
  restoreSnapshot({ file, folder: restored, sha256 })
  const store = await openSqliteStore({ folder: restored })
  for (const [writer, count] of before.entries()) {
    const left = await store.get(`left/${writer}`)
    assert.deepEqual(await store.get(`right/${writer}`), left)
    assert.ok(Number(Buffer.from(left ?? []).toString()) >= count, `acknowledged ${count}, saved ${left}`)
  }
  await store.close()
  return restored
}

/** A process that commits pairs without end and prints the writer's number when one is acknowledged. */
function startWriting(): ChildProcess {
  const source = `
    import { writeSync } from 'node:fs'
    import { openSqliteStore } from ${JSON.stringify(MODULE)}
    const store = await openSqliteStore({ folder: ${JSON.stringify(folder)} })
    // Whoever reads is busy saving, for longer than a pipe has room on a machine that is busy too.
    const tell = async (text) => {
      try {
        writeSync(1, text)
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error
        await new Promise((again) => setTimeout(again, 5))
        await tell(text)
      }
    }
    await Promise.all(Array.from({ length: ${WRITERS} }, async (_, writer) => {
      for (let count = 1; ; count++) {
        const value = new TextEncoder().encode(String(count))
        await store.commit(['left', 'right'].map((side) => ({ op: 'put', key: side + '/' + writer, value })))
        await tell(writer + '\\n')
      }
    }))`
  const flags = ['--input-type=module', '--eval', source]
  return spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
}

interface Acknowledged {
  /** How many commits of each writer were acknowledged. */
  counts(): readonly number[]
  /** Resolves once so many more were. */
  more(count: number): Promise<void>
}

function watch(child: ChildProcess): Acknowledged {
  const counts = Array.from({ length: WRITERS }, () => 0)
  const lines = createInterface({ input: child.stdout! })
  lines.on('line', (writer) => (counts[Number(writer)]! += 1))
  return {
    counts: () => [...counts],
    more: async (count) => {
      for (let seen = 0; seen < count; seen++) await once(lines, 'line')
    },
  }
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}
