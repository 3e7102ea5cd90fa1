import type { PlainWrite } from '../barrier/barrier.ts'
import { RETIRING_PATH } from '../barrier/paths.ts'
import { assert } from '../base/assert.ts'
import { sameBytes } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES } from '../crypto/primitives.ts'
import { type CustodyRecord, withoutSet, withRetired } from '../custody/custody-record.ts'
import type { KeySet, PublicKeySet, RetiredEnd, RetiredKeySet, RetiringKeySet } from '../custody/key-set.ts'
import { openLink, openSlot, sealLink, sealSlot } from '../seal/shamir/slot.ts'
import { type Deal, keySetOf } from './deal.ts'
import {
  certify,
  type Identity,
  identityWrite,
  newIdentity,
  readStoredSecret,
  retiringRootWrite,
} from './identity.ts'
import type { CeremonyPorts } from './ports.ts'
import type { PendingSet } from './rekey.ts'
import type { Session } from './session.ts'

/**
 * The lines and removals that belong into the commit of an install. They are made once its serial is known.
 */
export type InstallEntries = (install: InstallFacts) => readonly PlainWrite[]

/** What the closing line of the ceremony says. */
export interface InstallFacts {
  readonly serial: number
  readonly setNumber: number
  /** The set that is live from now on. */
  readonly live: PublicKeySet
  readonly identity: Identity
}

/**
 * Installs a dealt set as the live one (custody.md section 4): a fresh root key, slot, keyring with one
 * data-key term more, custody, anchor, identity, in one commit. The set that agreed stays, *retiring*: its
 * slot unchanged, and a link from its root key to the new one. Never more than two ways in.
 */
export async function installNewSet(
  ports: CeremonyPorts,
  session: Session,
  install: { readonly deal: Deal; readonly agreedBy: Uint8Array; readonly entries: InstallEntries },
): Promise<void> {
  const { record } = session
  const agreeing = [record.live, record.retiring].find(
    (set) => set !== null && sameBytes(set.id, install.agreedBy),
  )
  assert(agreeing !== null && agreeing !== undefined, 'a set that opens has agreed')
  using oldRootKey = await rootKeyOf(session, agreeing)
  await change(ports, session, {
    entries: (facts) => [...install.entries(facts), retiringRootWrite(oldRootKey)],
    sets: (rootKey) => {
      const live = slotted(ports, session, {
        rootKey,
        unsealKey: install.deal.unsealKey,
        make: (slot) =>
          keySetOf(install.deal, { slot, number: nextNumber(record), createdAt: ports.clock.now() }),
      })
      const retiring = linked(ports, session, { agreeing, live, oldRootKey, rootKey })
      return { live, retiring, retired: retire(ports, record, leftOver(record, agreeing)) }
    },
  })
}

/**
 * Installs a set whose shares were given back (custody.md section 4, verified): it is the live one, proven,
 * and every older set is dead in the same commit.
 */
export async function installVerified(
  ports: CeremonyPorts,
  session: Session,
  install: {
    readonly pending: PendingSet
    readonly unsealKey: SecretBytes
    readonly entries: InstallEntries
  },
): Promise<void> {
  const { record } = session
  const { id, number, threshold, entries: shares } = install.pending
  const old = [record.live, record.retiring].filter((set) => set !== null)
  const dead = old.map((set) => ({ set, end: 'replaced' as const }))
  await change(ports, session, {
    entries: (facts) => [
      ...install.entries(facts),
      ...(record.retiring === null ? [] : [{ op: 'delete' as const, key: RETIRING_PATH }]),
    ],
    sets: (rootKey) => ({
      live: slotted(ports, session, {
        rootKey,
        unsealKey: install.unsealKey,
        make: (slot) => ({ id, number, threshold, shares, slot, createdAt: ports.clock.now() }),
      }),
      retiring: null,
      retired: retire(ports, { ...record, retired: withoutSet(record.retired, id) }, dead),
    }),
  })
}

/**
 * Installs the live set once more, without the retiring one: the evidence that its shares arrived is here.
 * Root key and term are fresh, so a copied link is worth nothing.
 */
export async function installWithoutRetiring(
  ports: CeremonyPorts,
  session: Session,
  install: {
    readonly unsealKey: SecretBytes
    /** The retired sets as the commit finds them. */
    readonly retired: readonly RetiredKeySet[]
    readonly entries: InstallEntries
  },
): Promise<void> {
  const { record } = session
  const { retiring } = record
  assert(retiring !== null, 'there is a set to drop')
  // Whatever the evidence was: a key that does not open the live set's slot must never take its place.
  assert(opensLiveSlot(ports, session, install.unsealKey), 'evidence comes with the key of the live set')
  await change(ports, session, {
    entries: (facts) => [...install.entries(facts), { op: 'delete', key: RETIRING_PATH }],
    sets: (rootKey) => ({
      live: slotted(ports, session, {
        rootKey,
        unsealKey: install.unsealKey,
        make: (slot) => ({ ...record.live, slot }),
      }),
      retiring: null,
      retired: retire(ports, { ...record, retired: install.retired }, [{ set: retiring, end: 'replaced' }]),
    }),
  })
}

