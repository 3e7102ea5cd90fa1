import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { utf8 } from '../../base/encoding.ts'
import { hasCode, OperatingError } from '../../base/errors.ts'
import type { Write } from '../backend.ts'
import { openSqliteStore } from './sqlite-backend.ts'

const MODULE = new URL('./sqlite-backend.ts', import.meta.url).href
const KILLS = 5

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conclave-'))
  file = join(folder, 'conclave.db')
})

afterEach(() => rmSync(folder, { recursive: true }))

test('refuses a second process while the first lives, and lets it in after kill -9', async () => {
  const child = run('await openSqliteStore({ folder }); console.log("open"); setInterval(() => {}, 1000)')
  await firstLine(child)
  await assert.rejects(openSqliteStore({ folder }), (error) => {
    assert.ok(hasCode(error, 'store_in_use'))
    assert.match(error.message, /use that server, or stop it first/)
    assert.ok(error.message.includes(folder))
    return true
  })
  await kill(child)
  await (await openSqliteStore({ folder })).close()
})

test('refuses a second opening by the same process, and a third process even so', async () => {
  const store = await openSqliteStore({ folder })
  await assert.rejects(openSqliteStore({ folder }), (error) => hasCode(error, 'store_in_use'))
  // The refused opening must not have closed a descriptor of the lock file: that would have dropped the lock.
  const child = run(
    'await openSqliteStore({ folder }).then(() => console.log("open"), (e) => console.log(e.code))',
  )
  assert.equal(await firstLine(child), 'store_in_use')
  await once(child, 'exit')
  await store.close()
  await (await openSqliteStore({ folder })).close()
})

test('keeps every acknowledged write and tears no batch, when killed with -9 while writing', async () => {
  for (let round = 0; round < KILLS; round++) {
    const child = run(`
      const store = await openSqliteStore({ folder })
      await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(async (writer) => {
        for (let count = 1; ; count++) {
          const value = new TextEncoder().encode('${round}/' + count)
          const put = (side) => ({ op: 'put', key: side + '/' + writer, value })
          await store.commit(['left', 'right'].map(put))
          writeSync(1, writer + ' ${round}/' + count + '\\n')
        }
      }))`)
    const acknowledged = new Map<string, string>()
    let lines = 0
    for await (const line of createInterface({ input: child.stdout! })) {
      const [writer, value] = line.split(' ')
      acknowledged.set(writer!, value!)
      lines += 1
      if (lines === 50 * (round + 1)) child.kill('SIGKILL')
    }
    const store = await openSqliteStore({ folder })
    assert.equal(child.signalCode, 'SIGKILL')
    assert.ok(acknowledged.size > 0)
    for (const [writer, value] of acknowledged) {
      const left = await store.get(`left/${writer}`)
      assert.deepEqual(await store.get(`right/${writer}`), left)
      const [storedRound, count] = Buffer.from(left ?? [])
        .toString()
        .split('/')
        .map(Number)
      assert.equal(storedRound, round)
      assert.ok(count! >= Number(value.split('/')[1]), `acknowledged ${value}, stored ${count}`)
    }
    await store.close()
  }
})

test('opening moves what a killed process left in the log into the file, which is flushed', async () => {
  const child = run(`
    const store = await openSqliteStore({ folder })
    await store.commit([{ op: 'put', key: 'k', value: new TextEncoder().encode('left in the log') }])
    console.log('written')
    setInterval(() => {}, 1000)`)
  await firstLine(child)
  await kill(child)
  assert.ok(!readFileSync(file).includes('left in the log'))
  const store = await openSqliteStore({ folder })
  assert.equal(statSync(`${file}-wal`).size, 0)
  assert.ok(readFileSync(file).includes('left in the log'))
  await store.close()
})

test('opens a store whatever its folder is called', async () => {
  const odd = join(folder, 'a b%20?c=d&mode=memory#e')
  const store = await openSqliteStore({ folder: odd })
  await store.commit([put('a', 10)])
  await store.close()
  assert.ok(statSync(join(odd, 'conclave.db')).size > 0)
  const again = await openSqliteStore({ folder: odd })
  assert.equal((await again.get('a'))?.length, 10)
  await again.close()
})

test('looks whether a commit could be made, and makes none', async () => {
  const store = await openSqliteStore({ folder })
  await store.commit([put('a', 10)])
  const before = readFileSync(`${file}-wal`)
  await store.check(false)
  await store.check(true)
  assert.deepEqual(readFileSync(`${file}-wal`), before)
  rmSync(`${file}-wal`)
  await assert.rejects(store.check(false), (error) => hasCode(error, 'store_removed'))
  await store.close()
})

test('settling opens nothing in place of a store that is gone, and the lock stays held', async () => {
  const store = await openSqliteStore({ folder })
  await store.commit([put('a', 10)])
  rmSync(file)
  await assert.rejects(store.settle(), (error) => hasCode(error, 'storage_unavailable'))
  assert.ok(!existsSync(file))
  assert.equal((await store.get('a'))?.length, 10)
  await assert.rejects(openSqliteStore({ folder }), (error) => hasCode(error, 'store_in_use'))
  await store.close()
})

