import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { unixMillis } from '../../base/clock.ts'
import { judgeClock } from './clock.ts'
import { judgeDisk, judgeFlushes } from './disk.ts'
import { type Finding, failure, ok, warning, worst } from './finding.ts'
import { type AddressReading, judgeListener, type Listening } from './listener.ts'
import { holderIn } from './lock-table.ts'
import type { ProcessFacts } from './machine.ts'
import { judgeNode, judgeProcess } from './process.ts'

const NOW = unixMillis(Date.UTC(2026, 10, 24))
const MIB = 1024 * 1024
const EXT4 = 0xef53

test('the worst of all findings is what a diagnosis comes to', () => {
  assert.equal(worst([ok('a', ''), ok('b', '')]), 'ok')
  assert.equal(worst([ok('a', ''), warning('b', '', null)]), 'warning')
  assert.equal(worst([failure('a', '', null), warning('b', '', null)]), 'failure')
})

test('a clock is judged by the year, by the store, and by whether it stands still while one looks', () => {
  const steady = { now: NOW, wallMs: 300, monotonicMs: 300, storeMadeAt: null }
  says(judgeClock(steady), 'ok', /^2026-11-24T00:00:00\.000Z$/)
  says(judgeClock({ ...steady, now: unixMillis(0) }), 'failure', /1970-01-01.* Next: set the clock/)
  says(judgeClock({ ...steady, now: unixMillis(Date.UTC(2150, 0)) }), 'failure', /2150/)
  const future = unixMillis(NOW + 3_600_000)
  says(judgeClock({ ...steady, storeMadeAt: future }), 'failure', /but a key set was made at 2026-11-24T01/)
  says(judgeClock({ ...steady, storeMadeAt: unixMillis(NOW + 1000) }), 'ok', /./)
  says(judgeClock({ ...steady, wallMs: 3_600_300 }), 'warning', /moved by 3600000 ms while 300 ms passed/)
  says(judgeClock({ ...steady, wallMs: -1_000 }), 'warning', /moved by -1300 ms/)
})

test('the version of Node.js has to be one that runs the server', () => {
  says(judgeNode('24.21.0'), 'ok', /24\.21\.0/)
  says(judgeNode('26.0.0'), 'ok', /./)
  says(judgeNode('22.19.0'), 'failure', /too old Next: install Node\.js 24/)
})

const QUIET: ProcessFacts = {
  name: 'node',
  uid: 990,
  umask: 0o077,
  memoryWarnings: [],
  flagFault: null,
  opensInspector: false,
}

test('a process is judged by its memory, its flags, and the files it makes', () => {
  assert.equal(worst(judgeProcess(QUIET, 7)), 'ok')
  const swapping = judgeProcess({ ...QUIET, memoryWarnings: ['swap is on: run  swapoff -a'] }, 7)
  says(swapping[0], 'warning', /swap is on: run {2}swapoff -a/)
  says(judgeProcess({ ...QUIET, flagFault: 'has --inspect' }, 7)[1], 'failure', /has --inspect/)
  says(
    judgeProcess({ ...QUIET, opensInspector: true }, 7)[1],
    'warning',
    /process 7 .* Next: .*--disable-sigusr1/,
  )
  says(judgeProcess({ ...QUIET, umask: 0o022 }, 7)[2], 'failure', /process 7 makes files .*umask 22/)
  // The mask of this shell is not that of a server, which sets its own.
  says(judgeProcess({ ...QUIET, umask: 0o022 }, null)[2], 'ok', /./)
})

test('what a system does not tell is no fault', () => {
  const silent = { ...QUIET, name: null, uid: null, umask: null, opensInspector: null }
  assert.equal(worst(judgeProcess(silent, 7)), 'ok')
})

test('a disk is judged by its kind, by whether it can be written, and by its room', () => {
  const disk = { type: EXT4, freeBytes: 1024 * MIB, freeFiles: 1000, files: 2000, isReadOnly: false }
  assert.equal(worst(judgeDisk(disk)), 'ok')
  says(judgeDisk({ ...disk, isReadOnly: true })[0], 'failure', /read-only: nothing can be written Next: look/)
  says(judgeDisk({ ...disk, type: 0x6969 })[0], 'failure', /NFS .* Next: use a local disk/)
  says(judgeDisk({ ...disk, type: 0x01021994 })[0], 'warning', /tmpfs is in memory/)
  says(judgeDisk({ ...disk, freeBytes: 100 * MIB })[1], 'warning', /100 MiB free Next: make room/)
  says(judgeDisk({ ...disk, freeBytes: MIB })[1], 'failure', /1 MiB free/)
  says(judgeDisk({ ...disk, freeFiles: 3 })[1], 'failure', /no room for files/)
  // btrfs counts no files.
  says(judgeDisk({ ...disk, freeFiles: 0, files: 0 })[1], 'ok', /./)
})

test('flushes are told by their least, middle and most, and warned of by the middle', () => {
  says(
    judgeFlushes([3, 1, 2, 900, 2]),
    'ok',
    /^1\.00 ms at least, 2\.00 ms in the middle, 900\.00 ms at most, of 5/,
  )
  says(
    judgeFlushes([40, 50, 60]),
    'warning',
    /every write waits for one Next: put the store on a faster disk/,
  )
})

const LISTENER = { check: 'listener 1', address: '127.0.0.1:8200', port: 8200, reserve: null }
const FREE: AddressReading = { state: 'free' }
const OURS = taken({ who: 'ours', server: { storeId: 'aa', state: 'open', storageTrouble: '' } })
const STOPPED = { holder: { held: false }, id: 'aa' } as const
const RUNNING = { holder: { held: true, pid: 7 }, id: 'aa' } as const

