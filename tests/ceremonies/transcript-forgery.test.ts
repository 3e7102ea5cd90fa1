import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { canonicalJson, parseCanonicalJson, type RecordValue } from '../../src/base/canonical-json.ts'
import { sameBytes, toHex, uuidFrom } from '../../src/base/encoding.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { newIdentity } from '../../src/ceremony/identity.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { type Consent, consentWithShare } from '../../src/custody/consent.ts'
import type { PublicKeySet } from '../../src/custody/key-set.ts'
import { publicKeySetRecord } from '../../src/custody/key-set.ts'
import type { KnownChain } from '../../src/custody/known-chain.ts'
import { sharePublicKey } from '../../src/custody/share-key.ts'
import { encodeStatement, type Statement, statementDigest } from '../../src/custody/statement.ts'
import {
  type Closing,
  type ClosingPlace,
  closingLine,
  consentLine,
  dealtLine,
  openingLine,
} from '../../src/custody/transcript.ts'
import { exportHeader, verifyExports } from '../../src/custody/transcript-export.ts'
import { type ReadLine, readLine } from '../../src/custody/transcript-line.ts'
import { verifyTranscript } from '../../src/custody/transcript-verify.ts'
import { exported, type History, history } from '../sim/history.ts'
import { SeededEntropy } from '../sim/seeded-entropy.ts'

/**
 * What a holder of the root key can make the transcripts say: it has the identity key, so it signs closing
 * lines as the server does. What it does not have are the shares.
 */
