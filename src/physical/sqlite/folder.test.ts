import assert from 'node:assert/strict'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { utf8 } from '../../base/encoding.ts'
import { type ErrorCode, hasCode } from '../../base/errors.ts'
import { LOCK_FILE, prepareFolder, RESTORING_FILE, STORE_FILE } from './folder.ts'
import { openSqliteStore } from './sqlite-backend.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conclave-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

test('makes folder and files for their owner alone, whatever the umask', async () => {
  const before = process.umask(0)
  try {
    const made = join(folder, 'a', 'b')
    const store = await openSqliteStore({ folder: made })
    await store.commit([{ op: 'put', key: 'a', value: utf8('b') }])
    const names = readdirSync(made).sort()
    assert.deepEqual(names, [STORE_FILE, `${STORE_FILE}-shm`, `${STORE_FILE}-wal`, LOCK_FILE].sort())
    for (const name of names) assert.equal(modeOf(join(made, name)), 0o600, name)
    assert.equal(modeOf(made), 0o700)
    assert.equal(modeOf(join(folder, 'a')), 0o700)
    await store.close()
  } finally {
    process.umask(before)
  }
})

test('refuses a folder that others may look into, and says what to run', () => {
  chmodSync(folder, 0o750)
  refuses(folder, 'store_unsafe', `${folder} is open to other users: run  chmod 700 ${folder}`)
})

test('refuses a file that others may read or write, and says what to run', () => {
  for (const name of [STORE_FILE, `${STORE_FILE}-wal`, 'node.key']) {
    for (const mode of [0o640, 0o620, 0o604, 0o602]) {
      const path = join(folder, name)
      writeFileSync(path, '')
      chmodSync(path, mode)
      refuses(folder, 'store_unsafe', `${path} is open to other users: run  chmod 600 ${path}`)
      rmSync(path)
    }
  }
})

test('refuses links in place of the folder or of a file in it', () => {
  const elsewhere = join(folder, 'elsewhere')
  mkdirSync(elsewhere, { mode: 0o700 })
  symlinkSync(elsewhere, join(folder, 'link'))
  refuses(join(folder, 'link'), 'store_unsafe', /is a symbolic link/)
  symlinkSync('/dev/null', join(elsewhere, STORE_FILE))
  refuses(elsewhere, 'store_unsafe', /conclave\.db is a symbolic link/)
})

test('refuses a folder in place of a file, and a file in place of the folder', () => {
  mkdirSync(join(folder, STORE_FILE))
  refuses(folder, 'store_unsafe', /conclave\.db is no regular file/)
  writeFileSync(join(folder, 'file'), '')
  refuses(join(folder, 'file'), 'store_unsafe', /cannot be made/)
})

test("refuses another program's folder, names it, and asks for no chmod there", () => {
  const others: readonly (readonly [readonly string[], RegExp])[] = [
    [['core', 'logical', 'sys'], /the file storage of Vault or OpenBao/],
    [['vault.db', 'raft'], /the raft storage of Vault or OpenBao/],
    [['PG_VERSION', 'base'], /a PostgreSQL cluster/],
    [['package.json', 'src'], /a project's folder/],
    [['a', 'b', 'c', 'd'], /other files: a, b, c, …;/],
    [[STORE_FILE, 'notes.txt'], /other files: notes\.txt;/],
    [['sys', 'usr'], /other files: sys, usr;/],
  ]
  for (const [names, message] of others) {
    const foreign = join(folder, `of-${names.join('-')}`)
    mkdirSync(foreign, { mode: 0o755 })
    for (const name of names) writeFileSync(join(foreign, name), '')
    refuses(foreign, 'store_foreign', message)
  }
})

test('takes an empty folder, and one with nothing but our files', () => {
  prepareFolder(folder)
  for (const name of [STORE_FILE, LOCK_FILE, RESTORING_FILE, 'node.key']) {
    writeFileSync(join(folder, name), '', { mode: 0o600 })
  }
  assert.equal(prepareFolder(folder).store, join(folder, STORE_FILE))
})

function refuses(path: string, code: ErrorCode, message: string | RegExp): void {
  assert.throws(
    () => prepareFolder(path),
    (error) => {
      assert.ok(hasCode(error, code), String(error))
      if (typeof message === 'string') assert.equal(error.message, message)
      else assert.match(error.message, message)
      return true
    },
  )
}

function modeOf(path: string): number {
  return lstatSync(path).mode & 0o777
}
