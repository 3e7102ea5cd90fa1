import type { PlainWrite } from '../barrier/barrier.ts'
import { Keyring } from '../barrier/keyring.ts'
import { unixMillis } from '../base/clock.ts'
import { uuidFrom } from '../base/encoding.ts'
import { CEREMONY_EXPIRY_MS } from '../base/limits.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES } from '../crypto/primitives.ts'
import { type CustodyRecord, STORE_ID_BYTES } from '../custody/custody-record.ts'
import { publicKeySetRecord } from '../custody/key-set.ts'
import { encodeStatement, statementDigest } from '../custody/statement.ts'
import { closingLine, EMPTY_HEAD, NO_TRANSCRIPT, openingLine } from '../custody/transcript.ts'
import { sealSlot } from '../seal/shamir/slot.ts'
import { commitChange, prepareChange, SEALS_PER_CHANGE } from './custody-change.ts'
import { type Deal, deal, keySetOf } from './deal.ts'
import type { Recipient } from './delivery.ts'
import { type Identity, identityWrite, newIdentity, wipeWrites } from './identity.ts'
import type { DealParameters } from './parameters.ts'
import { type Parcel, pack } from './parcel.ts'
import type { CeremonyPorts } from './ports.ts'
import { dealTermsOf, factsOf } from './rekey-statement.ts'
import type { StoredRecords } from './stored-records.ts'
import { headWrite, lineWrite } from './transcripts.ts'

/** What a new store holds besides its keys: mount table, first token, cluster name. */
export interface Seed {
  readonly rootToken: SecretBytes
  /** Plaintext, to be sealed into init's one commit. */
  readonly entries: readonly PlainWrite[]
}

/** What is asked of init. Keys of people were parsed and tried before. */
export interface InitTerms extends DealParameters {
  /** One a share; `null`: in the clear. */
  readonly recipients: readonly Recipient[] | null
  /** Whom the root token is wrapped for; `null`: in the clear. */
  readonly tokenRecipient: Recipient | null
}

/** The answer of init. The caller wipes it. */
export interface InitAnswer extends Disposable {
  readonly parcel: Parcel
  readonly rootToken: SecretBytes
  /** The root token for its recipient; `null` where there is none. */
  readonly wrappedToken: Uint8Array | null
}

const NOTHING_STORED: StoredRecords = {
  custody: { first: null, copy: null },
  keyring: { first: null, copy: null },
  anchor: { first: null, copy: null },
}

/**
 * Initialises an empty store: deal, prove, wrap, **one commit**, wipe; then the answer. Refused before the
 * commit, nothing is left. The parameters were checked before.
 *
 * Throws `condition_failed` when the store is not empty any more.
 */
export async function initialise(
  ports: CeremonyPorts,
  terms: InitTerms,
  seed: Seed,
): Promise<{ readonly answer: InitAnswer; readonly stored: StoredRecords }> {
  const { primitives, entropy } = ports
  using rootKey = SecretBytes.take(entropy.bytes(AEAD_KEY_BYTES))
  const identity = newIdentity(primitives, entropy)
  using _seed = identity.seed
  using dealt = deal(ports, terms)
  let parcel: Parcel | null = null
  try {
    parcel = await pack(ports.delivery, dealt, terms.recipients)
    const { tokenRecipient } = terms
    const wrappedToken =
      tokenRecipient === null ? null : await ports.delivery.encrypt(tokenRecipient, seed.rootToken)
    const storeId = entropy.bytes(STORE_ID_BYTES)
    const record = firstRecord(ports, { storeId, dealt, rootKey, identity })
    const entries = [
      ...seed.entries,
      identityWrite(identity),
      ...transcript(ports, { record, terms, identity }),
    ]
    using keyring = newKeyring(ports, SEALS_PER_CHANGE + entries.length)
    const prepared = prepareChange(ports, NOTHING_STORED, { record, rootKey, keyring, done: 0, entries })
    wipeWrites(entries)
    await commitChange(ports.storage, prepared)
    ports.log.info('store initialised', { shares: terms.shares, threshold: terms.threshold })
    const answer = initAnswer(parcel, seed.rootToken, wrappedToken)
    return { answer, stored: prepared.stored }
  } catch (error) {
    parcel?.[Symbol.dispose]()
    seed.rootToken[Symbol.dispose]()
    throw error
  }
}

function initAnswer(parcel: Parcel, rootToken: SecretBytes, wrappedToken: Uint8Array | null): InitAnswer {
  return {
    parcel,
    rootToken,
    wrappedToken,
    [Symbol.dispose](): void {
      parcel[Symbol.dispose]()
      rootToken[Symbol.dispose]()
    },
  }
}

/** Init seals this once and never again, so that what is reserved is what was done. */
function newKeyring(ports: CeremonyPorts, seals: number): Keyring {
  const key = SecretBytes.take(ports.entropy.bytes(AEAD_KEY_BYTES))
  using empty = Keyring.create(ports.primitives, key, ports.clock.now())
  return empty.withOperations(seals)
}

function firstRecord(
  ports: CeremonyPorts,
  parts: {
    readonly storeId: Uint8Array
    readonly dealt: Deal
    readonly rootKey: SecretBytes
    readonly identity: Identity
  },
): CustodyRecord {
  const { storeId, dealt, rootKey, identity } = parts
  const place = { storeId, setId: dealt.setId }
  const nonce = ports.entropy.bytes(AEAD_NONCE_BYTES)
  const slot = sealSlot(ports.primitives, place, { unsealKey: dealt.unsealKey, rootKey, nonce })
  return {
    storeId,
    serial: 1,
    sealType: 'shamir',
    identityKey: identity.publicKey,
    nodes: [],
    live: keySetOf(dealt, { number: 1, slot, createdAt: ports.clock.now() }),
    retiring: null,
    retired: [],
  }
}

/**
 * The transcript of init: nobody agrees, since there was nobody; it ties the first set to its first identity.
 */
function transcript(
  ports: CeremonyPorts,
  init: {
    readonly record: CustodyRecord
    readonly terms: InitTerms
    readonly identity: Identity
  },
): readonly PlainWrite[] {
  const { primitives, clock, entropy } = ports
  const { record, terms, identity } = init
  const { shares, threshold, recipients, tokenRecipient } = terms
  const time = clock.now()
  const ceremonyId = uuidFrom(entropy.bytes(16))
  const statement = encodeStatement({
    kind: 'init',
    ceremonyId,
    storeId: record.storeId,
    keySets: [],
    opened: time,
    expires: unixMillis(time + CEREMONY_EXPIRY_MS),
    deal: dealTermsOf(primitives, { shares, threshold, recipients, verify: 'none', backup: false }),
    ...(tokenRecipient === null ? {} : { token: factsOf(primitives, tokenRecipient) }),
  })
  const opening = openingLine(primitives, time, {
    statement,
    digest: statementDigest(primitives, statement),
    custodyDigest: EMPTY_HEAD,
    serial: 0,
    identityKey: identity.publicKey,
    keySets: [],
    previousHead: EMPTY_HEAD,
  })
  const closing = closingLine(primitives, opening.next, {
    time,
    event: 'completed',
    facts: { dealt: publicKeySetRecord(record.live), key_set: 1, serial: 1 },
    identity,
    previous: NO_TRANSCRIPT,
  })
  const head = { hash: closing.next.head, ceremonyId }
  return [lineWrite(ceremonyId, opening), lineWrite(ceremonyId, closing), headWrite(head)]
}
