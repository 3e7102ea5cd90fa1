import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import { LeaseWorld, settled } from './lease-world.ts'

const DAY = 24 * 3600_000
/** surface.md section 7: six times, 10 s × 2ⁿ. */
const DELAYS = [10, 20, 40, 80, 160, 320]

async function broken(): Promise<{ world: LeaseWorld; leaseId: string }> {
  const world = new LeaseWorld()
  world.start()
  const { leaseId } = await world.make({ secret: { ttl: 60 } })
  world.accounts.broken = new OperatingError('not_found', 'the database is away')
  await world.pass(61_000)
  return { world, leaseId }
}

test('what an engine cannot end is tried again six times, twice as late each time', async () => {
  const { world } = await broken()
  await world.pass(1500_000, 500)
  const { asked } = world.accounts
  assert.equal(asked.length, 7)
  for (const [index, delay] of DELAYS.entries()) {
    const waited = ((asked[index + 1] ?? 0) - (asked[index] ?? 0)) / 1000
    assert.ok(waited >= delay && waited <= delay * 1.5 + 1, `${waited} s for ${delay} s`)
  }
})

test('then it is irrevocable, with the reason; it is tried once a day', async () => {
  const { world, leaseId } = await broken()
  await world.pass(1500_000)
  const listed = []
  for await (const one of world.leases.irrevocable()) listed.push(one)
  assert.deepEqual(listed, [{ id: leaseId, mount: 'db_00000001', error: 'the database is away' }])
  assert.equal((await world.facts(leaseId))?.revokeError, 'the database is away')
  const before = world.accounts.asked.length
  await world.pass(4 * DAY, 600_000)
  const tries = world.accounts.asked.length - before
  assert.ok(tries >= 2 && tries <= 4, `${tries} tries in four days`)
  world.accounts.broken = null
  await world.pass(2 * DAY, 600_000)
  assert.equal(world.accounts.alive.size, 0)
  assert.deepEqual(world.keys(), [])
})

test('what is tried again is not forgotten by a restart', async () => {
  const { world } = await broken()
  const next = world.restarted()
  next.accounts.broken = null
  next.start()
  await next.pass(20_000)
  assert.equal(next.accounts.alive.size, 0)
  assert.deepEqual(next.keys(), [])
})

test('an irrevocable secret can be revoked by hand once its engine can', async () => {
  const { world, leaseId } = await broken()
  await world.pass(1500_000)
  await assert.rejects(world.leases.revoke(leaseId, { sync: true, force: false }), {
    code: 'revocation_failed',
  })
  world.accounts.broken = null
  await world.leases.revoke(leaseId, { sync: true, force: false })
  assert.deepEqual(world.keys(), [])
})

test('an engine that does not answer is given 30 seconds, and asked again', async () => {
  const world = new LeaseWorld()
  world.start()
  const { leaseId } = await world.make({ secret: { ttl: 60 } })
  world.accounts.hangs = true
  await world.pass(61_000)
  assert.equal((await world.facts(leaseId))?.revokeError, null)
  await world.pass(31_000)
  assert.equal((await world.facts(leaseId))?.revokeError, 'the engine did not answer in time')
  world.accounts.hangs = false
  await world.pass(20_000)
  assert.equal(world.accounts.alive.size, 0)
})

test('what an engine throws that was not written to be read is kept nowhere', async () => {
  const world = new LeaseWorld()
  const { leaseId } = await world.make()
  world.accounts.broken = new Error('canary')
  await assert.rejects(world.leases.revoke(leaseId, { sync: true, force: false }))
  assert.equal((await world.facts(leaseId))?.revokeError, 'internal error')
  const stored = Buffer.concat([...world.storage.entries.values()]).toString('latin1')
  assert.ok(!stored.includes('canary') && !world.logged.join().includes('canary'))
})

test('a secret whose mount has gone is irrevocable in the end, and can be forgotten', async () => {
  const world = new LeaseWorld()
  world.start()
  const { leaseId } = await world.make({ path: 'old/creds/x', secret: { ttl: 60 } })
  world.unmount()
  await world.pass(61_000)
  assert.equal((await world.facts(leaseId))?.revokeError, 'the mount that made the secret has gone')
  await world.leases.revokeBelow('old', { sync: true, force: true })
  assert.deepEqual(world.keys(), [])
})

test('a lease that cannot be read does not keep the others', async () => {
  const world = new LeaseWorld()
  world.start()
  const { leaseId } = await world.make({ secret: { ttl: 60 } })
  await world.make({ secret: { ttl: 61 } })
  world.storage.entries.set(`sys/lease/id/${leaseId}`, new Uint8Array([1, 0, 0]))
  await world.pass(65_000)
  assert.equal(world.accounts.alive.size, 1)
  assert.equal(world.fault, null)
})

test('the loop lives through a disk that takes no write', async () => {
  const world = new LeaseWorld()
  world.start()
  await world.make({ secret: { ttl: 60 } })
  await settled()
  // The round at the end: the index, the entry, the lease, and then the commit that marks it.
  world.storage.arm({ at: 5, mode: 'full' })
  await world.pass(62_000)
  assert.match(world.logged.join(), /storage_full/)
  await world.pass(10_000)
  assert.equal(world.accounts.alive.size, 0)
  assert.equal(world.fault, null)
})
