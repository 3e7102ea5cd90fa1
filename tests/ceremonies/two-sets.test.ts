import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Asked } from '../../src/ceremony/access.ts'
import { audit } from '../sim/auditor.ts'
import { Holders } from '../sim/holders.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { ANYBODY, plainTerms, World } from '../sim/world.ts'

const SAME = { shares: 3, threshold: 2 }
const OTP = Buffer.alloc(28, 'otp')

/** After a direct rekey that nobody has proven: `sets[0]` is retiring, `sets[1]` live. */
async function retiring(): Promise<Holders> {
  const world = await World.start(new SimStorage(), 'two sets')
  const holders = new Holders(world, [await world.init(3, 2)])
  await holders.unseal()
  const [old = []] = holders.sets
  await holders.propose({ ...SAME, verify: 'none' })
  for (const number of [1, 2]) await holders.agree(old, number)
  return holders
}

/** Who shows share `number` of a set, where a credential is asked for. */
function showing(holders: Holders, of: { readonly set: number; readonly number: number }): Asked {
  const share = SecretBytes.copyOf(holders.sets[of.set]?.[of.number - 1] ?? new Uint8Array(1))
  return { ...ANYBODY, access: 'guarded', credential: { by: 'holder', share } }
}

function startToken({ world }: Holders, asked: Asked): Promise<unknown> {
  return world.custodian.generateRoot.start({ by: 'otp', otp: SecretBytes.copyOf(OTP) }, asked)
}

// custody.md section 4, 5: a rekey may be agreed by either set; everything else counts the live one.
test('while a set is retiring, a share of it opens no root token, and the refusal names both sets', async () => {
  const holders = await retiring()
  await assert.rejects(startToken(holders, showing(holders, { set: 0, number: 1 })), {
    code: 'share_other_set',
    message: /share 1 of key set 1, which a rekey is replacing; .* holders of key set 2/,
  })
  assert.equal(holders.runningId('generateRoot'), null)
})

test('a share of the live set opens one, and ends it again', async () => {
  const holders = await retiring()
  const asked = showing(holders, { set: 1, number: 3 })
  await startToken(holders, asked)
  assert(await holders.world.custodian.generateRoot.cancel(asked))
  assert.equal(holders.runningId('generateRoot'), null)
  await audit(holders.world)
})

test('a share of the retiring set does not agree to one, and does not end one that others have opened', async () => {
  const holders = await retiring()
  await holders.proposeToken()
  await assert.rejects(holders.agreeToken(holders.sets[0] ?? [], 1), { code: 'share_other_set' })
  const asked = showing(holders, { set: 0, number: 1 })
  await assert.rejects(holders.world.custodian.generateRoot.cancel(asked), { code: 'share_other_set' })
  assert.notEqual(holders.runningId('generateRoot'), null)
})

test('a share of either set opens a rekey, and its holder ends it while nobody else has joined', async () => {
  for (const set of [0, 1]) {
    const holders = await retiring()
    const asked = showing(holders, { set, number: 2 })
    await holders.world.custodian.rekey.start(plainTerms(SAME), asked)
    assert(await holders.world.custodian.rekey.cancel(asked))
    await audit(holders.world)
  }
})
