import { REKEY_PATH } from '../barrier/paths.ts'
import type { RecordValue } from '../base/canonical-json.ts'
import { unixMillis } from '../base/clock.ts'
import { MAX_SHARES } from '../base/limits.ts'
import { KEY_SET_ID_BYTES, PUBLIC_KEY_BYTES } from '../custody/key-set.ts'
import { corrupt, field, RecordFields, type RecordObject } from '../custody/record-fields.ts'
import type { Agreement } from './agreement.ts'
import type { Recipient } from './delivery.ts'
import type { LedgerKind } from './ledger.ts'
import type { PendingSet, RekeyTerms, RunningRekey } from './rekey.ts'
import { type CeremonyFormat, encodeCeremony, oneOf } from './stored-ceremony.ts'

const MAX_TIME = 253_402_300_799_999

/** A running rekey behind the barrier: signatures, terms, and the public keys of a pending set. */
export const REKEY_LEDGER: LedgerKind<RunningRekey> = {
  noun: 'rekey',
  kind: 'rekey',
  path: REKEY_PATH,
  encode: ({ running, chain }) => encodeCeremony(running.agreement, chain, ownMembers(running)),
}

export const REKEY_FORMAT: CeremonyFormat<RunningRekey> = {
  path: REKEY_PATH,
  what: 'the running rekey',
  parse: parseRekey,
  withAgreement: (running, agreement) => ({ ...running, agreement }),
}

function ownMembers(running: RunningRekey): RecordObject {
  const { backup, face, recipients, shares, threshold, verify } = running.terms
  const dealt = running.phase === 'dealt' ? running : null
  return {
    backup,
    face,
    pending: dealt === null ? null : pendingRecord(dealt.pending),
    recipients: recipients === null ? null : recipients.map(recipientRecord),
    shares,
    threshold,
    verification_nonce: dealt?.verificationNonce ?? null,
    verify,
  }
}

function parseRekey(agreement: Agreement, fields: RecordFields): RunningRekey {
  const recipients = fields.value('recipients')
  const backup = fields.value('backup')
  if (typeof backup !== 'boolean')
    throw corrupt('the running rekey', 'does not say whether it keeps a backup')
  const terms: RekeyTerms = {
    shares: fields.integer('shares', { min: 1, max: MAX_SHARES }),
    threshold: fields.integer('threshold', { min: 1, max: MAX_SHARES }),
    face: oneOf(fields.text('face'), ['original', 'modern', 'rotate'] as const),
    verify: oneOf(fields.text('verify'), ['none', 'threshold', 'all'] as const),
    recipients: recipients === null ? null : fields.list('recipients').map(parseRecipient),
    backup,
  }
  const pending = fields.value('pending')
  const nonce = fields.value('verification_nonce')
  if (pending === null && nonce === null) return { phase: 'collecting', terms, agreement }
  if (pending === undefined || typeof nonce !== 'string')
    throw corrupt('the running rekey', 'has no verification nonce')
  return { phase: 'dealt', terms, agreement, pending: parsePending(pending), verificationNonce: nonce }
}

function pendingRecord(pending: PendingSet): RecordObject {
  return {
    dealt_at: pending.dealtAt,
    id: field(pending.id),
    number: pending.number,
    public_keys: pending.entries.map((entry) => field(entry.publicKey)),
    threshold: pending.threshold,
  }
}

function parsePending(value: RecordValue): PendingSet {
  const fields = new RecordFields(value, 'the pending key set')
  const keys = fields.list('public_keys').map((key) => {
    return new RecordFields({ key }, 'a key').bytes('key', PUBLIC_KEY_BYTES)
  })
  const pending = {
    id: fields.bytes('id', KEY_SET_ID_BYTES),
    number: fields.integer('number', { min: 1, max: Number.MAX_SAFE_INTEGER }),
    threshold: fields.integer('threshold', { min: 1, max: keys.length }),
    entries: keys.map((publicKey, index) => ({ number: index + 1, publicKey })),
    dealtAt: unixMillis(fields.integer('dealt_at', { min: 0, max: MAX_TIME })),
  }
  fields.end()
  return pending
}

/** Public keys of people; also of who is to read a root token. */
export function recipientRecord({ kind, key, fingerprint }: Recipient): RecordObject {
  return { fingerprint, key: field(key), kind }
}

export function parseRecipient(value: RecordValue): Recipient {
  const fields = new RecordFields(value, 'a recipient')
  const recipient = {
    kind: oneOf(fields.text('kind'), ['openpgp'] as const),
    key: fields.bytes('key'),
    fingerprint: fields.text('fingerprint'),
  }
  fields.end()
  return recipient
}
