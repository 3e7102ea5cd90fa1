import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { unixMillis } from '../base/clock.ts'
import { utf8 } from '../base/encoding.ts'
import { type ErrorCode, hasCode, OperatingError } from '../base/errors.ts'
import type { Write } from '../physical/backend.ts'
import { openSqliteStore } from '../physical/sqlite/sqlite-backend.ts'
import { readCustodyFacts } from './custody-facts.ts'
import { inspectSnapshot, restoreSnapshot, saveSnapshot } from './snapshot.ts'

const vectorFile = new URL('../../tests/vectors/storage-format.json', import.meta.url)
const CUSTODY = utf8(String(JSON.parse(readFileSync(vectorFile, 'utf8')).vectors.custody_record))
const FACTS = JSON.parse(Buffer.from(CUSTODY).toString())

const sha256 = () => createHash('sha256')
const clock = {
  now: () => unixMillis(Date.UTC(2026, 10, 24, 9, 30)),
  monotonic: () => assert.fail('not used'),
  sleep: () => assert.fail('not used'),
}

let root: string
let folder: string
let file: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'conclave-'))
  folder = join(root, 'data')
  file = join(root, 'of-today.snapshot')
})

afterEach(() => rmSync(root, { recursive: true }))

test('saves beside a running store, and what is restored is what was there at that moment', async () => {
  const store = await openSqliteStore({ folder })
  await store.commit(initialised())
  const saved = save()
  await store.commit([put('later', 'x'), { op: 'delete', key: 'secret/\u{1f600}' }])
  await store.close()

  assert.equal(saved.entries, 4)
  assert.equal(saved.createdAt, '2026-11-24T09:30:00.000Z')
  assert.equal(saved.storeId, Buffer.from(FACTS.store_id, 'base64').toString('hex'))
  assert.equal(saved.serial, FACTS.serial)
  assert.equal(saved.live.number, FACTS.live.number)
  assert.equal(saved.live.threshold, FACTS.live.threshold)
  assert.equal(saved.live.shares, FACTS.live.shares.length)
  assert.deepEqual(inspectSnapshot(file, { sha256 }), saved)

  const restored = join(root, 'restored')
  assert.deepEqual(restoreSnapshot({ file, folder: restored, sha256 }), saved)
  assert.equal(modeOf(join(restored, 'conclave.db')), 0o600)
  assert.equal(modeOf(restored), 0o700)
  const again = await openSqliteStore({ folder: restored })
  for (const write of initialised()) {
    if (write.op === 'put') assert.deepEqual(await again.get(write.key), write.value)
  }
  assert.equal(await again.get('later'), null)
  await again.close()
})

test('has the digest of all entries in byte order of their keys, each behind its length', async () => {
  await makeStore()
  const expected = createHash('sha256')
  for (const [key, value] of [
    ['core/custody', CUSTODY],
    ['core/custody/copy', CUSTODY],
  ] as const)
    feed(expected, key, value)
  feed(expected, 'secret/\uff61', utf8('last in UTF-16, not in UTF-8'))
  feed(expected, 'secret/\u{1f600}', new Uint8Array(0))
  assert.equal(save().digest, expected.digest('hex'))
})

test('makes a file for its owner alone, and leaves nothing else behind', async () => {
  await makeStore()
  const before = process.umask(0)
  save()
  process.umask(before)
  assert.equal(modeOf(file), 0o600)
  assert.deepEqual(readdirSync(root).sort(), ['data', 'of-today.snapshot'])
})

test('refuses to save over a file unless it is told to', async () => {
  await makeStore()
  writeFileSync(file, 'precious')
  refuses('bad_request', () => save())
  assert.equal(readFileSync(file, 'utf8'), 'precious')
  save({ overwrite: true })
  assert.equal(inspectSnapshot(file, { sha256 }).entries, 4)
})

test('refuses a target in a folder that is not there, and one beside the store', async () => {
  await makeStore()
  refuses('bad_request', () => save({ target: join(root, 'nowhere', 'x') }))
  refuses('bad_request', () => save({ target: join(folder, 'x') }))
})

test('refuses to save where no store is, and a store that was never initialised', async () => {
  refuses('not_initialized', () => save())
  const store = await openSqliteStore({ folder })
  refuses('not_initialized', () => save())
  await store.commit([put('a', 'b')])
  refuses('not_initialized', () => save())
  await store.close()
  assert.deepEqual(readdirSync(root), ['data'])
})

test('reads the copy of a custody record that is damaged, and refuses when both are', async () => {
  const store = await openSqliteStore({ folder })
  await store.commit([...initialised(), put('core/custody', 'damaged')])
  assert.equal(save().live.number, FACTS.live.number)
  await store.commit([put('core/custody/copy', 'damaged')])
  refuses('corrupt_store', () => save({ overwrite: true }))
  await store.close()
  assert.throws(() => readCustodyFacts(utf8('{}')), OperatingError)
})