/** The part that both installs share: fresh root key and identity, nodes certified anew, one change. */
async function change(
  ports: CeremonyPorts,
  session: Session,
  install: {
    readonly sets: (rootKey: SecretBytes) => Pick<CustodyRecord, 'live' | 'retiring' | 'retired'>
    readonly entries: InstallEntries
  },
): Promise<void> {
  const rootKey = SecretBytes.take(ports.entropy.bytes(AEAD_KEY_BYTES))
  const identity = newIdentity(ports.primitives, ports.entropy)
  try {
    const sets = install.sets(rootKey)
    const { storeId } = session.record
    const nodes = session.record.nodes.map((keys) => certify(ports.primitives, identity, { storeId, keys }))
    const { live } = sets
    const facts = { serial: session.record.serial + 1, setNumber: live.number, live, identity }
    const entries = [...install.entries(facts), identityWrite(identity)]
    await session.change({ record: { ...sets, nodes }, rootKey, identity, term: 'new', entries })
  } catch (error) {
    rootKey[Symbol.dispose]()
    identity.seed[Symbol.dispose]()
    throw error
  }
}

function opensLiveSlot(ports: CeremonyPorts, session: Session, unsealKey: SecretBytes): boolean {
  const { storeId, live } = session.record
  using opened = openSlot(ports.primitives, { storeId, setId: live.id }, { slot: live.slot, unsealKey })
  return opened !== null && sameSecret(ports, opened, session.rootKey)
}

/** A set with a slot that was opened once before anybody relies on it. */
function slotted(
  ports: CeremonyPorts,
  session: Session,
  keys: {
    readonly rootKey: SecretBytes
    readonly unsealKey: SecretBytes
    readonly make: (slot: Uint8Array) => KeySet
  },
): KeySet {
  const { primitives, entropy } = ports
  const setId = keys.make(new Uint8Array()).id
  const place = { storeId: session.record.storeId, setId }
  const slot = sealSlot(primitives, place, { ...keys, nonce: entropy.bytes(AEAD_NONCE_BYTES) })
  using opened = openSlot(primitives, place, { slot, unsealKey: keys.unsealKey })
  assert(opened !== null && sameSecret(ports, opened, keys.rootKey), 'a new slot opens')
  return keys.make(slot)
}

function linked(
  ports: CeremonyPorts,
  session: Session,
  sets: {
    readonly agreeing: KeySet
    readonly live: KeySet
    readonly oldRootKey: SecretBytes
    readonly rootKey: SecretBytes
  },
): RetiringKeySet {
  const { agreeing, live, oldRootKey, rootKey } = sets
  const place = { storeId: session.record.storeId, retiringId: agreeing.id, liveId: live.id }
  const nonce = ports.entropy.bytes(AEAD_NONCE_BYTES)
  const link = sealLink(ports.primitives, place, { oldRootKey, rootKey, nonce })
  using opened = openLink(ports.primitives, place, { link, oldRootKey })
  assert(opened !== null && sameSecret(ports, opened, rootKey), 'a new link opens')
  const { id, number, threshold, shares, slot, createdAt } = agreeing
  return { id, number, threshold, shares, slot, createdAt, link }
}

/**
 * The root key that a set's own slot holds: the current one for the live set, its own old one for the other.
 */
async function rootKeyOf(session: Session, set: KeySet): Promise<SecretBytes> {
  if (set === session.record.live) return session.rootKey.clone()
  return readStoredSecret(await session.barrier.get(RETIRING_PATH), 'the root key of the retiring set')
}

/** The set that goes when `agreeing` becomes the retiring one. */
function leftOver(record: CustodyRecord, agreeing: KeySet): readonly Gone[] {
  if (record.retiring === null) return []
  // The retiring set decided, so nobody has shown that the live one ever arrived; or the live one did, and
  // has.
  return agreeing === record.retiring
    ? [{ set: record.live, end: 'never_proven' }]
    : [{ set: record.retiring, end: 'replaced' }]
}

interface Gone {
  readonly set: KeySet
  readonly end: RetiredEnd
}

function retire(
  ports: Pick<CeremonyPorts, 'clock'>,
  record: CustodyRecord,
  gone: readonly Gone[],
): readonly RetiredKeySet[] {
  const endedAt = ports.clock.now()
  return withRetired(
    record.retired,
    gone.map(({ set: { id, number, shares }, end }) => {
      return { id, number, publicKeys: shares.map((share) => share.publicKey), end, endedAt }
    }),
  )
}

/** The number of the next set: sets that never went live have had theirs. */
export function nextNumber(record: CustodyRecord): number {
  const numbers = [record.live, record.retiring, ...record.retired].map((set) => set?.number ?? 0)
  return Math.max(...numbers) + 1
}

function sameSecret(ports: CeremonyPorts, left: SecretBytes, right: SecretBytes): boolean {
  return left.lend((one) => right.lend((other) => ports.primitives.equal(one, other)))
}
