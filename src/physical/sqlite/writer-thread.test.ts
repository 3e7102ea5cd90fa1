import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { utf8 } from '../../base/encoding.ts'
import { hasCode } from '../../base/errors.ts'
import type { Write } from '../backend.ts'
import { openSqliteStore } from './sqlite-backend.ts'

/** The write-ahead log: sqlite.org/fileformat2.html section 4.1. */
const LOG_HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const SIZE_AFTER_COMMIT_AT = 4

let folder: string
let threads: Worker[]

const noteThread = (thread: Worker): unknown => threads.push(thread)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conclave-'))
  threads = []
  process.on('worker', noteThread)
})

afterEach(async () => {
  process.off('worker', noteThread)
  // A test that fails leaves its store open, and the process would wait for its thread.
  for (const thread of threads) await thread.terminate()
  rmSync(folder, { recursive: true })
})

test('makes commits that come together durable together, by few transactions', async () => {
  const store = await openSqliteStore({ folder })
  const before = transactionsInLog()
  // The first keeps the writer busy until the others have come.
  const first = store.commit([{ op: 'put', key: 'large', value: new Uint8Array(2 ** 21) }])
  await immediate()
  const others = Array.from({ length: 200 }, (_, index) => store.commit([put(`together/${index}`)]))
  await Promise.all([first, ...others])
  const together = transactionsInLog() - before
  assert.ok(together >= 1 && together <= 20, `201 commits made ${together} transactions`)
  for (let index = 0; index < 5; index++) await store.commit([put(`alone/${index}`)])
  assert.equal(transactionsInLog() - before - together, 5)
  await store.close()
})

test('sends the commits of one turn in one message, and 257 of them in two', async () => {
  const store = await openSqliteStore({ folder })
  const messages = countMessages(threads[0]!)
  await Promise.all(Array.from({ length: 256 }, (_, index) => store.commit([put(`first/${index}`)])))
  assert.equal(messages.count, 1)
  await Promise.all(Array.from({ length: 257 }, (_, index) => store.commit([put(`second/${index}`)])))
  assert.equal(messages.count, 3)
  assert.equal((await store.list('second/', { after: '', limit: 1000 })).length, 257)
  await store.close()
})

test('lets every commit of a message stand or fall by itself, whole', async () => {
  const store = await openSqliteStore({ folder })
  await store.commit([put('there')])
  const messages = countMessages(threads[0]!)
  const absent = (key: string) => [{ key, stored: null }]
  const outcomes = await Promise.allSettled([
    store.commit([put('one/left'), put('one/right')]),
    store.commit([put('two/left'), { op: 'delete', key: 'there' }], absent('there')),
    store.commit([put('three/left'), put('three/right')], absent('one/left')),
    store.commit([put('four/left'), put('four/right')], absent('two/left')),
  ])
  assert.equal(messages.count, 1)
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'made' : outcome.reason.code)),
    ['made', 'condition_failed', 'condition_failed', 'made'],
  )
  assert.deepEqual(await store.list('', { after: '', limit: 10 }), ['four/', 'one/', 'there'])
  assert.deepEqual(await store.list('four/', { after: '', limit: 10 }), ['left', 'right'])
  await store.close()
})

test('makes nothing of a commit that does not fit, and all of the others in its message', async () => {
  const store = await openSqliteStore({ folder, maxPages: 50 })
  const messages = countMessages(threads[0]!)
  const large: Write = { op: 'put', key: 'two/large', value: new Uint8Array(50 * 4096) }
  const outcomes = await Promise.allSettled([
    store.commit([put('one')]),
    store.commit([put('two/small'), large]),
    store.commit([put('three')]),
  ])
  assert.equal(messages.count, 1)
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'made' : outcome.reason.code)),
    ['made', 'storage_full', 'made'],
  )
  assert.deepEqual(await store.list('', { after: '', limit: 10 }), ['one', 'three'])
  await store.close()
})

test('keeps the bytes as they were when the commit was asked for', async () => {
  const store = await openSqliteStore({ folder })
  const value = Buffer.from('as it was')
  const stored = store.commit([{ op: 'put', key: 'kept', value }])
  value.fill(0)
  await stored
  assert.deepEqual(await store.get('kept'), utf8('as it was'))
  const condition = utf8('as it was')
  const conditional = store.commit([put('later')], [{ key: 'kept', stored: condition }])
  condition.fill(0)
  await conditional
  await store.close()
})

