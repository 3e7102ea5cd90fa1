import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import type { TimerName } from '../../src/base/meter.ts'
import { LeaseWorld } from './lease-world.ts'

const AT_ONCE = async (): Promise<void> => undefined

test('every lease is counted once, wherever it was made, over many pages', async () => {
  const world = new LeaseWorld()
  for (let made = 0; made < 600; made++) await world.make({ path: `db/creds/role-${made % 7}` })
  let pauses = 0
  const pause = async (): Promise<void> => void pauses++
  assert.deepEqual(await world.leases.counts(pause), { all: 600, irrevocable: 0 })
  assert.ok(pauses >= 2, 'others have their turn in between')
})

test('a lease that was ended is not counted, and one that was given up in both numbers', async () => {
  const world = new LeaseWorld()
  world.start()
  const { leaseId } = await world.make({ secret: { ttl: 3600 } })
  await world.make({ secret: { ttl: 60 } })
  await world.leases.revoke(leaseId, { sync: true, force: false })
  assert.deepEqual(await world.leases.counts(AT_ONCE), { all: 1, irrevocable: 0 })
  world.accounts.broken = new OperatingError('not_found', 'the database is away')
  await world.pass(1600_000)
  assert.deepEqual(await world.leases.counts(AT_ONCE), { all: 1, irrevocable: 1 })
})

test('registering, renewing and ending are timed, ended by hand or by the clock', async () => {
  const world = new LeaseWorld()
  world.start()
  const timed = (): readonly (number | undefined)[] => {
    const names: TimerName[] = ['vault.expire.register', 'vault.expire.renew', 'vault.expire.revoke']
    return names.map((name) => world.meter.series.get(name)?.count)
  }
  const { leaseId } = await world.make({ secret: { ttl: 60 } })
  await world.make({ secret: { ttl: 60 } })
  assert.deepEqual(timed(), [2, 0, 0])
  await world.leases.renew(leaseId, 0)
  await world.leases.revoke(leaseId, { sync: true, force: false })
  assert.deepEqual(timed(), [2, 1, 1])
  await world.pass(61_000)
  assert.deepEqual(timed(), [2, 1, 2])
})
