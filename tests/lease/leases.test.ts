import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import { LeaseWorld, settled } from './lease-world.ts'

const HOUR = 3600_000
const ALL = { after: '', limit: 0 }

test('a lease is named after its request, and has 24 letters and digits of its own', async () => {
  const world = new LeaseWorld()
  const { leaseId } = await world.make({ path: 'db/creds/app' })
  assert.match(leaseId, /^db\/creds\/app\/[0-9A-Za-z]{24}$/)
})

test('a lease has the time that its engine gives, else the default of the mount', async () => {
  const world = new LeaseWorld()
  assert.equal((await world.make({ secret: { ttl: 600 } })).leaseDuration, 600)
  // surface.md section 2.1: 768 hours.
  assert.equal((await world.make({ secret: { ttl: 0 } })).leaseDuration, 2_764_800)
})

test('a lease is cut to what the mount and the engine allow, in the words of the contract', async () => {
  const world = new LeaseWorld({}, { defaultTtl: 3600, maxTtl: 7200 })
  const { leaseDuration, warnings } = await world.make({ secret: { ttl: 72_000 } })
  assert.equal(leaseDuration, 7200)
  assert.deepEqual(warnings, [
    'TTL of "20h" exceeded the effective max_ttl of "2h"; TTL value is capped accordingly',
  ])
  assert.equal((await world.make({ secret: { ttl: 7200, maxTtl: 60 } })).leaseDuration, 60)
})

test('a lease is shown with its times, and one that is not there is not', async () => {
  const world = new LeaseWorld()
  const issued = world.clock.now()
  const { leaseId } = await world.make({ secret: { ttl: 60 } })
  assert.deepEqual(await world.facts(leaseId), {
    id: leaseId,
    path: 'db/creds/app',
    issueTime: issued,
    expireTime: issued + 60_000,
    lastRenewal: null,
    renewable: true,
    revokeError: null,
  })
  for (const id of ['nope', '', '/', 'db//x', `${leaseId}/`, 'x'.repeat(5000)]) {
    assert.equal(await world.facts(id), null)
  }
})

test('leases are listed folder by folder', async () => {
  const world = new LeaseWorld()
  const { leaseId } = await world.make({ path: 'db/creds/app' })
  await world.make({ path: 'aws/sts/role' })
  assert.deepEqual(await world.leases.list('', ALL), ['aws/', 'db/'])
  assert.deepEqual(await world.leases.list('db/creds/', ALL), ['app/'])
  assert.deepEqual(await world.leases.list('db/creds/app/', ALL), [leaseId.slice('db/creds/app/'.length)])
  assert.deepEqual(await world.leases.list('none/', ALL), [])
})

test('names of tokens and of secrets are one list in byte order, of which a part can be asked for', async () => {
  const world = new LeaseWorld()
  world.tokenNames = ['auth/', 'db/', 'g/', 'hfirst']
  for (const path of ['aws/sts/x', 'db/creds/app', 'f/x', 'z/x']) await world.make({ path })
  const all = ['auth/', 'aws/', 'db/', 'f/', 'g/', 'hfirst', 'z/']
  assert.deepEqual(await world.leases.list('', ALL), all)
  for (let from = 0; from <= all.length; from++) {
    for (const limit of [1, 2, 3, 7, 8]) {
      const after = all[from - 1] ?? ''
      assert.deepEqual(await world.leases.list('', { after, limit }), all.slice(from, from + limit))
    }
  }
  // It need not be there.
  assert.deepEqual(await world.leases.list('', { after: 'e', limit: 2 }), ['f/', 'g/'])
})

test('a secret that has come to its end is ended, and nothing of its lease is left', async () => {
  const world = new LeaseWorld()
  world.start()
  await world.make({ secret: { ttl: 60 } })
  await world.pass(59_000)
  assert.equal(world.accounts.alive.size, 1)
  await world.pass(2000)
  assert.equal(world.accounts.alive.size, 0)
  assert.deepEqual(world.keys(), [])
})

test('an end that comes before the one that the loop sleeps for is not overslept', async () => {
  const world = new LeaseWorld()
  world.start()
  await world.make({ secret: { ttl: 36_000 } })
  await settled()
  const { account } = await world.make({ secret: { ttl: 5 } })
  await world.pass(6000)
  assert.ok(!world.accounts.alive.has(account))
  assert.equal(world.accounts.alive.size, 1)
})