test('makes commits durable before what is asked behind them', async () => {
  const store = await openSqliteStore({ folder })
  const order: string[] = []
  const committed = store.commit([put('first')]).then(() => order.push('committed'))
  await store.scrub()
  order.push('scrubbed')
  await committed
  assert.deepEqual(order, ['committed', 'scrubbed'])
  await store.commit([put('second')])
  const last = store.commit([put('last')])
  await store.close()
  await last
})

test('leaves commits with an unknown outcome when the writer dies, and works again once settled', async () => {
  const store = await openSqliteStore({ folder })
  await store.commit([put('acknowledged')])
  const under = Array.from({ length: 20 }, (_, index) =>
    store.commit([put(`left/${index}`), put(`right/${index}`)]),
  )
  const outcomes = Promise.allSettled(under)
  // By then they have been sent.
  await immediate()
  await threads[0]!.terminate()
  const kept = await outcomes

  await assert.rejects(store.commit([put('later')]), (error) => hasCode(error, 'storage_unavailable'))
  assert.notEqual(await store.get('acknowledged'), null)
  await store.settle()
  assert.equal(threads.length, 2)

  for (const [index, outcome] of kept.entries()) {
    const left = await store.get(`left/${index}`)
    assert.equal(left === null, (await store.get(`right/${index}`)) === null)
    if (outcome.status === 'fulfilled') assert.notEqual(left, null)
    else assert.ok(hasCode(outcome.reason, 'storage_unavailable'))
  }
  await store.commit([put('later')])
  assert.notEqual(await store.get('later'), null)
  await store.close()
})

test('makes nothing of commits that had not been sent when the writer died', async () => {
  const store = await openSqliteStore({ folder })
  const outcome = store.commit([put('unsent')])
  const refused = assert.rejects(outcome, (error) => hasCode(error, 'storage_unavailable'))
  await threads[0]!.terminate()
  await refused
  await store.settle()
  assert.equal(await store.get('unsent'), null)
  await store.close()
})

test('sends no commit any more once its caller was told that nobody knows', async () => {
  const store = await openSqliteStore({ folder })
  const messages = countMessages(threads[0]!)
  const outcome = store.commit([put('unsent')])
  const refused = assert.rejects(outcome, (error) => hasCode(error, 'storage_unavailable'))
  threads[0]!.emit('messageerror', new Error('an answer that cannot be read'))
  await refused
  await immediate()
  assert.equal(messages.count, 0)
  await store.close()
})

test('leaves commits with an unknown outcome when no message can be made of them', async () => {
  for (const behind of ['nothing', 'scrub'] as const) {
    const store = await openSqliteStore({ folder })
    threads.at(-1)!.postMessage = () => {
      throw new DOMException('Data cannot be cloned, out of memory.', 'DataCloneError')
    }
    const commits = [store.commit([put('left')]), store.commit([put('right')])]
    const asked = behind === 'scrub' ? [...commits, store.scrub()] : commits
    for (const outcome of await Promise.allSettled(asked)) {
      assert(outcome.status === 'rejected' && hasCode(outcome.reason, 'storage_unavailable'))
    }
    await store.settle()
    await store.commit([put('later')])
    assert.deepEqual(await store.list('', { after: '', limit: 10 }), ['later'])
    await store.close()
  }
})

test('lets go of a store whose writer has died', async () => {
  const store = await openSqliteStore({ folder })
  await threads[0]!.terminate()
  await store.close()
  await (await openSqliteStore({ folder })).close()
})

/** How many messages the thread has been sent since. */
function countMessages(thread: Worker): { count: number } {
  const messages = { count: 0 }
  const post = thread.postMessage.bind(thread)
  thread.postMessage = (message: unknown) => {
    messages.count += 1
    post(message)
  }
  return messages
}

/** Frames that end a transaction. Nothing moves the log into the file before it has 1,000 frames. */
function transactionsInLog(): number {
  const pageBytes = readFileSync(join(folder, 'conclave.db')).readUInt16BE(16)
  const log = readFileSync(join(folder, 'conclave.db-wal'))
  let count = 0
  for (let at = LOG_HEADER_BYTES; at < log.length; at += FRAME_HEADER_BYTES + pageBytes) {
    if (log.readUInt32BE(at + SIZE_AFTER_COMMIT_AT) > 0) count += 1
  }
  return count
}

function put(key: string): Write {
  return { op: 'put', key, value: utf8('value') }
}