test('an address is free, or held by the server of this store; anything else is told', () => {
  says(judgeListener(LISTENER, FREE, STOPPED), 'ok', /is free/)
  says(
    judgeListener(LISTENER, OURS, RUNNING),
    'ok',
    /the server of this store answers at 127\.0\.0\.1:8200: open/,
  )
  says(judgeListener(LISTENER, FREE, RUNNING), 'warning', /nobody listens .* Next: it is starting, or/)
  says(judgeListener(LISTENER, taken({ who: 'another' }), STOPPED), 'failure', /another program listens/)
  says(judgeListener(LISTENER, taken({ who: 'another' }), RUNNING), 'warning', /process 7 serves this store/)
  says(judgeListener(LISTENER, OURS, { ...RUNNING, id: 'bb' }), 'failure', /a server of another store/)
  says(judgeListener(LISTENER, OURS, STOPPED), 'failure', /another copy of this store/)
  says(judgeListener(LISTENER, { state: 'refused', code: 'EACCES' }, STOPPED), 'failure', /ports below 1024/)
  says(judgeListener({ ...LISTENER, port: 0 }, FREE, RUNNING), 'ok', /chooses a port/)
  says(judgeListener(LISTENER, OURS, { holder: { held: false }, id: null }), 'ok', /answers/)
})

test('a server whose store takes no write is a failure, whatever else is well', () => {
  const full = { storeId: 'aa', state: 'open', storageTrouble: 'storage_full' }
  const reading = taken({ who: 'ours', server: full })
  says(judgeListener(LISTENER, reading, RUNNING), 'failure', /storage_full Next: see/)
})

const RESERVES = [
  'asks for a client certificate',
  'serves only metrics',
  'does not answer',
  'refuses',
] as const

describe('a listener that says nothing of itself', () => {
  for (const why of RESERVES) {
    test(`as it ${why}, is nobody to be stopped`, () => {
      const reading = taken({ who: 'unclear', why })
      const told = [STOPPED, RUNNING].map((store) => judgeListener(LISTENER, reading, store))
      for (const { status, says, next } of told) {
        assert.equal(status, 'warning')
        assert.match(says, new RegExp(why))
        assert.doesNotMatch(`${next}`, /^stop it|, or stop/)
      }
      says(told[0], 'warning', /nobody has this store Next: look who it is before you stop anything/)
      says(told[1], 'warning', /process 7 serves this store/)
    })
  }

  for (const reserve of ['asks for a client certificate', 'serves only metrics'] as const) {
    test(`is well where a server has the store and the listener ${reserve} as it is configured`, () => {
      const reading = taken({ who: 'unclear', why: reserve })
      says(
        judgeListener({ ...LISTENER, reserve }, reading, RUNNING),
        'ok',
        /as it is to, and process 7 serves/,
      )
      says(judgeListener({ ...LISTENER, reserve }, reading, STOPPED), 'warning', /nobody has this store/)
    })
  }
})

test('a server whose files are gone is not to be stopped before they are read out', () => {
  const nothing = { holder: { held: false }, id: '' } as const
  const [unseen, seen] = ['', 'store_removed'].map((storageTrouble) =>
    taken({ who: 'ours', server: { storeId: 'aa', state: 'open', storageTrouble } }),
  )
  assert.ok(unseen !== undefined && seen !== undefined)
  const readOut = /leave it running, and read out what you can: see "When storage is in trouble"/
  says(judgeListener(LISTENER, unseen, nothing), 'warning', readOut)
  says(judgeListener(LISTENER, seen, nothing), 'failure', /store_removed/)
  says(judgeListener(LISTENER, seen, nothing), 'failure', readOut)
  // What stands in their place since is another store.
  says(judgeListener(LISTENER, seen, { ...nothing, id: 'bb' }), 'failure', readOut)
})

// Lines of a real table; the first number of a range is where SQLite locks a file.
const TABLE = `1: POSIX  ADVISORY  READ 411 08:01:777 1073741826 1073742335
2: POSIX  ADVISORY  WRITE 412 08:01:777 1073741824 1073742335
3: FLOCK  ADVISORY  WRITE 500 08:01:888 0 EOF
4: POSIX  ADVISORY  WRITE 413 00:2f:999 1073741824 1073742335
5: POSIX  ADVISORY  WRITE 414 08:01:555 1073741824 1073742335
6: POSIX  ADVISORY  WRITE 415 08:02:555 1073741824 1073742335
`

test('finds who writes a locked file, by device and number', () => {
  const device = 0x0801n
  assert.equal(holderIn(TABLE, { device, inode: 777n }), 412)
  assert.equal(holderIn(TABLE, { device, inode: 888n }), null, 'a lock of another kind')
  assert.equal(holderIn(TABLE, { device, inode: 111n }), null)
  assert.equal(holderIn(TABLE, { device: 0x0802n, inode: 555n }), 415)
  assert.equal(holderIn(TABLE, { device, inode: 999n }), 413, 'the only one of that number')
  assert.equal(holderIn(TABLE, { device: 0x0803n, inode: 555n }), null, 'one of two, and nobody knows which')
})

function taken(by: Listening): AddressReading {
  return { state: 'taken', by }
}

function says(finding: Finding | undefined, status: Finding['status'], sentence: RegExp): void {
  assert.ok(finding !== undefined)
  assert.equal(finding.status, status, JSON.stringify(finding))
  assert.match(finding.next === null ? finding.says : `${finding.says} Next: ${finding.next}`, sentence)
}