test('refuses to restore over a store, in use or not', async () => {
  await makeStore()
  save()
  refuses('already_initialized', () => restoreSnapshot({ file, folder, sha256 }))
  const store = await openSqliteStore({ folder })
  refuses('store_in_use', () => restoreSnapshot({ file, folder, sha256 }))
  assert.deepEqual(await store.get('core/custody'), CUSTODY)
  await store.close()
})

test('refuses every truncated snapshot, and leaves no trace of the attempt', async () => {
  await makeStore()
  save()
  const whole = readFileSync(file)
  for (let length = 0; length < whole.length; length += 509) {
    writeFileSync(file, whole.subarray(0, length))
    refuses('corrupt_store', () => inspectSnapshot(file, { sha256 }))
    refuses('corrupt_store', () => restoreSnapshot({ file, folder: join(root, 'restored'), sha256 }))
  }
  assert.deepEqual(readdirSync(root).sort(), ['data', 'of-today.snapshot'])
})

test('refuses a snapshot whose entries or manifest were changed', async () => {
  await makeStore()
  save()
  const whole = readFileSync(file)
  const changes = [
    "UPDATE entries SET value = x'00' WHERE key = 'secret/\uff61'",
    "DELETE FROM entries WHERE key = 'secret/\u{1f600}'",
    "DELETE FROM entries WHERE key LIKE 'core/custody%'",
    "INSERT INTO entries VALUES ('more', x'00')",
    "UPDATE manifest SET value = '1' WHERE name = 'threshold'",
    "UPDATE manifest SET value = char(27) || '[2J' WHERE name = 'created_at'",
    "DELETE FROM manifest WHERE name = 'shares'",
    "DELETE FROM manifest WHERE name = 'format'",
    "INSERT INTO manifest VALUES ('more', '1')",
    'DROP TABLE manifest',
    'CREATE TABLE more (x)',
  ]
  for (const sql of changes) {
    writeFileSync(file, whole)
    const database = new DatabaseSync(file)
    database.exec(sql)
    database.close()
    refuses('corrupt_store', () => inspectSnapshot(file, { sha256 }))
  }
})

test('answers a snapshot with one wrong byte with a typed error, or with whole entries', async () => {
  await makeStore()
  const saved = save()
  const whole = readFileSync(file)
  let refused = 0
  for (let at = 0; at < whole.length; at += 37) {
    const damaged = Buffer.from(whole)
    damaged[at]! ^= 0xff
    writeFileSync(file, damaged)
    try {
      // Not every byte of a database file counts.
      assert.equal(inspectSnapshot(file, { sha256 }).digest, saved.digest)
    } catch (error) {
      assert.ok(error instanceof OperatingError, String(error))
      assert.ok(['corrupt_store', 'store_foreign', 'store_newer'].includes(error.code), error.code)
      refused += 1
    }
  }
  assert.ok(refused > 0)
})

test('refuses a file that is no snapshot, and one of a newer format', async () => {
  refuses('not_found', () => inspectSnapshot(file, { sha256 }))
  mkdirSync(file)
  refuses('not_found', () => inspectSnapshot(file, { sha256 }))
  rmSync(file, { recursive: true })
  for (const letter of ['a letter home, '.repeat(500), 'a letter of 16 b']) {
    writeFileSync(file, letter)
    refuses('store_foreign', () => inspectSnapshot(file, { sha256 }))
  }
  await makeStore()
  refuses('corrupt_store', () => inspectSnapshot(join(folder, 'conclave.db'), { sha256 }))
  save({ overwrite: true })
  const database = new DatabaseSync(file)
  database.exec("UPDATE manifest SET value = '2' WHERE name = 'format'")
  database.close()
  refuses('store_newer', () => inspectSnapshot(file, { sha256 }))
})

function save(given: { readonly target?: string; readonly overwrite?: boolean } = {}) {
  return saveSnapshot({ folder, target: file, clock, sha256, ...given })
}

async function makeStore(): Promise<void> {
  const store = await openSqliteStore({ folder })
  await store.commit(initialised())
  await store.close()
}

function initialised(): readonly Write[] {
  return [
    { op: 'put', key: 'core/custody', value: CUSTODY },
    { op: 'put', key: 'core/custody/copy', value: CUSTODY },
    put('secret/\uff61', 'last in UTF-16, not in UTF-8'),
    put('secret/\u{1f600}', ''),
  ]
}

function put(key: string, text: string): Write {
  return { op: 'put', key, value: utf8(text) }
}

function feed(hash: ReturnType<typeof createHash>, key: string, value: Uint8Array): void {
  for (const part of [Buffer.from(key), value]) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    hash.update(length).update(part)
  }
}

function refuses(code: ErrorCode, act: () => unknown): void {
  assert.throws(act, (error) => {
    assert.ok(hasCode(error, code), String(error))
    return true
  })
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}
