import type { Barrier } from '../barrier/barrier.ts'
import { canonicalJson, parseCanonicalJson, type RecordValue } from '../base/canonical-json.ts'
import { unixMillis } from '../base/clock.ts'
import { fromHex, sameBytes, toHex } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { MAX_SHARES } from '../base/limits.ts'
import type { Primitives } from '../crypto/primitives.ts'
import {
  type Consent,
  type ConsentVerb,
  consentRecord,
  parseConsent,
  verifyConsent,
} from '../custody/consent.ts'
import type { CustodyRecord } from '../custody/custody-record.ts'
import { KEY_SET_ID_BYTES } from '../custody/key-set.ts'
import { corrupt, field, RecordFields, type RecordObject } from '../custody/record-fields.ts'
import { statementDigest } from '../custody/statement.ts'
import type { ChainState } from '../custody/transcript.ts'
import type { Agreement, Opener, Quorum } from './agreement.ts'

const FORMAT = 1
const MAX_TIME = 253_402_300_799_999
const MAX_LINES = 1_000_000

/** A running ceremony as it is kept behind the barrier, and where its transcript stands. */
export interface StoredCeremony<Running> {
  readonly running: Running
  readonly chain: ChainState
}

/** What a kind of ceremony adds to the record, and how it reads that back. */
export interface CeremonyFormat<Running> {
  readonly path: string
  /** Names the record in messages. */
  readonly what: string
  parse(agreement: Agreement, fields: RecordFields): Running
  /** The same ceremony with these consents. */
  withAgreement(running: Running, agreement: Agreement): Running
}

/** The stored bytes: the agreement and the chain, and the kind's own members. */
export function encodeCeremony(agreement: Agreement, chain: ChainState, own: RecordObject): Uint8Array {
  return canonicalJson({
    ...own,
    cancels: agreement.cancels.map(consentRecord),
    ceremony_id: agreement.ceremonyId,
    chain_head: toHex(chain.head),
    chain_lines: chain.lines,
    consents: agreement.consents.map(consentRecord),
    expires: agreement.expires,
    format: FORMAT,
    opened: agreement.opened,
    opener: openerRecord(agreement.opener),
    quorums: agreement.quorums.map(({ setId, shares, threshold }) => ({
      key_set: field(setId),
      shares,
      threshold,
    })),
    statement: field(agreement.statement),
  })
}

/**
 * The ceremony that was running when the server went down. A consent counts, once, only when its signature is
 * right and says so, and its set still opens: consents count against the sets as they are when counted.
 * `null` where none was running, or where a set that it names is gone.
 *
 * A record that cannot be read is reported through `onDamaged` and dropped: a ceremony can be started again.
 */
export async function readCeremony<Running extends { readonly agreement: Agreement }>(
  primitives: Primitives,
  barrier: Barrier,
  of: {
    readonly format: CeremonyFormat<Running>
    readonly record: CustodyRecord
    readonly onDamaged: () => void
  },
): Promise<StoredCeremony<Running> | null> {
  try {
    const stored = await barrier.get(of.format.path)
    if (stored === null) return null
    const ceremony = parseCeremony(primitives, stored, of.format)
    const agreement = whatCounts(primitives, ceremony.running.agreement, of.record)
    return agreement === null
      ? null
      : { ...ceremony, running: of.format.withAgreement(ceremony.running, agreement) }
  } catch (error) {
    if (!hasCode(error, 'corrupt_entry') && !hasCode(error, 'corrupt_store')) throw error
    of.onDamaged()
    return null
  }
}

/** The agreement with those consents that count today. */
function whatCounts(primitives: Primitives, agreement: Agreement, record: CustodyRecord): Agreement | null {
  const sets = [record.live, record.retiring].filter((set) => set !== null)
  if (!agreement.quorums.every((quorum) => sets.some((set) => sameBytes(set.id, quorum.setId)))) return null
  const counting = (given: readonly Consent[], verb: ConsentVerb): readonly Consent[] =>
    given.filter((consent, index) => {
      const set = sets.find((one) => sameBytes(one.id, consent.setId))
      if (set === undefined || consent.verb !== verb) return false
      // Its holder counts once.
      if (given.findIndex((other) => isSameHolder(other, consent)) !== index) return false
      return verifyConsent(primitives, consent, { set, digest: agreement.digest })
    })
  const { consents, cancels } = agreement
  return { ...agreement, consents: counting(consents, 'agree'), cancels: counting(cancels, 'cancel') }
}

function isSameHolder(one: Consent, other: Consent): boolean {
  return one.shareNumber === other.shareNumber && sameBytes(one.setId, other.setId)
}

function parseCeremony<Running>(
  primitives: Primitives,
  stored: Uint8Array,
  format: CeremonyFormat<Running>,
): StoredCeremony<Running> {
  const fields = new RecordFields(parseCanonicalJson(stored) ?? undefined, format.what)
  fields.integer('format', { min: FORMAT, max: FORMAT })
  const statement = fields.bytes('statement')
  const agreement: Agreement = {
    ceremonyId: fields.text('ceremony_id'),
    statement,
    digest: statementDigest(primitives, statement),
    opened: unixMillis(fields.integer('opened', { min: 0, max: MAX_TIME })),
    expires: unixMillis(fields.integer('expires', { min: 0, max: MAX_TIME })),
    quorums: fields.list('quorums').map(parseQuorum),
    opener: parseOpener(fields.value('opener')),
    consents: fields.list('consents').map(parseConsent),
    cancels: fields.list('cancels').map(parseConsent),
  }
  const head = fromHex(fields.text('chain_head'))
  if (head === null) throw corrupt(format.what, 'has no chain')
  const chain = { head, lines: fields.integer('chain_lines', { min: 1, max: MAX_LINES }) }
  const running = format.parse(agreement, fields)
  fields.end()
  return { running, chain }
}

function parseQuorum(value: RecordValue): Quorum {
  const fields = new RecordFields(value, 'a quorum')
  const quorum = {
    setId: fields.bytes('key_set', KEY_SET_ID_BYTES),
    shares: fields.integer('shares', { min: 1, max: MAX_SHARES }),
    threshold: fields.integer('threshold', { min: 1, max: MAX_SHARES }),
  }
  fields.end()
  return quorum
}

function openerRecord(opener: Opener): RecordObject {
  if (opener.by !== 'holder') return { by: opener.by }
  return { by: opener.by, key_set: field(opener.setId), share: opener.shareNumber }
}

function parseOpener(value: RecordValue | undefined): Opener {
  const fields = new RecordFields(value, 'an opener')
  const by = oneOf(fields.text('by'), ['nobody', 'token', 'holder'] as const)
  if (by !== 'holder') {
    fields.end()
    return { by }
  }
  const setId = fields.bytes('key_set', KEY_SET_ID_BYTES)
  const shareNumber = fields.integer('share', { min: 1, max: MAX_SHARES })
  fields.end()
  return { by, setId, shareNumber }
}

/** One of our own words. Throws `corrupt_store` for another. */
export function oneOf<Name extends string>(text: string, names: readonly Name[]): Name {
  const name = names.find((one) => one === text)
  if (name === undefined) throw corrupt('a running ceremony', 'has an unknown word')
  return name
}
