import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import * as fc from 'fast-check'
import { hasCode, OperatingError } from '../base/errors.ts'
import type { Write } from './backend.ts'
import { MemoryBackend } from './memory/memory-backend.ts'
import { ReadCache, type ReadCacheBounds } from './read-cache.ts'

const WIDE: ReadCacheBounds = { bytes: 1 << 20, valueBytes: 1 << 10 }
const everything = (): boolean => true

/** Counts reads, takes its time as it is told, and fails as it is told. */
class Watched extends MemoryBackend {
  readonly reads: string[] = []
  /** Turns before and after the storage itself reads or writes. */
  wait: () => Promise<void> = async () => {}
  failure: OperatingError | null = null

  override async get(key: string): Promise<Uint8Array | null> {
    this.reads.push(key)
    await this.wait()
    const stored = await super.get(key)
    await this.wait()
    return stored
  }

  override async commit(batch: readonly Write[]): Promise<void> {
    await this.wait()
    if (this.failure?.code !== 'storage_full') await super.commit(batch)
    await this.wait()
    if (this.failure !== null) throw this.failure
  }
}

const bytes = (number: number): Uint8Array => new Uint8Array([number >> 8, number & 255])
const put = (key: string, number: number): Write => ({ op: 'put', key, value: bytes(number) })
const numberOf = (stored: Uint8Array | null): number =>
  stored === null ? 0 : (stored[0] ?? 0) * 256 + (stored[1] ?? 0)

test('what was read is not read again, until it is written', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, WIDE, everything)
  await storage.commit([put('a', 1), put('b', 1)])
  const first = await cache.get('a')
  assert.equal(await cache.get('a'), first)
  assert.deepEqual(storage.reads, ['a'])
  await cache.commit([{ op: 'delete', key: 'a' }])
  assert.equal(await cache.get('a'), null)
})

test('what was written is read from memory, once it is durable', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, WIDE, everything)
  await cache.commit([put('a', 1)])
  assert.equal(numberOf(await cache.get('a')), 1)
  const written = cache.commit([put('a', 2)])
  assert.deepEqual(storage.reads, [])
  await cache.get('a')
  assert.deepEqual(storage.reads, ['a'])
  await written
  assert.equal(numberOf(await cache.get('a')), 2)
  assert.deepEqual(storage.reads, ['a'])
})

test('of two commits that write a key side by side nobody knows which was last: it is read', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, WIDE, everything)
  // The one that began first takes effect last.
  const { promise: second, resolve: hurry } = Promise.withResolvers<void>()
  storage.wait = () => second
  const first = cache.commit([put('a', 1), put('b', 1)])
  storage.wait = async () => {}
  await cache.commit([put('a', 2)])
  hurry()
  await first
  assert.equal(numberOf(await cache.get('a')), 1)
  assert.deepEqual(storage.reads, ['a'])
  assert.equal(numberOf(await cache.get('b')), 1)
  assert.deepEqual(storage.reads, ['a'])
})

test('a commit beside one of unknown outcome is not believed to be the last', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, WIDE, everything)
  const { promise: slowly, resolve: hurry } = Promise.withResolvers<void>()
  storage.wait = () => slowly
  const running = cache.commit([put('a', 1)])
  storage.wait = async () => {}
  storage.failure = new OperatingError('storage_unavailable', 'a lost connection')
  await assert.rejects(cache.commit([put('b', 1)]), (error) => hasCode(error, 'storage_unavailable'))
  storage.failure = null
  await cache.settle()
  hurry()
  await running
  await cache.get('a')
  assert.deepEqual(storage.reads, ['a'])
})

test('what is not there is asked for each time: nobody fills the memory by asking', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, WIDE, everything)
  assert.equal(await cache.get('a'), null)
  assert.equal(await cache.get('a'), null)
  assert.deepEqual(storage.reads, ['a', 'a'])
})

test('the keys that are not to be kept, and values that are too long, are read each time', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, { bytes: 1 << 20, valueBytes: 1 }, (key) => key !== 'core/custody')
  await cache.commit([put('a', 1), { op: 'put', key: 'core/custody', value: new Uint8Array(1) }])
  for (const key of ['a', 'a', 'core/custody', 'core/custody']) await cache.get(key)
  assert.equal(storage.reads.length, 4)
})

test('a read that began before a commit ended is not kept, whatever it has seen', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, WIDE, everything)
  await cache.commit([put('a', 1)])
  const { promise: slowly, resolve: hurry } = Promise.withResolvers<void>()
  const writing = Promise.withResolvers<void>()
  storage.wait = () => writing.promise
  const written = cache.commit([put('a', 2)])
  // It has its bytes from before the commit, and takes longer.
  storage.get = async () => {
    await slowly
    return bytes(1)
  }
  const read = cache.get('a')
  writing.resolve()
  await written
  hurry()
  assert.equal(numberOf(await read), 1)
  storage.get = async () => bytes(2)
  assert.equal(numberOf(await cache.get('a')), 2)
})

