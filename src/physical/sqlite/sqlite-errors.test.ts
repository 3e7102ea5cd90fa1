import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { OperatingError } from '../../base/errors.ts'
import { commitError, rollbackError, storageError } from './sqlite-errors.ts'

// Extended result codes (sqlite.org/rescode.html).
const IOERR_FSYNC = 1034
const IOERR_SHMSIZE = 4874
const FULL = 13
const BUSY = 5
const NOTADB = 26

test('marks an I/O error, so that the server ends: a later fsync would prove nothing', () => {
  for (const error of [commitError(raw(IOERR_FSYNC)), storageError(raw(IOERR_FSYNC))]) {
    assert.equal(error.code, 'storage_unavailable')
    assert.deepEqual(error.detail, { sqlite: 10, io: true })
  }
})

test('marks nothing else', () => {
  assert.deepEqual(commitError(raw(BUSY)).detail, { sqlite: 5 })
  assert.deepEqual(storageError(raw(NOTADB)).detail, { sqlite: 26 })
  // A disk that is full to the last page; seen on a small tmpfs. The outcome is unknown, the disk is sound.
  assert.deepEqual(commitError(raw(IOERR_SHMSIZE)).detail, { sqlite: 10 })
  assert.deepEqual(commitError(new TypeError('not of SQLite')).detail, { sqlite: 0 })
})

test('says storage_full only where it is known that nothing was written', () => {
  assert.equal(commitError(raw(FULL)).code, 'storage_full')
  const notUndone = rollbackError(raw(FULL), raw(IOERR_FSYNC))
  assert.equal(notUndone.code, 'storage_unavailable')
  assert.deepEqual(notUndone.detail, { sqlite: 10, io: true })
})

test('keeps the I/O error that made a commit fail when undoing it fails too', () => {
  assert.deepEqual(rollbackError(raw(IOERR_FSYNC), raw(BUSY)).detail, { sqlite: 10, io: true })
})

test('leaves our own errors as they are', () => {
  const ours = new OperatingError('condition_failed', 'another by now')
  assert.equal(commitError(ours), ours)
  assert.equal(storageError(ours), ours)
})

test('reads the code of an error as node:sqlite throws it', () => {
  const database = new DatabaseSync(':memory:')
  database.exec('PRAGMA max_page_count = 2; CREATE TABLE t (x)')
  assert.throws(
    () => database.exec('INSERT INTO t VALUES (zeroblob(100000))'),
    (error) => commitError(error).code === 'storage_full',
  )
  database.close()
})

/** An error with the members that `node:sqlite` gives its own. */
function raw(errcode: number): Error {
  return Object.assign(new Error('from SQLite'), { code: 'ERR_SQLITE_ERROR', errcode })
}
