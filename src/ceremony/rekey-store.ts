import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { REKEY_PATH } from '../barrier/paths.ts'
import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { unixMillis } from '../base/clock.ts'
import { fromHex, sameBytes, toHex } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { MAX_SHARES } from '../base/limits.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { consentRecord, parseConsent, verifyConsent } from '../custody/consent.ts'
import type { CustodyRecord } from '../custody/custody-record.ts'
import { KEY_SET_ID_BYTES } from '../custody/key-set.ts'
import { corrupt, field, RecordFields } from '../custody/record-fields.ts'
import { statementDigest } from '../custody/statement.ts'
import type { ChainState } from '../custody/transcript.ts'
import type { RekeyTerms, RunningRekey } from './rekey.ts'

const FORMAT = 1
const MAX_TIME = 253_402_300_799_999

/** A running rekey as it is kept behind the barrier: signatures and where its transcript stands. */
export interface StoredRekey {
  readonly rekey: RunningRekey
  readonly chain: ChainState
}

export function rekeyWrite({ rekey, chain }: StoredRekey): PlainWrite {
  const { terms } = rekey
  const value = canonicalJson({
    ceremony_id: terms.ceremonyId,
    chain_head: toHex(chain.head),
    chain_lines: chain.lines,
    consents: rekey.consents.map(consentRecord),
    credential: terms.credential,
    expires: terms.expires,
    face: terms.face,
    format: FORMAT,
    opened: terms.opened,
    quorums: terms.quorums.map((quorum) => ({ key_set: field(quorum.setId), threshold: quorum.threshold })),
    shares: terms.shares,
    statement: field(terms.statement),
    threshold: terms.threshold,
  })
  return { op: 'put', key: REKEY_PATH, value }
}

/**
 * The rekey that was running when the server went down. A consent counts only when its signature is right and
 * its set still opens: consents count against the sets as they are when counted. `null` where none was
 * running, or where a set that it names is gone.
 *
 * A record that cannot be read is reported through `onDamaged` and dropped: a ceremony can be started again.
 */
export async function readRekey(
  primitives: Primitives,
  barrier: Barrier,
  known: { readonly record: CustodyRecord; readonly onDamaged: () => void },
): Promise<StoredRekey | null> {
  try {
    const stored = await barrier.get(REKEY_PATH)
    return stored === null
      ? null
      : withValidConsents(primitives, parseRekey(primitives, stored), known.record)
  } catch (error) {
    if (!hasCode(error, 'corrupt_entry') && !hasCode(error, 'corrupt_store')) throw error
    known.onDamaged()
    return null
  }
}

function withValidConsents(
  primitives: Primitives,
  stored: StoredRekey,
  record: CustodyRecord,
): StoredRekey | null {
  const sets = [record.live, record.retiring].filter((set) => set !== null)
  const { terms } = stored.rekey
  if (!terms.quorums.every((quorum) => sets.some((set) => sameBytes(set.id, quorum.setId)))) return null
  const consents = stored.rekey.consents.filter((consent) => {
    const set = sets.find((one) => sameBytes(one.id, consent.setId))
    return set !== undefined && verifyConsent(primitives, consent, { set, digest: terms.digest })
  })
  return { ...stored, rekey: { ...stored.rekey, consents } }
}

function parseRekey(primitives: Primitives, stored: Uint8Array): StoredRekey {
  const fields = new RecordFields(parseCanonicalJson(stored) ?? undefined, 'the running rekey')
  if (fields.integer('format', { min: 1, max: FORMAT }) !== FORMAT)
    throw corrupt('the running rekey', 'is foreign')
  const statement = fields.bytes('statement')
  const terms: RekeyTerms = {
    ceremonyId: fields.text('ceremony_id'),
    shares: fields.integer('shares', { min: 1, max: MAX_SHARES }),
    threshold: fields.integer('threshold', { min: 1, max: MAX_SHARES }),
    face: oneOf(fields.text('face'), ['original', 'modern']),
    credential: oneOf(fields.text('credential'), ['none', 'token', 'share']),
    statement,
    digest: statementDigest(primitives, statement),
    opened: unixMillis(fields.integer('opened', { min: 0, max: MAX_TIME })),
    expires: unixMillis(fields.integer('expires', { min: 0, max: MAX_TIME })),
    quorums: fields.list('quorums').map((value) => {
      const quorum = new RecordFields(value, 'a quorum')
      return {
        setId: quorum.bytes('key_set', KEY_SET_ID_BYTES),
        threshold: quorum.integer('threshold', { min: 1, max: MAX_SHARES }),
      }
    }),
  }
  const head = fromHex(fields.text('chain_head'))
  if (head === null) throw corrupt('the running rekey', 'has no chain')
  const chain = { head, lines: fields.integer('chain_lines', { min: 1, max: 1_000_000 }) }
  const rekey: RunningRekey = {
    phase: 'collecting',
    terms,
    consents: fields.list('consents').map(parseConsent),
  }
  fields.end()
  return { rekey, chain }
}

function oneOf<Name extends string>(text: string, names: readonly Name[]): Name {
  const name = names.find((one) => one === text)
  if (name === undefined) throw corrupt('the running rekey', 'has an unknown word')
  return name
}
