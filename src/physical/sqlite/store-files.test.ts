import assert from 'node:assert/strict'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { hasCode } from '../../base/errors.ts'
import { StoreFiles, WRITTEN } from './store-files.ts'

let folder: string
let file: string
let files: StoreFiles
let held: number

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'conclave-')), 'store')
  mkdirSync(folder)
  file = join(folder, 'conclave.db')
  writeFileSync(file, 'the store')
  // As SQLite holds it: a number that is in use is not given to another file.
  held = openSync(file, 'r')
  files = new StoreFiles(file, WRITTEN)
})

afterEach(() => {
  closeSync(held)
  rmSync(join(folder, '..'), { recursive: true })
})

test('files that grow under our hands are in place, and so is one that we made', () => {
  writeFileSync(`${file}-wal`, 'the log')
  files.note()
  writeFileSync(file, 'more', { flag: 'a' })
  files.note()
  files.expectInPlace()
})

test('tells which file, what became of it, and what to do', () => {
  rmSync(file)
  refuses(/^conclave\.db was removed or moved away beneath the server, which writes nothing any more: put it/)
  symlinkSync('elsewhere', file)
  refuses(/^conclave\.db was replaced by another file/)
})

test('a file that became shorter is not what it was, even by one byte', () => {
  truncateSync(file, 8)
  refuses(/^conclave\.db was cut short/)
})

test('noting never takes over a file that somebody put there', () => {
  renameSync(file, `${file}.old`)
  writeFileSync(file, 'another store, and a longer one')
  files.note()
  refuses(/^conclave\.db was replaced/)
  renameSync(`${file}.old`, file)
  files.expectInPlace()
})

test('a folder whose name is gone hides the store; it is there again with its name', () => {
  renameSync(folder, `${folder}.old`)
  refuses(/^conclave\.db was removed or moved away/)
  renameSync(`${folder}.old`, folder)
  files.expectInPlace()
})

function refuses(sentence: RegExp): void {
  assert.throws(
    () => files.expectInPlace(),
    (error) => {
      assert.ok(hasCode(error, 'store_removed'), String(error))
      assert.match(error.message, sentence)
      assert.equal(error.detail['file'], file)
      return true
    },
  )
}