describe('with the identity key and no share, nobody can forge', () => {
  let past: History
  let lines: readonly Uint8Array[]
  let chain: KnownChain
  const entropy = new SeededEntropy('forger')
  before(async () => {
    past = await history()
    lines = await exported(past.world)
    const verdict = verifyExports(nodePrimitives, [lines])
    assert(verdict.ok)
    chain = verdict.chain
  })

  interface Forgery {
    readonly kind?: Statement['kind']
    readonly sets?: readonly PublicKeySet[]
    readonly consents?: (digest: Uint8Array) => readonly Consent[]
    /** In the verified flow, behind the consents: the set that was dealt, and who gave its shares back. */
    readonly dealt?: PublicKeySet
    readonly proofs?: (digest: Uint8Array) => readonly Consent[]
    readonly event?: Closing['event']
    readonly facts?: Closing['facts']
    readonly deal?: Statement['deal']
    readonly identity?: ClosingPlace['identity']
    readonly previous?: ClosingPlace['previous']
  }

  const live = (): PublicKeySet => past.world.custodian.record!.live
  const serial = (): number => past.world.custodian.record!.serial + 1
  const deal = {
    shares: 3,
    threshold: 2,
    flow: 'direct',
    verify: 'none',
    backup: false,
    delivery: 'clear to the request that completes it',
  } as const

  /** A transcript that stands right behind the true ones. */
  function forge(forgery: Forgery): readonly Uint8Array[] {
    const { world } = past
    const { session } = world
    const sets = forgery.sets ?? [live()]
    const time = world.clock.now()
    const kind = forgery.kind ?? 'unseal'
    const statement = encodeStatement({
      kind,
      ceremonyId: uuidFrom(entropy.bytes(16)),
      storeId: world.custodian.record!.storeId,
      keySets: sets,
      opened: time,
      expires: time,
      deal: forgery.deal ?? (kind === 'rekey' ? deal : null),
    })
    const digest = statementDigest(nodePrimitives, statement)
    const opening = openingLine(nodePrimitives, time, {
      statement,
      digest,
      custodyDigest: session!.custodyDigest,
      serial: world.custodian.record!.serial,
      identityKey: session!.identity.publicKey,
      keySets: sets,
      previousHead: chain.head.hash,
    })
    const forged = [opening]
    for (const consent of forgery.consents?.(digest) ?? []) {
      forged.push(consentLine(nodePrimitives, forged.at(-1)!.next, { time, consent }))
    }
    if (forgery.dealt !== undefined) {
      const dealt = { time, agreedBy: live().id, dealt: forgery.dealt }
      forged.push(dealtLine(nodePrimitives, forged.at(-1)!.next, dealt))
    }
    for (const consent of forgery.proofs?.(digest) ?? []) {
      forged.push(consentLine(nodePrimitives, forged.at(-1)!.next, { time, consent }))
    }
    const closing = closingLine(nodePrimitives, forged.at(-1)!.next, {
      time,
      event: forgery.event ?? 'completed',
      facts: forgery.facts ?? { serial: serial() },
      identity: forgery.identity ?? session!.identity,
      previous: forgery.previous ?? chain.head,
    })
    return [...forged, closing].map(({ bytes }) => bytes)
  }

  /** A consent as its holder makes it. */
  function consentOf(share: number, digest: Uint8Array, verb: Consent['verb'] = 'agree'): Consent {
    using secret = SecretBytes.copyOf(past.shares[share - 1]!)
    const holder = { share: secret, setId: live().id, shareNumber: share }
    return consentWithShare(nodePrimitives, { verb, digest }, holder)
  }

  /** A set of three whose shares the forger has, and two of its holders' consents. */
  function ownSet(id: Uint8Array, number: number) {
    const shares = [1, 2, 3].map((share) => ({ share, secret: SecretBytes.take(entropy.bytes(33)) }))
    const publicKey = (secret: SecretBytes): Uint8Array => sharePublicKey(nodePrimitives, secret, id)
    const set: PublicKeySet = {
      id,
      number,
      threshold: 2,
      shares: shares.map(({ share, secret }) => ({ number: share, publicKey: publicKey(secret) })),
    }
    const consents = (digest: Uint8Array, verb: Consent['verb'] = 'agree') =>
      shares.slice(0, 2).map(({ share, secret }) => {
        const holder = { share: secret, setId: id, shareNumber: share }
        return consentWithShare(nodePrimitives, { verb, digest }, holder)
      })
    return { set, consents }
  }

  function refuses(forgery: Forgery, told: { readonly line: number; readonly fault: RegExp }): void {
    const verdict = verifyTranscript(nodePrimitives, forge(forgery), chain)
    assert(!verdict.ok, 'the forgery was believed')
    assert.equal(verdict.bad.line, told.line, verdict.bad.fault)
    assert.match(verdict.bad.fault, told.fault)
  }

  const noQuorum = /says completed, but no quorum/

  test('(the forger knows the format: with two true consents its lines verify)', () => {
    const consents = (digest: Uint8Array) => [consentOf(1, digest), consentOf(3, digest)]
    const verdict = verifyTranscript(nodePrimitives, forge({ consents }), chain)
    assert(verdict.ok, JSON.stringify(verdict))
  })

  test('an unseal, a rekey without anybody', () => {
    refuses({}, { line: 1, fault: noQuorum })
    const facts = { serial: serial(), dealt: publicKeySetRecord(live()) }
    refuses({ kind: 'rekey', facts }, { line: 1, fault: noQuorum })
  })

  test('a quorum from one holder less, or from one holder twice', () => {
    refuses({ consents: (digest) => [consentOf(2, digest)] }, { line: 2, fault: noQuorum })
    const twice = (digest: Uint8Array) => [consentOf(2, digest), consentOf(2, digest)]
    refuses({ consents: twice }, { line: 3, fault: noQuorum })
  })

  test('a consent of another ceremony, or for another verb', () => {
    const old = lines.slice(1).map(readLine).find(isConsentOf(live().id))
    assert(old?.event === 'consent')
    const consents = (digest: Uint8Array) => [consentOf(1, digest), { ...old.consent, shareNumber: 2 }]
    refuses({ consents }, { line: 2, fault: /is not signed by share 2 of key set 4/ })
    const verbs = (digest: Uint8Array) => [consentOf(1, digest), consentOf(2, digest, 'cancel')]
    refuses({ consents: verbs }, { line: 3, fault: noQuorum })
    const renamed = (digest: Uint8Array): Consent[] => [{ ...consentOf(1, digest, 'cancel'), verb: 'agree' }]
    refuses({ consents: renamed }, { line: 1, fault: /is not signed by share 1/ })
  })

  test('a consent in the name of another holder', () => {
    const consents = (digest: Uint8Array) => [
      consentOf(1, digest),
      { ...consentOf(1, digest), shareNumber: 2 },
    ]
    refuses({ consents }, { line: 2, fault: /is not signed by share 2/ })
    const none = (digest: Uint8Array) => [{ ...consentOf(1, digest), shareNumber: 9 }]
    refuses({ consents: none }, { line: 1, fault: /is not signed by share 9/ })
  })

  test('keys of its own for a set, or a set of its own', () => {
    const same = ownSet(live().id, live().number)
    const substituted = { sets: [same.set], consents: same.consents }
    refuses(substituted, { line: 0, fault: /gives other keys for key set 4/ })
    // By itself it verifies: whose keys those are, only the chain can say.
    assert(verifyTranscript(nodePrimitives, forge(substituted)).ok)
    const own = ownSet(entropy.bytes(16), 5)
    const foreign = { sets: [own.set], consents: own.consents }
    refuses(foreign, { line: 0, fault: /key set 5, which no ceremony/ })
  })

  test('a quorum put together from two sets', async () => {
    const { world, shares } = await history()
    const fresh = await world.rekey(shares, { shares: 3, threshold: 2 })
    await world.startRekey({ shares: 3, threshold: 2 })
    await world.give(shares[0]!)
    await world.give(fresh[0]!)
    const { running, progress } = world.custodian.rekey.status()
    assert.deepEqual([running!.agreement.consents.length, progress], [2, 1])
    const id = running!.agreement.ceremonyId
    const open = (await world.custodian.archive.transcript(id))!
    const closing = closingLine(
      nodePrimitives,
      { lines: open.length, head: nodePrimitives.sha256(open.at(-1)!) },
      {
        time: world.clock.now(),
        event: 'completed',
        facts: { dealt: publicKeySetRecord(live()), serial: world.custodian.record!.serial + 1 },
        identity: world.session!.identity,
        previous: world.custodian.archive.head(),
      },
    )
    const verdict = verifyTranscript(nodePrimitives, [...open, closing.bytes])
    assert(!verdict.ok)
    assert.match(verdict.bad.fault, noQuorum)
  })

  test('a deal of other numbers than the holders agreed to, or one they were not asked for', () => {
    const consents = (digest: Uint8Array) => [consentOf(1, digest), consentOf(2, digest)]
    const facts = { serial: serial(), dealt: publicKeySetRecord(live()) }
    const other = { ...deal, shares: 5 }
    refuses({ kind: 'rekey', deal: other, facts, consents }, { line: 3, fault: /other numbers of shares/ })
    refuses({ facts, consents }, { line: 3, fault: /deals otherwise than its statement/ })
    const silent = { serial: serial() }
    refuses({ kind: 'rekey', facts: silent, consents }, { line: 3, fault: /does not say which key set/ })
  })

  test('a verified rekey without a quorum, without the new shares, or with old ones in their place', () => {
    const verified = { ...deal, flow: 'verified', verify: 'threshold' } as const
    const rekey = { kind: 'rekey', deal: verified } as const
    const consents = (digest: Uint8Array) => [consentOf(1, digest), consentOf(2, digest)]
    const fresh = ownSet(entropy.bytes(16), 5)
    const proofs = (digest: Uint8Array) => fresh.consents(digest, 'prove')
    const whole = { ...rekey, consents, dealt: fresh.set, proofs }
    assert(verifyTranscript(nodePrimitives, forge(whole), chain).ok, 'with both quorums its lines verify')
    const one = (digest: Uint8Array) => [consentOf(1, digest)]
    refuses({ ...whole, consents: one }, { line: 2, fault: /deals new shares, but no quorum/ })
    const half = (digest: Uint8Array) => proofs(digest).slice(1)
    refuses({ ...whole, proofs: half }, { line: 5, fault: /too few of the new shares were given back/ })
    const old = (digest: Uint8Array) => [consentOf(1, digest, 'prove'), consentOf(2, digest, 'prove')]
    refuses({ ...whole, proofs: old }, { line: 4, fault: /a key set that has no say in it/ })
    const agreed = (digest: Uint8Array) => fresh.consents(digest, 'agree')
    refuses({ ...whole, consents: agreed }, { line: 1, fault: /a key set that has no say in it/ })
    const all = { ...verified, verify: 'all' } as const
    refuses({ ...whole, deal: all }, { line: 6, fault: /too few of the new shares were given back/ })
    const facts = { serial: serial(), dealt: publicKeySetRecord(fresh.set) }
    refuses({ ...rekey, consents, facts }, { line: 3, fault: /deals otherwise than its statement/ })
    refuses({ ...whole, deal }, { line: 6, fault: /deals otherwise than its statement/ })
  })

  test('a serial that was there before', () => {
    const consents = (digest: Uint8Array) => [consentOf(1, digest), consentOf(2, digest)]
    refuses({ consents, facts: { serial: serial() - 2 } }, { line: 3, fault: /was there before it/ })
  })

  test('another ceremony before it than the one whose hash it names, or the hash of another', () => {
    const consents = (digest: Uint8Array) => [consentOf(1, digest), consentOf(2, digest)]
    const previous = { ...chain.head, ceremonyId: uuidFrom(entropy.bytes(16)) }
    refuses({ consents, previous }, { line: 3, fault: /names another ceremony before it/ })
    const other = { ...chain.head, hash: entropy.bytes(32) }
    refuses({ consents, previous: other }, { line: 0, fault: /does not follow/ })
  })

  test('lines out of their kind: one that opens nothing first, another opening, an end before the end', () => {
    const consents = (digest: Uint8Array) => [consentOf(1, digest), consentOf(2, digest)]
    const lines = forge({ consents })
    const lineOf = (from: number, to: number): Uint8Array => {
      const members = parseCanonicalJson(lines[from]!) as { readonly [member: string]: RecordValue }
      const before = to === 0 ? {} : { previous_line: toHex(nodePrimitives.sha256(lines[to - 1]!)) }
      return canonicalJson({ ...members, ...before, line: to })
    }
    for (const [forged, fault] of [
      [lines.with(0, lineOf(1, 0)), 'does not open a ceremony'],
      [lines.with(1, lineOf(0, 1)), 'opens a ceremony within another'],
      [[...lines, lineOf(2, 4)], 'stands behind the end of its ceremony'],
    ] as const) {
      const verdict = verifyTranscript(nodePrimitives, forged, chain)
      assert(!verdict.ok)
      assert.equal(verdict.bad.fault, fault)
    }
    const empty = verifyTranscript(nodePrimitives, [], chain)
    assert(!empty.ok)
    assert.match(empty.bad.fault, /no closing line/)
  })

  test('an init in a store that has one', () => {
    refuses({ kind: 'init', sets: [], deal }, { line: 0, fault: /an init in a store that has one/ })
  })
})