test('what came to its end while no server ran is ended when one does', async () => {
  const before = new LeaseWorld()
  before.start()
  await before.make({ secret: { ttl: 60 } })
  const { leaseId } = await before.make({ secret: { ttl: 7200 } })
  before.loop.stop()
  before.clock.advance(HOUR)
  const world = before.restarted()
  world.start()
  await settled()
  assert.equal(world.accounts.alive.size, 1)
  assert.notEqual(await world.facts(leaseId), null)
})

test('a renewal counts from now, and is what the engine gives', async () => {
  const world = new LeaseWorld()
  const { leaseId } = await world.make({ secret: { ttl: 3600 } })
  world.clock.advance(HOUR / 2)
  const renewed = await world.leases.renew(leaseId, 0)
  assert.deepEqual(renewed, { leaseId, renewable: true, leaseDuration: 3600, warnings: [] })
  // surface.md section 0, 22: a smaller increment shortens it.
  assert.equal((await world.leases.renew(leaseId, 600)).leaseDuration, 600)
  world.accounts.gives = 30
  assert.equal((await world.leases.renew(leaseId, 600)).leaseDuration, 30)
  const facts = await world.facts(leaseId)
  assert.equal(facts?.lastRenewal, world.clock.now())
  assert.equal(facts?.expireTime, world.clock.now() + 30_000)
})

test('a renewed secret lives to its new end, and no longer', async () => {
  const world = new LeaseWorld()
  world.start()
  const { leaseId } = await world.make({ secret: { ttl: 60 } })
  await world.pass(50_000)
  await world.leases.renew(leaseId, 60)
  await world.pass(59_000)
  assert.equal(world.accounts.alive.size, 1)
  await world.pass(2000)
  assert.equal(world.accounts.alive.size, 0)
})

test('a renewal never goes beyond the most that was allowed when the secret was made', async () => {
  const world = new LeaseWorld({}, { defaultTtl: 3600, maxTtl: 7200 })
  const { leaseId } = await world.make({ secret: { ttl: 3600 } })
  world.clock.advance(HOUR - 1)
  await world.leases.renew(leaseId, 3600)
  world.clock.advance(HOUR - 1)
  await world.leases.renew(leaseId, 3600)
  world.clock.advance(1)
  // A millisecond before the bound (CVE-2021-32923): not zero, which would read as no end at all.
  const renewed = await world.leases.renew(leaseId, 3600)
  assert.equal(renewed.leaseDuration, 1)
  assert.equal((await world.facts(leaseId))?.expireTime, world.clock.now() + 1)
  world.clock.advance(1)
  await assert.rejects(world.leases.renew(leaseId, 3600), { message: 'lease expired' })
})

test('refuses to renew in the words of the contract', async () => {
  const world = new LeaseWorld()
  await assert.rejects(world.leases.renew('nope', 0), { code: 'bad_request', message: 'lease not found' })
  const fixed = await world.make({ secret: { renewable: false } })
  await assert.rejects(world.leases.renew(fixed.leaseId, 0), { message: 'lease is not renewable' })
  const short = await world.make({ secret: { ttl: 60 } })
  world.clock.advance(60_000)
  await assert.rejects(world.leases.renew(short.leaseId, 0), { message: 'lease expired' })
})

test('a secret that could not be registered is ended, and nobody is told of it', async () => {
  const world = new LeaseWorld()
  world.storage.arm({ at: 2, mode: 'full' })
  await assert.rejects(world.make(), { code: 'storage_full' })
  assert.equal(world.accounts.alive.size, 0)
  assert.deepEqual(world.keys(), [])
})

test('a secret whose token has gone while it was made is given to nobody, and ends', async () => {
  const world = new LeaseWorld()
  world.start()
  world.loseToken('id/t1')
  const made = world.make({ holder: { tokenKey: 'id/t1' } })
  await assert.rejects(made, { code: 'permission_denied' })
  await world.pass(1000)
  assert.equal(world.accounts.alive.size, 0)
})

test('a secret that is registered while its token is being ended ends with it', async () => {
  const world = new LeaseWorld()
  world.start()
  const release = world.storage.hold()
  // The token's leases are looked for before this one is there.
  const revoked = world.revokeToken('id/t1')
  const made = world.make({ holder: { tokenKey: 'id/t1' } })
  release()
  await Promise.allSettled([made, revoked])
  await world.pass(3000)
  assert.equal(world.accounts.alive.size, 0)
})

