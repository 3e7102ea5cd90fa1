import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimStorage } from '../../tests/sim/sim-storage.ts'
import { World } from '../../tests/sim/world.ts'
import { InvariantError } from '../base/assert.ts'
import { utf8 } from '../base/encoding.ts'
import type { Barrier } from './barrier.ts'
import { CUSTODY_PATH } from './paths.ts'
import { BarrierView } from './view.ts'

async function openBarrier(): Promise<Barrier> {
  const world = await World.start(new SimStorage(), 'barrier')
  await world.unseal(await world.init(3, 2))
  return world.session!.barrier
}

test('says what is there and what is not', async () => {
  const barrier = await openBarrier()
  assert.equal(await barrier.has('data/app'), false)
  await barrier.commit([{ op: 'put', key: 'data/app', value: utf8('') }])
  assert.equal(await barrier.has('data/app'), true)
  await barrier.commit([{ op: 'delete', key: 'data/app' }])
  assert.equal(await barrier.has('data/app'), false)
})

test('a closed barrier does not say what is there', async () => {
  const barrier = await openBarrier()
  await barrier.commit([{ op: 'put', key: 'data/app', value: utf8('') }])
  barrier.close()
  await assert.rejects(barrier.has('data/app'), { code: 'sealed' })
})

test('what stands before the barrier is not looked for behind it', async () => {
  const barrier = await openBarrier()
  await assert.rejects(barrier.has(CUSTODY_PATH), InvariantError)
})

test('a view that was closed reads on and writes nothing more', async () => {
  const barrier = await openBarrier()
  const view = new BarrierView(barrier, 'data/one/')
  await view.commit([{ op: 'put', key: 'a', value: utf8('a') }])
  view.close()
  await assert.rejects(view.commit([{ op: 'put', key: 'b', value: utf8('b') }]), { code: 'not_found' })
  assert.deepEqual(await view.list(''), ['a'])
})