describe('without the identity key of its time, nobody can close a ceremony', () => {
  test('a key of its own is refused, and so is a later one: history before the last rekey is out of reach', async () => {
    const { world } = await history()
    const lines = await exported(world)
    const at = lines.findIndex((line) => eventOf(line) === 'expired')
    const members = JSON.parse(Buffer.from(lines[at]!).toString())
    const opening = lines[at - 1]!
    const chain = { lines: 1, head: nodePrimitives.sha256(lines[at - 1]!) }
    assert.equal(readLine(opening).event, 'opened')
    for (const identity of [newIdentity(nodePrimitives, new SeededEntropy('own')), world.session!.identity]) {
      const closing = closingLine(nodePrimitives, chain, {
        time: members.time,
        event: 'cancelled',
        facts: {},
        identity,
        previous: {
          hash: new Uint8Array(Buffer.from(members.previous_transcript, 'hex')),
          ceremonyId: members.previous_ceremony,
        },
      })
      const verdict = verifyExports(nodePrimitives, [lines.toSpliced(at, 1, closing.bytes)])
      assert(!verdict.ok)
      assert.equal(verdict.bad.line, at)
      assert.match(verdict.bad.fault, /is not signed by the identity key/)
    }
  })
})

describe('what only a head that is known from elsewhere finds', () => {
  test('an export without its last ceremony verifies, and does not have the head of before', async () => {
    const { world } = await history()
    const whole = await exported(world)
    const known = world.custodian.archive.head().hash
    const last = whole.findLastIndex((line) => eventOf(line) === 'opened')
    const cut = whole.slice(1, last)
    const header = JSON.parse(Buffer.from(whole[0]!).toString())
    const shorter = exportHeader({
      storeId: header.store_id,
      ceremonies: header.ceremonies - 1,
      previous: new Uint8Array(32),
      head: nodePrimitives.sha256(cut.at(-1)!),
    })
    const verdict = verifyExports(nodePrimitives, [[shorter, ...cut]])
    assert(verdict.ok)
    assert.equal(verdict.chain.identityAfter(known), null, 'the head is not in the chain')
    const all = verifyExports(nodePrimitives, [whole])
    assert(all.ok && all.chain.identityAfter(known) !== null)
  })
})

function isConsentOf(setId: Uint8Array): (line: ReadLine) => boolean {
  return (line) =>
    line.event === 'consent' && line.consent.verb === 'agree' && sameBytes(line.consent.setId, setId)
}

function eventOf(line: Uint8Array): unknown {
  return JSON.parse(Buffer.from(line).toString()).event
}
