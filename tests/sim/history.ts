import assert from 'node:assert/strict'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Asked } from '../../src/ceremony/access.ts'
import { exportHeader } from '../../src/custody/transcript-export.ts'
import { SimStorage } from './sim-storage.ts'
import { ANYBODY, plainTerms, type ShareSet, sharesOf, World } from './world.ts'

const HOUR = 60 * 60 * 1000
const NEXT = { shares: 3, threshold: 2 }

/** An export of the whole chain, as the command line makes it: the header, then line by line. */
export async function exported(world: World): Promise<Uint8Array[]> {
  const { archive, record } = world.custodian
  const ids: string[] = []
  for (let after = ''; ; ) {
    const page = await archive.ceremonies({ after, limit: 3 })
    for (const one of page.ceremonies) if (one.ended !== null) ids.unshift(one.id)
    if (page.next === null) break
    after = page.next
  }
  const lines: Uint8Array[] = []
  for (const id of ids) lines.push(...((await archive.transcript(id)) ?? assert.fail('listed and not there')))
  const header = exportHeader({
    storeId: Buffer.from(record!.storeId).toString('hex'),
    ceremonies: ids.length,
    previous: new Uint8Array(32),
    head: archive.head().hash,
  })
  return [header, ...lines]
}

export interface History {
  readonly world: World
  /** The shares of the set that is live at the end. */
  readonly shares: ShareSet
}

/** What `history` leaves, in the order of the ends: kind, end, and how many holders signed. */
export const ENDS = [
  'init completed 0',
  'unseal completed 2',
  // Opened by a holder, and ended by the same, with whom nobody had agreed.
  'rekey cancelled 2',
  'rekey expired 0',
  'unseal completed 2',
  // It ran across the unseal before it.
  'rekey completed 2',
  'retire completed 0',
  'generate-root completed 3',
  // Ended by the direct rekey after it, in one commit.
  'generate-root superseded 0',
  'rekey completed 3',
  // Ended by the retirement after it, in one commit.
  'rekey superseded 1',
  'retire completed 0',
  // Verified: two agreed, two gave new shares back.
  'rekey completed 4',
  // Verified, but given up when the new shares were out.
  'rekey cancelled 2',
  // Both by one seal.
  'rekey cancelled 1',
  'generate-root cancelled 1',
  'unseal completed 2',
] as const

/** A store with every kind of ceremony and every end of one. */
export async function history(): Promise<History> {
  const first = await World.start(new SimStorage(), 'history')
  const dealt = await first.init(3, 2)
  await first.unseal(dealt)
  await openedAndEndedByHolder(first, dealt[0]!)
  await first.startRekey(NEXT)
  first.clock.advance(25 * HOUR)
  await first.startRekey({ shares: 4, threshold: 3 })
  await first.give(dealt[1]!)

  // The process dies: the rekey goes on in the next one, which had to be unsealed in between.
  const world = await World.start(first.storage.reopened(), 'history, second process', first.clock)
  await world.unseal(dealt)
  const second = await rekeyed(world, [dealt[2]!])
  await startGeneration(world)
  for (const share of second.slice(1)) await giveForToken(world, share)

  await startGeneration(world)
  await world.startRekey(NEXT)
  const direct = runningRekey(world)
  const third = await world.giveAll(second)
  await world.startRekey(NEXT)
  await world.give(third[0]!)
  await world.acknowledge(direct)
  assert.equal(world.custodian.rekey.status().running, null, 'superseded')

  const shares = await verifiedRekey(world, third)
  await startVerified(world, shares)
  await world.custodian.rekey.cancel(ANYBODY)
  await world.startRekey(NEXT)
  await world.give(shares[0]!)
  await startGeneration(world)
  await giveForToken(world, shares[1]!)
  await world.custodian.seal('127.0.0.1')
  await world.unseal(shares)
  return { world, shares }
}

function runningRekey(world: World): string {
  return world.custodian.rekey.status().running!.agreement.ceremonyId
}

async function openedAndEndedByHolder(world: World, share: Uint8Array): Promise<void> {
  using secret = SecretBytes.copyOf(share)
  const holder: Asked = { ...ANYBODY, credential: { by: 'holder', share: secret } }
  await world.custodian.rekey.start(plainTerms(NEXT), holder)
  assert(await world.custodian.rekey.cancel(holder))
}

/** Completes the running rekey, and shows that its answer arrived. */
async function rekeyed(world: World, by: ShareSet): Promise<ShareSet> {
  const id = runningRekey(world)
  const shares = await world.giveAll(by)
  await world.acknowledge(id)
  assert.equal(world.custodian.record!.retiring, null)
  return shares
}

/** New shares that are out and wait to be given back. */
async function startVerified(world: World, by: ShareSet): Promise<ShareSet> {
  const terms = { ...plainTerms(NEXT), face: 'modern', verify: 'threshold' } as const
  await world.custodian.rekey.start(terms, ANYBODY)
  const nonce = runningRekey(world)
  for (const one of by) {
    const given = { share: SecretBytes.copyOf(one), nonce, face: 'modern', source: '127.0.0.1' } as const
    const answer = await world.custodian.rekey.submit(given)
    if (answer.complete) return sharesOf(answer)
  }
  assert.fail('these shares make no quorum')
}

async function verifiedRekey(world: World, by: ShareSet): Promise<ShareSet> {
  const fresh = await startVerified(world, by)
  const { running } = world.custodian.rekey.status()
  assert(running?.phase === 'dealt')
  for (const share of fresh.slice(0, 2)) {
    const returned = { share: SecretBytes.copyOf(share), nonce: running.verificationNonce } as const
    await world.custodian.rekey.verify({ ...returned, face: 'modern', source: '127.0.0.1' })
  }
  assert.equal(world.custodian.rekey.status().running, null)
  return fresh
}

async function startGeneration(world: World): Promise<void> {
  const recipient = await world.delivery.recipient('AAAA')
  await world.custodian.generateRoot.start({ by: 'recipient', recipient }, ANYBODY)
}

async function giveForToken(world: World, share: Uint8Array): Promise<void> {
  const nonce = world.custodian.generateRoot.status().running!.agreement.ceremonyId
  const given = { share: SecretBytes.copyOf(share), nonce, source: '127.0.0.1' }
  await world.custodian.generateRoot.submit(given)
}
