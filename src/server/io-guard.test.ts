import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../tests/sim/sim-clock.ts'
import { type ErrorCode, OperatingError } from '../base/errors.ts'
import { MemoryBackend } from '../physical/memory/memory-backend.ts'
import { IoGuard } from './io-guard.ts'

/** Storage whose commits fail as a disk does. */
class Failing extends MemoryBackend {
  failure: OperatingError | null = null
  readonly touched: string[] = []

  override async commit(...parameters: Parameters<MemoryBackend['commit']>): Promise<void> {
    if (this.failure !== null) throw this.failure
    await super.commit(...parameters)
  }

  override async settle(): Promise<void> {
    this.touched.push('settle')
  }

  override async scrub(): Promise<void> {
    this.touched.push('scrub')
  }
}

/** Such a storage that can be asked, and notes how it was. */
class Asked extends Failing {
  readonly asked: boolean[] = []

  async check(tries: boolean): Promise<void> {
    this.asked.push(tries)
    if (this.failure !== null) throw this.failure
  }
}

const write = [{ op: 'put', key: 'a', value: new Uint8Array(1) }] as const
const BROKEN = new OperatingError('storage_unavailable', 'fsync failed', { detail: { io: true } })
const nobodyEnds = (): void => assert.fail('the server must not end')
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('after an I/O error nothing more is written, reading goes on, and the process is told to end once', async () => {
  const storage = new Failing()
  const clock = new SimClock()
  const ended: unknown[] = []
  const guard = new IoGuard(storage, clock, (error) => ended.push(error))
  await guard.commit(write)
  storage.failure = BROKEN
  await assert.rejects(guard.commit(write), { message: 'fsync failed' })
  storage.failure = null
  await assert.rejects(guard.commit(write), { message: 'the storage has failed; the server is ending' })
  assert.deepEqual(await guard.get('a'), new Uint8Array(1))
  assert.equal(ended.length, 0, 'answers under way may still go out')
  clock.advance(1000)
  await turn()
  assert.equal(ended.length, 1)
})

test('after an I/O error the store is neither opened again nor moved about: what is read would prove nothing', async () => {
  const storage = new Failing()
  const guard = new IoGuard(storage, new SimClock(), () => undefined)
  storage.failure = BROKEN
  await assert.rejects(guard.commit(write))
  await assert.rejects(guard.settle(), { code: 'storage_unavailable' })
  await assert.rejects(guard.scrub(), { code: 'storage_unavailable' })
  assert.deepEqual(storage.touched, [])
})

test('says at once that the storage has failed, so that keys are wiped before the process ends', async () => {
  const storage = new Failing()
  const guard = new IoGuard(storage, new SimClock(), nobodyEnds)
  storage.failure = BROKEN
  await assert.rejects(guard.commit(write))
  assert.equal(await guard.failure, BROKEN)
})

for (const code of ['storage_full', 'storage_read_only', 'store_removed'] satisfies ErrorCode[]) {
  test(`${code} ends nothing: it is told as trouble until the next commit succeeds`, async () => {
    const storage = new Failing()
    const clock = new SimClock()
    const guard = new IoGuard(storage, clock, nobodyEnds)
    assert.equal(guard.trouble, null)
    storage.failure = new OperatingError(code, 'refused')
    await assert.rejects(guard.commit(write), { code })
    assert.equal(guard.trouble, code)
    storage.failure = null
    await guard.commit(write)
    assert.equal(guard.trouble, null)
    clock.advance(1000)
    await turn()
  })
}

test('a condition that does not hold is no trouble of the storage', async () => {
  const storage = new Failing()
  const guard = new IoGuard(storage, new SimClock(), nobodyEnds)
  storage.failure = new OperatingError('condition_failed', 'another by now')
  await assert.rejects(guard.commit(write), { code: 'condition_failed' })
  assert.equal(guard.trouble, null)
})

test('who asks has the storage looked at, once a second, by a write only where one was refused', async () => {
  const storage = new Asked()
  const clock = new SimClock()
  const guard = new IoGuard(storage, clock, nobodyEnds)
  clock.advance(1000)
  for (let times = 0; times < 10; times++) assert.equal(guard.trouble, null)
  assert.deepEqual(storage.asked, [false])

  storage.failure = new OperatingError('storage_full', 'no room')
  await assert.rejects(guard.commit(write))
  storage.failure = null
  clock.advance(1000)
  assert.equal(guard.trouble, 'storage_full')
  await turn()
  assert.equal(guard.trouble, null, 'the look found room')
  assert.deepEqual(storage.asked, [false, true])
})
