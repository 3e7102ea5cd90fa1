import type { PlainWrite } from '../barrier/barrier.ts'
import { BACKUP_PATH } from '../barrier/paths.ts'
import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import { field, RecordFields } from '../custody/record-fields.ts'
import { shareHex } from '../custody/share-format.ts'
import type { Deal } from './deal.ts'
import type { Delivery, Recipient } from './delivery.ts'

/** New shares on their way to people, in the order of their numbers. Disposing wipes those in the clear. */
export type Parcel = ClearParcel | WrappedParcel

export interface ClearParcel extends Disposable {
  readonly kind: 'clear'
  readonly shares: readonly SecretBytes[]
}

/** Messages that only their recipients read. */
export interface WrappedParcel extends Disposable {
  readonly kind: 'wrapped'
  readonly messages: readonly WrappedShare[]
}

export interface WrappedShare {
  readonly fingerprint: string
  readonly message: Uint8Array
}

/** Wrapped shares as they are kept behind the barrier until they are deleted. */
export interface Backup {
  /** The rekey that made them. */
  readonly ceremonyId: string
  readonly messages: readonly WrappedShare[]
}

const BACKUP_FORMAT = 1

/**
 * Packs the shares of a deal for their recipients, or as copies in the clear. One of the two places where a
 * secret crosses an await (custody.md section 7): `dealt` and the hex texts are owned here and by the caller,
 * who wipes them whatever comes. Throws what the delivery throws: then nothing has gone out.
 */
export async function pack(
  delivery: Delivery,
  dealt: Deal,
  recipients: readonly Recipient[] | null,
): Promise<Parcel> {
  if (recipients === null) return clearParcel(dealt.shares)
  const messages: WrappedShare[] = []
  for (const [index, recipient] of recipients.entries()) {
    const share = dealt.shares[index]
    if (share === undefined) break
    using text = shareHex(share)
    messages.push({
      fingerprint: recipient.fingerprint,
      message: await delivery.encrypt(recipient, text),
    })
  }
  return { kind: 'wrapped', messages, [Symbol.dispose]: () => undefined }
}

/** A parcel of the caller's own. */
export function copyParcel(parcel: Parcel): Parcel {
  return parcel.kind === 'clear' ? clearParcel(parcel.shares) : parcel
}

/** The write that keeps the wrapped shares; none for shares in the clear. */
export function backupWrites(ceremonyId: string, parcel: Parcel): readonly PlainWrite[] {
  if (parcel.kind === 'clear') return []
  const value = canonicalJson({
    ceremony_id: ceremonyId,
    format: BACKUP_FORMAT,
    messages: parcel.messages.map(({ fingerprint, message }) => ({ fingerprint, message: field(message) })),
  })
  return [{ op: 'put', key: BACKUP_PATH, value }]
}

/** Reads what `backupWrites` stored. Throws `corrupt_store`. */
export function parseBackup(stored: Uint8Array): Backup {
  const fields = new RecordFields(parseCanonicalJson(stored) ?? undefined, 'the backup of wrapped shares')
  fields.integer('format', { min: BACKUP_FORMAT, max: BACKUP_FORMAT })
  const backup = {
    ceremonyId: fields.text('ceremony_id'),
    messages: fields.list('messages').map((value) => {
      const one = new RecordFields(value, 'a wrapped share')
      const wrapped = { fingerprint: one.text('fingerprint'), message: one.bytes('message') }
      one.end()
      return wrapped
    }),
  }
  fields.end()
  return backup
}

function clearParcel(shares: readonly SecretBytes[]): ClearParcel {
  const copies = shares.map((share) => share.clone())
  return { kind: 'clear', shares: copies, [Symbol.dispose]: () => wipeAll(copies) }
}
