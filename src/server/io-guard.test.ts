import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../tests/sim/sim-clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MemoryBackend } from '../physical/memory/memory-backend.ts'
import { IoGuard } from './io-guard.ts'

/** Storage whose commits fail as a disk does. */
class Failing extends MemoryBackend {
  failure: OperatingError | null = null
  override async commit(...parameters: Parameters<MemoryBackend['commit']>): Promise<void> {
    if (this.failure !== null) throw this.failure
    await super.commit(...parameters)
  }
}

const write = [{ op: 'put', key: 'a', value: new Uint8Array(1) }] as const

test('after an I/O error nothing more is written, reading goes on, and the process is told to end once', async () => {
  const storage = new Failing()
  const clock = new SimClock()
  const ended: unknown[] = []
  const guard = new IoGuard(storage, clock, (error) => ended.push(error))
  await guard.commit(write)
  storage.failure = new OperatingError('storage_unavailable', 'fsync failed', { detail: { io: true } })
  await assert.rejects(guard.commit(write), { message: 'fsync failed' })
  storage.failure = null
  await assert.rejects(guard.commit(write), { message: 'the storage has failed; the server is ending' })
  assert.deepEqual(await guard.get('a'), new Uint8Array(1))
  assert.equal(ended.length, 0, 'answers under way may still go out')
  clock.advance(1000)
  await new Promise(setImmediate)
  assert.equal(ended.length, 1)
})

test('a full disk ends nothing: the next commit may succeed', async () => {
  const storage = new Failing()
  const clock = new SimClock()
  const guard = new IoGuard(storage, clock, () => assert.fail('the server must not end'))
  storage.failure = new OperatingError('storage_full', 'no room')
  await assert.rejects(guard.commit(write), { code: 'storage_full' })
  storage.failure = null
  await guard.commit(write)
  clock.advance(1000)
})
