import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Asked } from '../../src/ceremony/access.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { ANYBODY, type ShareSet, sharesOf, World } from '../sim/world.ts'

const HOUR = 60 * 60 * 1000
const SOURCE = '127.0.0.1'
const TERMS = {
  shares: 3,
  threshold: 2,
  face: 'modern',
  verify: 'threshold',
  recipients: null,
  backup: false,
} as const
const TOKEN: Asked = { ...ANYBODY, credential: { by: 'token' } }

async function open(): Promise<{ world: World; keys: ShareSet }> {
  const world = await World.start(new SimStorage(), 'ends')
  const keys = await world.init(3, 2)
  await world.unseal(keys)
  return { world, keys }
}

const holderOf = (share: Uint8Array): Asked => ({
  ...ANYBODY,
  access: 'guarded',
  credential: { by: 'holder', share: SecretBytes.copyOf(share) },
})

/** A verified rekey up to the new shares, which are out. */
async function dealt(world: World, keys: ShareSet): Promise<{ fresh: ShareSet; nonce: string }> {
  const { rekey } = world.custodian
  await rekey.start(TERMS, ANYBODY)
  const nonce = rekey.status().running!.agreement.ceremonyId
  const give = (share: Uint8Array) =>
    rekey.submit({ share: SecretBytes.copyOf(share), nonce, face: 'modern', source: SOURCE })
  await give(keys[0]!)
  const fresh = sharesOf(await give(keys[1]!))
  const { running } = rekey.status()
  assert(running?.phase === 'dealt')
  return { fresh, nonce: running.verificationNonce }
}

async function startGeneration(world: World): Promise<void> {
  const otp = SecretBytes.take(new Uint8Array(28).fill(0x41))
  await world.custodian.generateRoot.start({ by: 'otp', otp }, TOKEN)
}

test('who opened a rekey with a share may cancel it alone after a restart, too', async () => {
  const { world, keys } = await open()
  await world.custodian.rekey.start(TERMS, holderOf(keys[0]!))
  const next = await World.start(world.storage.reopened(), 'next', world.clock)
  await next.unseal(keys)
  const { rekey } = next.custodian
  assert.notEqual(rekey.status().running, null)
  assert.equal(await rekey.cancel(holderOf(keys[1]!)), false, 'another holder needs company')
  assert.equal(await rekey.cancel(holderOf(keys[0]!)), true)
  assert.equal(rekey.status().running, null)
})

test('a verified rekey ends the generation of a root token whose holders it retires', async () => {
  const { world, keys } = await open()
  await startGeneration(world)
  const { fresh, nonce } = await dealt(world, keys)
  for (const share of fresh.slice(0, 2)) {
    const given = { share: SecretBytes.copyOf(share), nonce, face: 'modern', source: SOURCE } as const
    await world.custodian.rekey.verify(given)
  }
  assert.equal(world.custodian.generateRoot.status().running, null)
  const { ceremonies } = await world.custodian.archive.ceremonies({ after: '', limit: 2 })
  assert.deepEqual(ceremonies.map(({ kind, outcome }) => `${kind} ${outcome}`).sort(), [
    'generate-root superseded',
    'rekey completed',
  ])
})

test('the end of a verification is told again to a share of the new set, and after five minutes to nobody', async () => {
  const { world, keys } = await open()
  const { fresh, nonce } = await dealt(world, keys)
  const giveBack = (share: Uint8Array) =>
    world.custodian.rekey.verify({ share: SecretBytes.copyOf(share), nonce, face: 'modern', source: SOURCE })
  await giveBack(fresh[0]!)
  assert.equal((await giveBack(fresh[1]!)).complete, true)
  const again = await giveBack(fresh[1]!)
  assert.deepEqual([again.complete, again.repeated], [true, true])
  await assert.rejects(giveBack(keys[0]!), { code: 'share_retired' })
  world.clock.advance(6 * 60 * 1000)
  await assert.rejects(giveBack(fresh[1]!), { code: 'ceremony_not_running' })
})

test('a root token that was not made within a day is not made at all', async () => {
  const { world, keys } = await open()
  await startGeneration(world)
  const nonce = world.custodian.generateRoot.status().running!.agreement.ceremonyId
  world.clock.advance(25 * HOUR)
  const late = { share: SecretBytes.copyOf(keys[0]!), nonce, source: SOURCE }
  await assert.rejects(world.custodian.generateRoot.submit(late), { code: 'ceremony_not_running' })
  await startGeneration(world)
  assert.notEqual(world.custodian.generateRoot.status().running, null, 'a new one begins')
})

test('the original face names the face at which a rekey was opened', async () => {
  for (const [face, place] of [
    ['rotate', '/v1/sys/rotate/root/update'],
    ['modern', '/v1/sys/rekey/update'],
  ] as const) {
    const { world, keys } = await open()
    await world.custodian.rekey.start({ ...TERMS, face }, ANYBODY)
    await assert.rejects(world.give(keys[0]!), (error: Error) => error.message.includes(place))
  }
})
