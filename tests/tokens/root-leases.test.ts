import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gathered } from '../../src/logical/listed.ts'
import { tokenLeases } from '../../src/server/token-leases.ts'
import { TokenWorld } from '../sim/token-world.ts'

test('a root token of init holds no lease, whatever an older store says of it', async () => {
  const world = await TokenWorld.start()
  const leases = tokenLeases(world.store)
  const { key } = await world.rootToken()
  const id = `auth/token/root/h${key.slice('id/'.length)}`
  const asOlder = (): Promise<void> =>
    world.view.commit([{ op: 'put', key: `lease/${id}`, value: new Uint8Array([1]) }])
  assert.ok(!world.keys.includes(`tokens/lease/${id}`))
  for (const isOlder of [false, true]) {
    if (isOlder) await asOlder()
    assert.equal(await leases.lookup(id), null)
    await leases.revoke(id)
    for (const prefix of ['auth/token/', 'auth/token/root/']) {
      assert.deepEqual(await gathered(leases.names(prefix, ''), 0), [], prefix)
    }
    for (const prefix of ['', 'auth/', 'auth/token/', 'auth/token/root/']) {
      assert.deepEqual(await gathered(leases.below(prefix), 0), [], prefix)
    }
    assert.notEqual(await world.store.lookup(world.root), null)
  }
  assert.deepEqual(await world.store.tidy(), { tokens: 0, indexes: 1 })
  assert.ok(!world.keys.includes(`tokens/lease/${id}`))
  await asOlder()
  await world.store.revoke(key)
  assert.deepEqual(world.keys, ['tokens/salt'])
})
