import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { openFileJournal } from '../../src/ceremony/journal/file-journal.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { systemClock } from '../../src/server/system-ports.ts'
import { temporaryFolder } from '../api/server-process.ts'

const CHILD = new URL('./journal.child.ts', import.meta.url).pathname
const KILLS = process.env['CONCLAVE_SLOW'] === '1' ? 200 : 15
/** How many acts the ring keeps. */
const KEPT = 1022

/** Lets a process write until it has said `atLeast` lines, kills it, and gives the last one that it said. */
async function killed(folder: string, atLeast: number): Promise<number> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, folder])
  let said = ''
  let lines = 0
  for await (const chunk of child.stdout) {
    said += String(chunk)
    lines += String(chunk).split('\n').length - 1
    if (lines >= atLeast && !child.killed) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
  return Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1))
}

test(`${KILLS} times kill -9: every line that was written before is read, and none is damaged`, async (t) => {
  const work = temporaryFolder()
  const warned: string[] = []
  const log = { warn: (event: string): void => void warned.push(event) }
  let last = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const before = last
    last = await killed(work.path, 100 + kill * 97)
    const journal = openFileJournal(work.path, { clock: systemClock, hashing: nodePrimitives, log })
    const entries = journal.entries()
    await journal.close()
    const newest = entries.at(-1)?.sequence ?? 0
    assert.ok(last > before && newest >= last, `kill ${kill}: said ${last}, read ${newest}`)
    const sequences = entries.map((entry) => entry.sequence)
    const expected = Array.from({ length: Math.min(newest, KEPT) }, (_, index) => newest - index).reverse()
    assert.deepEqual(sequences, expected, `kill ${kill}`)
    for (const entry of entries) assert.equal(entry.source, `line-${entry.sequence}`)
    last = newest
  }
  work.remove()
  assert.deepEqual(warned, [])
  t.diagnostic(`${last} lines written by ${KILLS} processes, 0 lost, 0 damaged`)
})