test('what it was told to forget is read anew, also by a read that was under way', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, WIDE, everything)
  await cache.commit([put('a', 1), put('b', 1)])
  cache.forget()
  const { promise: slowly, resolve: hurry } = Promise.withResolvers<void>()
  storage.wait = () => slowly
  const read = cache.get('b')
  cache.forget()
  hurry()
  await read
  for (const key of ['a', 'b']) await cache.get(key)
  assert.deepEqual(storage.reads, ['b', 'a', 'b'])
})

test('beyond its bytes it forgets first what was not used since it last forgot', async () => {
  const storage = new Watched()
  // Two entries of 200 and four bytes each.
  const cache = new ReadCache(storage, { bytes: 410, valueBytes: 10 }, everything)
  await cache.commit([put('a', 1), put('b', 2), put('c', 3)])
  for (const key of ['a', 'b', 'a', 'c']) await cache.get(key)
  storage.reads.length = 0
  for (const key of ['a', 'c', 'b']) await cache.get(key)
  assert.deepEqual(storage.reads, ['b'])
})

test('after a commit of unknown outcome everything is read from the storage, until it has settled', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, WIDE, everything)
  await cache.commit([put('a', 1), put('b', 1)])
  for (const key of ['a', 'b']) await cache.get(key)
  storage.failure = new OperatingError('storage_unavailable', 'a lost connection')
  await assert.rejects(cache.commit([put('a', 2)]), (error) => hasCode(error, 'storage_unavailable'))
  storage.failure = null
  storage.reads.length = 0
  for (const key of ['a', 'a', 'b', 'b']) await cache.get(key)
  assert.equal(storage.reads.length, 4)
  await cache.settle()
  storage.reads.length = 0
  for (const key of ['a', 'a']) assert.equal(numberOf(await cache.get(key)), 2)
  assert.deepEqual(storage.reads, ['a'])
})

test('a condition that does not hold means that somebody else wrote: nothing kept is believed any more', async () => {
  const storage = new Watched()
  const cache = new ReadCache(storage, WIDE, everything)
  await cache.commit([put('a', 1)])
  await cache.get('a')
  await storage.commit([put('a', 7)])
  storage.failure = new OperatingError('condition_failed', 'not what it was')
  await assert.rejects(cache.commit([put('b', 2)]), (error) => hasCode(error, 'condition_failed'))
  assert.equal(numberOf(await cache.get('a')), 7)
})

test('whatever overtakes what, a read sees a value that stood there while it was under way', async () => {
  const KEYS = ['a', 'b', 'c']
  const step = fc.record({
    isRead: fc.boolean(),
    key: fc.nat(KEYS.length - 1),
    pause: fc.nat(3),
    fails: fc.nat(7).map((chance) => chance === 0),
  })
  const holds = fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.infiniteStream(fc.nat(3)), play)
  await fc.assert(holds, { numRuns: 300 })

  async function play(
    steps: readonly { isRead: boolean; key: number; pause: number; fails: boolean }[],
    turns: fc.Stream<number>,
  ): Promise<void> {
    const storage = new Watched()
    const cache = new ReadCache(storage, { bytes: 410, valueBytes: 10 }, everything)
    const rest = async (count: number): Promise<void> => {
      for (let turn = 0; turn < count; turn++) await setImmediate()
    }
    storage.wait = () => rest(turns.next().value ?? 0)
    const begun = new Map<string, number>()
    const ended = new Map<string, number>()
    const running: Promise<void>[] = []
    for (const { isRead, key: index, pause, fails } of steps) {
      const key = KEYS[index] ?? ''
      running.push(isRead ? read(key) : write(key, fails))
      await rest(pause)
    }
    await Promise.all(running)
    storage.wait = async () => {}
    for (const key of KEYS) assert.deepEqual(await cache.get(key), await storage.get(key))

    async function read(key: string): Promise<void> {
      const least = ended.get(key) ?? 0
      const seen = numberOf(await cache.get(key))
      assert.ok(seen >= least, `${key} is ${seen}, and was ${least} before`)
      assert.ok(seen <= (begun.get(key) ?? 0), `${key} is ${seen} before it was written`)
    }

    /** Writers of one key take turns, as our rooms have it: the numbers in the store only grow. */
    async function write(key: string, fails: boolean): Promise<void> {
      if ((begun.get(key) ?? 0) !== (ended.get(key) ?? 0)) return
      const number = (begun.get(key) ?? 0) + 1
      begun.set(key, number)
      storage.failure = fails ? new OperatingError('storage_unavailable', 'a lost connection') : null
      try {
        await cache.commit([put(key, number)])
      } catch (error) {
        assert.ok(hasCode(error, 'storage_unavailable'))
        await cache.settle()
      } finally {
        storage.failure = null
      }
      ended.set(key, number)
    }
  }
})