test('says that the disk is full, changes nothing, and works again once there is room', async () => {
  const store = await openSqliteStore({ folder, maxPages: 40 })
  await store.commit([put('small', 10), put('ballast', 60_000)])
  const large = store.commit([put('small', 20), put('large', 120_000)])
  // In the same group as the one without room.
  const beside = store.commit([put('beside', 10)])
  await assert.rejects(large, (error) => hasCode(error, 'storage_full'))
  await beside
  assert.equal((await store.get('small'))?.length, 10)
  assert.equal(await store.get('large'), null)
  await store.commit([{ op: 'delete', key: 'ballast' }])
  await store.commit([put('large', 100_000)])
  assert.equal((await store.get('large'))?.length, 100_000)
  await store.close()
})

test('scrub leaves nothing of a replaced or deleted value in the files', async () => {
  const store = await openSqliteStore({ folder })
  const old = utf8('the old slot '.repeat(2000))
  await store.commit([
    { op: 'put', key: 'replaced', value: old },
    { op: 'put', key: 'deleted', value: old },
  ])
  await store.scrub()
  assert.ok(readFileSync(file).includes('the old slot'))
  await store.commit([put('replaced', 10), { op: 'delete', key: 'deleted' }])
  await store.scrub()
  assert.ok(!readFileSync(file).includes('the old slot'))
  assert.equal(statSync(`${file}-wal`).size, 0)
  await store.close()
})

test('scrub says so when a reader of another process keeps it from its work, and commits go on', async () => {
  const store = await openSqliteStore({ folder })
  await store.commit([put('a', 10)])
  const reader = new DatabaseSync(file, { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM entries').get()
  await store.commit([put('a', 20)])
  await assert.rejects(store.scrub(), (error) => hasCode(error, 'storage_unavailable'))
  await store.commit([put('b', 20)])
  reader.close()
  await store.scrub()
  await store.close()
})

test('refuses the database of another program, and leaves its file as it is', async () => {
  writeFileSync(file, '', { mode: 0o600 })
  const foreign = new DatabaseSync(file)
  foreign.exec('CREATE TABLE theirs (x)')
  foreign.close()
  const before = readFileSync(file)
  await refusesAs('store_foreign')
  assert.deepEqual(readFileSync(file), before)
})

test('refuses a store of a newer layout, and one whose tables were changed', async () => {
  await makeStore()
  change('PRAGMA user_version = 2')
  await refusesAs('store_newer')
  change('PRAGMA user_version = 1; CREATE TRIGGER t AFTER DELETE ON entries BEGIN SELECT 1; END')
  await refusesAs('corrupt_store')
  change('DROP TRIGGER t; DROP TABLE entries')
  await refusesAs('corrupt_store')
})

test('refuses a file that is no database', async () => {
  writeFileSync(file, 'not a database, '.repeat(1000), { mode: 0o600 })
  await refusesAs('corrupt_store')
})

test('answers a truncated or overwritten store with a typed error, never with a raw one', async () => {
  await makeStore()
  const whole = readFileSync(file)
  for (const length of [
    1,
    50,
    100,
    4095,
    4096,
    8192,
    whole.length >> 1,
    whole.length - 4096,
    whole.length - 1,
  ]) {
    writeFileSync(file, whole)
    truncateSync(file, length)
    await readsTyped()
  }
  for (let page = 0; page * 4096 < whole.length; page++) {
    const damaged = Buffer.from(whole)
    damaged.fill(0xa5, page * 4096 + (page === 0 ? 100 : 0), (page + 1) * 4096)
    writeFileSync(file, damaged)
    await readsTyped()
  }
})

test('tells of a damaged lock file what to do', async () => {
  writeFileSync(join(folder, 'conclave.db.lock'), 'x'.repeat(5000), { mode: 0o600 })
  await refusesAs('corrupt_store')
})

async function makeStore(): Promise<void> {
  const store = await openSqliteStore({ folder })
  await store.commit(Array.from({ length: 40 }, (_, index) => put(`k/${index}`, 500)))
  await store.close()
}

/** Either opening fails with a code, or each read gives what was stored or fails with a code. */
async function readsTyped(): Promise<void> {
  try {
    const store = await openSqliteStore({ folder })
    try {
      for (let index = 0; index < 40; index++) {
        const value = await store.get(`k/${index}`).catch(expectTyped)
        assert.ok(value === null || value === undefined || value instanceof Uint8Array)
      }
      await store.list('k/', { after: '', limit: 100 }).catch(expectTyped)
      await store.commit([put('k/0', 600)]).catch(expectTyped)
    } finally {
      await store.close().catch(expectTyped)
    }
  } catch (error) {
    expectTyped(error)
  }
}

function expectTyped(error: unknown): void {
  assert.ok(error instanceof OperatingError, String(error))
  assert.ok(
    ['corrupt_store', 'store_foreign', 'store_newer', 'storage_unavailable'].includes(error.code),
    error.code,
  )
}

async function refusesAs(code: 'corrupt_store' | 'store_foreign' | 'store_newer'): Promise<void> {
  await assert.rejects(openSqliteStore({ folder }), (error) => {
    assert.ok(hasCode(error, code), String(error))
    return true
  })
}

function change(sql: string): void {
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
}

function put(key: string, length: number): Write {
  return { op: 'put', key, value: new Uint8Array(length).fill(length & 255) }
}

/** A process of its own that runs `body` with `folder` and `openSqliteStore` at hand. */
function run(body: string): ChildProcess {
  const source = `
    import { writeSync } from 'node:fs'
    import { openSqliteStore } from ${JSON.stringify(MODULE)}
    const folder = ${JSON.stringify(folder)}
    ${body}`
  const flags = ['--input-type=module', '--eval', source]
  return spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line
  throw new Error('the child ended without a word')
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
