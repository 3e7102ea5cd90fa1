import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { type ShareSet, World } from '../sim/world.ts'

async function sealed(): Promise<{ world: World; keys: ShareSet }> {
  const world = await World.start(new SimStorage(), 'unseal')
  return { world, keys: await world.init(5, 3) }
}

test('a share given twice counts once', async () => {
  const { world, keys } = await sealed()
  await world.unseal([keys[0]!])
  await world.unseal([keys[0]!])
  assert.equal(world.custodian.status().progress, 1)
})

test('whoever gives a share again is told that it is in already, and nobody else', async () => {
  const { world, keys } = await sealed()
  const give = async (index: number): Promise<boolean> =>
    (await world.custodian.unseal(SecretBytes.copyOf(keys[index]!), '127.0.0.1')).repeated
  assert.deepEqual([await give(0), await give(0), await give(1), await give(0)], [false, true, false, true])
  assert.equal(await give(2), false)
  // An open store needs no share, and says nothing of those that opened it.
  assert.deepEqual([world.custodian.isOpen, await give(0)], [true, false])
})

test('a wrong share is refused alone, at once: progress and nonce of the others stay', async () => {
  const { world, keys } = await sealed()
  await world.unseal(keys.slice(0, 2))
  const { nonce } = world.custodian.status()
  const wrong = keys[2]!.slice()
  wrong[5]! ^= 1
  await assert.rejects(world.unseal([wrong]), { code: 'share_unknown' })
  assert.deepEqual([world.custodian.status().progress, world.custodian.status().nonce], [2, nonce])
  await world.unseal([keys[2]!])
  assert(world.custodian.isOpen)
})

test('a reset drops every part and the nonce', async () => {
  const { world, keys } = await sealed()
  await world.unseal(keys.slice(0, 2))
  await world.custodian.resetUnseal({ source: '127.0.0.1', direct: true, access: 'open', share: null })
  assert.deepEqual([world.custodian.status().progress, world.custodian.status().nonce], [0, ''])
})

test('a reset of an open store is refused', async () => {
  const { world, keys } = await sealed()
  await world.unseal(keys)
  await assert.rejects(
    world.custodian.resetUnseal({ source: '127.0.0.1', direct: true, access: 'open', share: null }),
    {
      code: 'bad_request',
      message: 'vault is unsealed',
    },
  )
})

test('an empty store says that it is not initialised', async () => {
  const world = await World.start(new SimStorage(), 'empty')
  await assert.rejects(world.unseal([new Uint8Array(33).fill(7)]), { code: 'not_initialized' })
})

test('where the disk is full the store opens all the same, reads, and writes again once there is room', async () => {
  const { world, keys } = await sealed()
  world.storage.arm({ at: 1_000_000, mode: 'full' })
  const full = await World.start(world.storage.reopened(), 'full')
  const commit = full.storage.commit.bind(full.storage)
  full.storage.commit = async () => {
    const { OperatingError } = await import('../../src/base/errors.ts')
    throw new OperatingError('storage_full', 'no room')
  }
  await full.unseal(keys)
  assert.equal(await full.read('data/first'), 'written at init')
  await assert.rejects(full.put('data/second', 'x'), { code: 'storage_full' })
  full.storage.commit = commit
  await full.put('data/second', 'x')
  assert.equal(await full.read('data/second'), 'x')
})

test('operations are reserved before they are used, and given back by a clean stop', async () => {
  const { world, keys } = await sealed()
  await world.unseal(keys)
  for (let n = 0; n < 10; n++) await world.put(`data/${n}`, 'x')
  const { used } = world.session!.barrier
  const reserved = world.session!.barrier.keyring.active.operations
  assert(used <= reserved, 'never more than was reserved')
  const crashed = await World.start(world.storage.reopened(), 'crashed')
  await crashed.unseal(keys)
  assert(crashed.session!.barrier.used >= reserved, 'after a crash every reserved operation counts')
  await world.custodian.stop()
  const stopped = await World.start(world.storage.reopened(), 'stopped')
  await stopped.unseal(keys)
  assert(stopped.session!.barrier.used < reserved, 'a clean stop gave the rest back')
})

test('every seal has a nonce of its own: none repeats in 10,000 entries', async () => {
  const { world, keys } = await sealed()
  await world.unseal(keys)
  for (let n = 0; n < 100; n++) {
    const entries = Array.from({ length: 100 }, (_, index) => `bulk/${n}/${index}`)
    await world.session!.barrier.commit(entries.map((key) => ({ op: 'put', key, value: new Uint8Array(1) })))
  }
  const nonces = [...world.storage.entries]
    .filter(([key]) => key.startsWith('bulk/'))
    .map(([, value]) => Buffer.from(value.subarray(5, 17)).toString('hex'))
  assert.equal(new Set(nonces).size, 10_000)
})

test('a reset of a store that has nothing leaves it as it is', async () => {
  const world = await World.start(new SimStorage(), 'empty')
  const by = { source: '127.0.0.1', direct: true, access: 'open', share: null } as const
  await world.custodian.resetUnseal(by)
  assert.equal(world.storage.entries.size, 0)
})

test('a reset of a store to which nobody has given a share leaves no ceremony behind', async () => {
  const { world } = await sealed()
  await world.custodian.resetUnseal({ source: '127.0.0.1', direct: true, access: 'open', share: null })
  const [newest] = world.journal.entries().toReversed()
  assert.deepEqual([newest?.event, newest?.ceremony], ['reset', null])
})
