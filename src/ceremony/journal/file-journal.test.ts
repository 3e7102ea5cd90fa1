import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { SimClock } from '../../../tests/sim/sim-clock.ts'
import { JOURNAL_BYTES } from '../../base/limits.ts'
import { nodePrimitives } from '../../crypto/node/primitives.ts'
import { JOURNAL_FILE, openFileJournal } from './file-journal.ts'
import type { Journal, JournalFacts } from './journal.ts'

let folder: string
let warned: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conclave-'))
  warned = []
})

afterEach(() => rmSync(folder, { recursive: true }))

function open(clock = new SimClock(), at = folder): Journal {
  const log = {
    warn: (event: string, facts = {}): void => void warned.push(`${event} ${JSON.stringify(facts)}`),
  }
  return openFileJournal(at, { clock, hashing: nodePrimitives, log })
}

function counted(share: number): JournalFacts {
  return { kind: 'unseal', event: 'share_counted', share, source: '192.0.2.1' }
}

function sharesIn(journal: Journal): readonly (number | null)[] {
  return journal.entries().map((entry) => entry.share)
}

test('reserves its room at the first start, for its owner alone, whatever the umask', async () => {
  const before = process.umask(0)
  try {
    await open().close()
    const facts = statSync(join(folder, JOURNAL_FILE))
    assert.equal(facts.size, JOURNAL_BYTES)
    assert.ok(facts.blocks * 512 >= JOURNAL_BYTES, `${facts.blocks} blocks`)
    assert.equal(facts.mode & 0o777, 0o600)
    assert.deepEqual(warned, [])
  } finally {
    process.umask(before)
  }
})

test('what it holds can be read with a pager: one line of JSON an entry', async () => {
  const journal = open()
  journal.record(counted(1))
  journal.record(counted(2))
  await journal.close()
  const text = readFileSync(join(folder, JOURNAL_FILE), 'utf8').replaceAll('\0', '')
  const lines = text.trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).share),
    [1, 2],
  )
})

test('goes on where the last process stopped', async () => {
  const first = open()
  first.record(counted(1))
  first.mark()
  await first.close()
  const next = open()
  next.record(counted(2))
  assert.deepEqual(sharesIn(next), [1, 2])
  assert.equal(next.sealMark, 1_764_000_000_000)
  await next.close()
})

test('a file that was cut keeps what is left, and gets its room back', async () => {
  const first = open()
  for (const share of [1, 2, 3]) first.record(counted(share))
  await first.close()
  truncateSync(join(folder, JOURNAL_FILE), 4 * 512 + 100)
  const next = open()
  assert.deepEqual(sharesIn(next), [1, 2])
  assert.equal(statSync(join(folder, JOURNAL_FILE)).size, JOURNAL_BYTES)
  await next.close()
})

test('a copy without room of its own gets it at the next start', async () => {
  const path = join(folder, JOURNAL_FILE)
  writeFileSync(path, '', { mode: 0o600 })
  truncateSync(path, JOURNAL_BYTES)
  assert.equal(statSync(path).blocks, 0, 'the disk has sparse files')
  await open().close()
  assert.ok(statSync(path).blocks * 512 >= JOURNAL_BYTES)
})

for (const [what, make] of [
  ['a folder', (path: string) => mkdirSync(path)],
  ['a link, which could lead anywhere', (path: string) => symlinkSync('elsewhere', path)],
] as const) {
  test(`${what} in its place is left alone: a line in the log, and a journal in memory`, async () => {
    make(join(folder, JOURNAL_FILE))
    const journal = open()
    journal.record(counted(1))
    assert.deepEqual(sharesIn(journal), [1])
    assert.match(warned.join(), /^the ceremony journal cannot be opened; it is kept in memory /)
    await journal.close()
    assert.equal(statSync(join(folder, 'elsewhere'), { throwIfNoEntry: false }), undefined)
  })
}

test('a disk that is full takes everything: the room was there before', async (context) => {
  if (!mountSmallDisk(folder)) return context.skip('this user may not mount a small disk here')
  try {
    const journal = open()
    const ballast = fillUp(folder)
    assert.ok(ballast > 500_000, 'the disk had other room')
    journal.mark()
    // Round and round: both rings are full.
    for (let index = 0; index < 2000; index++) {
      journal.record(counted((index % 255) + 1))
      journal.record({ kind: 'unseal', event: 'refused', reason: 'share_unknown', source: `s${index}` })
    }
    await journal.close()
    const next = open()
    assert.deepEqual(next.entries(), journal.entries())
    assert.equal(next.sealMark, 1_764_000_000_000)
    await next.close()
    assert.deepEqual(warned, [])
  } finally {
    spawnSync('umount', [folder])
  }
})

test('a disk that is full at the first start: said once, and the journal is kept in memory', async (context) => {
  if (!mountSmallDisk(folder)) return context.skip('this user may not mount a small disk here')
  try {
    fillUp(folder)
    const journal = open()
    for (const share of [1, 2, 3]) journal.record(counted(share))
    assert.deepEqual(sharesIn(journal), [1, 2, 3])
    await journal.close()
    assert.match(warned[0] ?? '', /^there is no room to reserve for the ceremony journal \{"code":"ENOSPC"\}/)
    assert.ok(warned.length <= 2, warned.join())
  } finally {
    spawnSync('umount', [folder])
  }
})

/** Makes the folder a disk of its own with 2 MiB; whether it could. */
function mountSmallDisk(at: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const options = ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', at]
  return spawnSync('mount', options).status === 0
}

/** Writes until there is no room for another page; how many bytes that were. */
function fillUp(at: string): number {
  const page = new Uint8Array(4096)
  for (let index = 0; ; index++) {
    try {
      writeFileSync(join(at, 'ballast'), page, { flag: 'a' })
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC', String(error))
      return index * page.length
    }
  }
}