test('every secret of a token ends with it, those of others do not', async () => {
  const world = new LeaseWorld()
  world.start()
  for (let count = 0; count < 450; count++) await world.make({ holder: { tokenKey: 'id/t1' } })
  const other = await world.make({ holder: { tokenKey: 'id/t2' } })
  const before = world.storage.entries.size
  await world.revokeToken('id/t1')
  // One write for all of them.
  assert.ok(world.storage.entries.size <= before + 1)
  await world.pass(10_000)
  assert.deepEqual([...world.accounts.alive], [other.account])
})

test('no secret outlives a token that is stored nowhere', async () => {
  const world = new LeaseWorld()
  world.start()
  const end = world.clock.now() + 10_500
  const holder = { tokenKey: null, end: end as never }
  const { leaseDuration, leaseId } = await world.make({ holder, secret: { ttl: 3600 } })
  assert.equal(leaseDuration, 10)
  world.clock.advance(5000)
  assert.ok((await world.leases.renew(leaseId, 3600)).leaseDuration <= 6)
  await world.pass(6000)
  assert.equal(world.accounts.alive.size, 0)
})

test('a revoked secret is useless before the answer; one that is not there is revoked already', async () => {
  const world = new LeaseWorld()
  const { leaseId, account } = await world.make()
  const other = await world.make()
  await world.leases.revoke(leaseId, { sync: true, force: false })
  assert.ok(!world.accounts.alive.has(account))
  assert.equal(await world.facts(leaseId), null)
  await world.leases.revoke(leaseId, { sync: true, force: false })
  await world.leases.revoke('nope', { sync: true, force: false })
  assert.ok(world.accounts.alive.has(other.account))
})

test('what is revoked behind the answer cannot be renewed any more, and ends at once', async () => {
  const world = new LeaseWorld()
  const { leaseId } = await world.make()
  await world.leases.revoke(leaseId, { sync: false, force: false })
  await assert.rejects(world.leases.renew(leaseId, 0), { message: 'lease not found' })
  world.start()
  await settled()
  assert.equal(world.accounts.alive.size, 0)
})

test('all below a path is revoked, by whole segments', async () => {
  const world = new LeaseWorld()
  await world.make({ path: 'db/creds/app' })
  await world.make({ path: 'db/creds/app/sub' })
  const apples = await world.make({ path: 'db/creds/apples' })
  await world.leases.revokeBelow('db/creds/app', { sync: true, force: false })
  assert.deepEqual([...world.accounts.alive], [apples.account])
  await world.leases.revokeBelow('db', { sync: false, force: false })
  world.start()
  await settled()
  assert.equal(world.accounts.alive.size, 0)
  assert.deepEqual(world.keys(), [])
})

test('an engine that cannot end one secret does not keep the others', async () => {
  const world = new LeaseWorld()
  await world.make()
  await world.make()
  world.accounts.broken = new OperatingError('not_found', 'the database is away')
  const revoked = world.leases.revokeBelow('db', { sync: true, force: false })
  await assert.rejects(revoked, { code: 'revocation_failed' })
  assert.equal(world.accounts.asked.length, 2)
  world.accounts.broken = null
  await world.leases.revokeBelow('db', { sync: true, force: false })
  assert.equal(world.accounts.alive.size, 0)
})

test('with force a lease is forgotten though its secret lives', async () => {
  const world = new LeaseWorld()
  await world.make()
  world.accounts.broken = new Error('canary-of-the-engine')
  await world.leases.revokeBelow('db', { sync: true, force: true })
  assert.deepEqual(world.keys(), [])
  assert.equal(world.accounts.alive.size, 1)
})

test('tidy ends what hangs on a token that has gone', async () => {
  const world = new LeaseWorld()
  world.start()
  await world.make({ holder: { tokenKey: 'id/t1' } })
  const kept = await world.make({ holder: { tokenKey: 'id/t2' } })
  world.loseToken('id/t1')
  assert.equal(world.leases.tidy(), true)
  assert.equal(world.leases.tidy(), false)
  await settled()
  assert.deepEqual([...world.accounts.alive], [kept.account])
  assert.equal(world.leases.tidy(), true)
})

test('a secret whose mount is taken away while it is registered is given to nobody, and ends', async () => {
  const world = new LeaseWorld()
  const made = world.make()
  world.unmount()
  await assert.rejects(made, { code: 'unsupported_path' })
  assert.equal(world.accounts.alive.size, 0)
  assert.deepEqual(world.keys(), [])
})
