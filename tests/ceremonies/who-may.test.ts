import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Asked } from '../../src/ceremony/access.ts'
import type { RekeyStatus } from '../../src/ceremony/rekey-runner.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { type ShareSet, sharesOf, World } from '../sim/world.ts'

const PLACE = { access: 'guarded', source: '192.0.2.7', path: 'sys/rekey/init' } as const
const TOKEN: Asked = { ...PLACE, credential: { by: 'token' } }
const FACE = { face: 'modern', source: '192.0.2.7' } as const

const holderOf = (share: Uint8Array): Asked => ({
  ...PLACE,
  credential: { by: 'holder', share: SecretBytes.copyOf(share) },
})

async function open(shares: number, threshold: number): Promise<{ world: World; keys: ShareSet }> {
  const world = await World.start(new SimStorage(), 'who may')
  const keys = await world.init(shares, threshold)
  await world.unseal(keys)
  return { world, keys }
}

/** Proposes a verified rekey to 3 shares of which 2 open. */
async function propose(world: World, asked: Asked): Promise<void> {
  const terms = { shares: 3, threshold: 2, face: 'modern', verify: 'threshold' } as const
  await world.custodian.rekey.start({ ...terms, recipients: null, backup: false }, asked)
}

/** One share for it; the new shares where that was enough. */
async function agree(world: World, share: Uint8Array): Promise<ShareSet> {
  const { rekey } = world.custodian
  const nonce = rekey.status().running?.agreement.ceremonyId ?? ''
  const answer = await rekey.submit({ ...FACE, share: SecretBytes.copyOf(share), nonce })
  return answer.complete ? sharesOf(answer) : []
}

async function giveBack(world: World, share: Uint8Array): Promise<void> {
  const { rekey } = world.custodian
  const { running } = rekey.status()
  assert(running?.phase === 'dealt')
  await rekey.verify({ ...FACE, share: SecretBytes.copyOf(share), nonce: running.verificationNonce })
}

const startOver = (world: World, asked: Asked): Promise<RekeyStatus> =>
  world.custodian.rekey.restartVerification('modern', asked)

test('one holder of several cannot drop what others have given back: a token can', async () => {
  const { world, keys } = await open(3, 2)
  await propose(world, holderOf(keys[0]!))
  await agree(world, keys[0]!)
  const fresh = await agree(world, keys[1]!)
  await giveBack(world, fresh[0]!)
  for (const share of keys) {
    await assert.rejects(startOver(world, holderOf(share)), { code: 'permission_denied' })
  }
  assert.equal(world.custodian.rekey.status().verification.progress, 1)
  assert.equal((await startOver(world, TOKEN)).verification.progress, 0)
})

test('who opened a rekey and is alone in it may start its verification over', async () => {
  const { world, keys } = await open(1, 1)
  await propose(world, holderOf(keys[0]!))
  const fresh = await agree(world, keys[0]!)
  await giveBack(world, fresh[2]!)
  assert.equal((await startOver(world, holderOf(keys[0]!))).verification.progress, 0)
})

test('who opened it is not alone in it, also when the set of the other who joined was not the one that agreed', async () => {
  const { world, keys } = await open(1, 1)
  const live = await world.rekey(keys, { shares: 3, threshold: 2 })
  await propose(world, holderOf(keys[0]!))
  await agree(world, live[0]!)
  assert.equal((await agree(world, keys[0]!)).length, 3, 'the retiring set has agreed')
  await assert.rejects(startOver(world, holderOf(keys[0]!)), { code: 'permission_denied' })
})

test('a root token is opened by holders of the live set: another could not even cancel it', async () => {
  const { world, keys } = await open(3, 2)
  const live = await world.rekey(keys, { shares: 3, threshold: 2 })
  const { generateRoot } = world.custodian
  const start = async (asked: Asked): Promise<void> => {
    using otp = SecretBytes.take(Buffer.alloc(28, 'x'))
    await generateRoot.start({ by: 'otp', otp }, asked)
  }
  await assert.rejects(start(holderOf(keys[0]!)), { code: 'share_other_set' })
  assert.equal(generateRoot.status().running, null)
  await start(holderOf(live[0]!))
  assert.equal(await generateRoot.cancel(holderOf(live[0]!)), true)
})

test('a holder who has said once that a root token is not to be made has not said so twice', async () => {
  const { world, keys } = await open(3, 2)
  const { generateRoot } = world.custodian
  const otp = SecretBytes.take(new Uint8Array(28).fill(0x41))
  await generateRoot.start({ by: 'otp', otp }, TOKEN)
  assert.equal(await generateRoot.cancel(holderOf(keys[0]!)), false)
  assert.equal(await generateRoot.cancel(holderOf(keys[0]!)), false)
  assert.equal(
    await generateRoot.cancel(holderOf(keys[1]!)),
    true,
    'two of three: no quorum is left without them',
  )
})

test('starting a verification over that is not running leaves the ceremony as it is', async () => {
  const { world, keys } = await open(3, 2)
  await propose(world, holderOf(keys[0]!))
  const before = world.custodian.rekey.status()
  assert.deepEqual(await startOver(world, TOKEN), before)
})
