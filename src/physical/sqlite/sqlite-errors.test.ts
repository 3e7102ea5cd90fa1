import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { OperatingError } from '../../base/errors.ts'
import { commitError, rollbackError, storageError } from './sqlite-errors.ts'

// Extended result codes (sqlite.org/rescode.html).
const IOERR_WRITE = 778
const IOERR_FSYNC = 1034
const IOERR_SHMSIZE = 4874
const FULL = 13
const READONLY = 8
const BUSY = 5
const NOTADB = 26

const FILE = join(tmpdir(), 'conclave-nowhere', 'conclave.db')

test('marks an I/O error, so that the server ends: a later fsync would prove nothing', () => {
  for (const error of [commitError(raw(IOERR_FSYNC), FILE), storageError(raw(IOERR_FSYNC), FILE)]) {
    assert.equal(error.code, 'storage_unavailable')
    assert.deepEqual(error.detail, { sqlite: IOERR_FSYNC, file: FILE, io: true })
  }
})

test('marks nothing else', () => {
  assert.deepEqual(commitError(raw(BUSY), FILE).detail, { sqlite: BUSY, file: FILE })
  assert.deepEqual(storageError(raw(NOTADB), FILE).detail, { sqlite: NOTADB, file: FILE })
  // A disk that is full to the last page; seen on a small tmpfs. The outcome is unknown, the disk is sound.
  assert.deepEqual(commitError(raw(IOERR_SHMSIZE), FILE).detail, { sqlite: IOERR_SHMSIZE, file: FILE })
  assert.deepEqual(commitError(new TypeError('not of SQLite'), FILE).detail, { sqlite: 0, file: FILE })
})

test('a failed write is an I/O error where the system takes another one, so that a full quota is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-'))
  try {
    const file = join(folder, 'conclave.db')
    assert.deepEqual(commitError(raw(IOERR_WRITE), file).detail, { sqlite: IOERR_WRITE, file, io: true })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('says storage_full only where it is known that nothing was written', () => {
  assert.equal(commitError(raw(FULL), FILE).code, 'storage_full')
  const notUndone = rollbackError(raw(FULL), raw(IOERR_FSYNC), FILE)
  assert.equal(notUndone.code, 'storage_unavailable')
  assert.equal(notUndone.detail['io'], true)
})

test('says storage_read_only, and ends nothing, where SQLite may only read', () => {
  const { code, detail } = commitError(raw(READONLY), FILE)
  assert.deepEqual([code, detail['io']], ['storage_read_only', undefined])
})

test('keeps the I/O error that made a commit fail when undoing it fails too', () => {
  const { detail } = rollbackError(raw(IOERR_FSYNC), raw(BUSY), FILE)
  assert.deepEqual(detail, { sqlite: IOERR_FSYNC, file: FILE, io: true })
})

test('leaves our own errors as they are', () => {
  const ours = new OperatingError('condition_failed', 'another by now')
  assert.equal(commitError(ours, FILE), ours)
  assert.equal(storageError(ours, FILE), ours)
})

test('reads the code of an error as node:sqlite throws it', () => {
  const database = new DatabaseSync(':memory:')
  database.exec('PRAGMA max_page_count = 2; CREATE TABLE t (x)')
  assert.throws(
    () => database.exec('INSERT INTO t VALUES (zeroblob(100000))'),
    (error) => commitError(error, FILE).code === 'storage_full',
  )
  database.close()
})

/** An error with the members that `node:sqlite` gives its own. */
function raw(errcode: number): Error {
  return Object.assign(new Error('from SQLite'), { code: 'ERR_SQLITE_ERROR', errcode })
}
