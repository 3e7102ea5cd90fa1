import { entryTerm, openEntry } from '../barrier/entry-format.ts'
import { Keyring } from '../barrier/keyring.ts'
import { keyringKey, openKeyring, parseKeyringRecord } from '../barrier/keyring-record.ts'
import { ANCHOR_COPY_PATH, ANCHOR_PATH, KEYRING_COPY_PATH, KEYRING_PATH } from '../barrier/paths.ts'
import { parseCanonicalJson } from '../base/canonical-json.ts'
import { sameBytes, toBase64 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Primitives } from '../crypto/primitives.ts'
import type { CustodyCandidate, StoredPair, StoredRecords } from './stored-records.ts'

/** The one custody record that the keyring vouches for, and the keyring, which the caller owns. */
export interface OpenedRecords {
  readonly candidate: CustodyCandidate
  readonly keyring: Keyring
}

/**
 * Opens keyring and anchor under `rootKey` and finds the custody record that belongs to them. Digest, serials
 * and anchor must agree; if not, part of the store is older than the rest.
 *
 * Throws `store_rolled_back`, naming both serials, or `corrupt_store`.
 */
export function openRecords(
  primitives: Primitives,
  stored: StoredRecords,
  given: { readonly rootKey: SecretBytes; readonly candidates: readonly CustodyCandidate[] },
): OpenedRecords {
  let newestSerial = 0
  for (const candidate of given.candidates) {
    const { storeId } = candidate.record
    // Either record may be the damaged one, also in its store id: each is tried with its own.
    const opened = openKeyrings(primitives, stored.keyring, { rootKey: given.rootKey, storeId })
    const newest = opened.at(-1)
    for (const older of opened.slice(0, -1)) older.keyring[Symbol.dispose]()
    if (newest === undefined) continue
    newestSerial = Math.max(newestSerial, newest.serial)
    try {
      if (!vouchesFor(primitives, newest, candidate)) continue
      checkAnchor(stored.anchor, { storeId, keyring: newest.keyring, serial: newest.serial })
      return { candidate, keyring: newest.keyring.withOperations(newest.keyring.active.operations) }
    } finally {
      newest.keyring[Symbol.dispose]()
    }
  }
  if (newestSerial > 0) throw rolledBack(newestSerial, given.candidates[0]?.record.serial ?? 0)
  throw new OperatingError(
    'corrupt_store',
    'the shares open their slot, but neither the keyring nor its copy opens under the root key in it: part ' +
      'of the store is damaged or older than the rest; restore the newest snapshot',
  )
}

interface OpenedKeyring {
  readonly serial: number
  readonly keyring: Keyring
  readonly custodyDigest: Uint8Array
}

/** Those of keyring and copy that open, the newest last. */
function openKeyrings(
  primitives: Primitives,
  pair: StoredPair,
  under: { readonly rootKey: SecretBytes; readonly storeId: Uint8Array },
): readonly OpenedKeyring[] {
  const aead = keyringKey(primitives, under.rootKey, under.storeId)
  const opened: OpenedKeyring[] = []
  for (const { path, bytes } of [
    { path: KEYRING_PATH, bytes: pair.first },
    { path: KEYRING_COPY_PATH, bytes: pair.copy },
  ]) {
    const record = bytes === null ? null : parseKeyringRecord(bytes, under.storeId)
    if (record === null) continue
    const place = { storeId: under.storeId, path, serial: record.serial }
    const plaintext = openKeyring(aead, place, record.sealed)
    if (plaintext === null) continue
    try {
      opened.push({ serial: record.serial, ...Keyring.decode(primitives, plaintext) })
    } finally {
      plaintext.fill(0)
    }
  }
  return opened.sort((left, right) => left.serial - right.serial)
}

function vouchesFor(primitives: Primitives, keyring: OpenedKeyring, candidate: CustodyCandidate): boolean {
  const digest = primitives.sha256(candidate.bytes)
  return sameBytes(digest, keyring.custodyDigest) && candidate.record.serial === keyring.serial
}

/**
 * One anchor must open and name the serial. One that opens and names another refuses the store; one that does
 * not open at all is bit rot as long as its twin does (docs/decisions/0005).
 */
function checkAnchor(
  pair: StoredPair,
  expected: { readonly storeId: Uint8Array; readonly keyring: Keyring; readonly serial: number },
): void {
  const serials = [
    readAnchor(ANCHOR_PATH, pair.first, expected),
    readAnchor(ANCHOR_COPY_PATH, pair.copy, expected),
  ].filter((serial) => serial !== null)
  const other = serials.find((serial) => serial !== expected.serial)
  if (other !== undefined) throw rolledBack(other, expected.serial)
  if (serials.length === 0) {
    throw new OperatingError(
      'store_rolled_back',
      `custody and keyring have serial ${expected.serial}, but the anchor behind the barrier does not ` +
        'open: part of the store is older than the rest, or the anchor is damaged; restore the newest ' +
        'snapshot',
    )
  }
}

function readAnchor(
  path: string,
  bytes: Uint8Array | null,
  expected: { readonly storeId: Uint8Array; readonly keyring: Keyring },
): number | null {
  if (bytes === null) return null
  try {
    const term = expected.keyring.term(entryTerm(bytes))
    if (term === null) return null
    const value = parseCanonicalJson(openEntry(term.aead, { storeId: expected.storeId, path }, bytes))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const { serial, store_id } = value as { readonly [member: string]: unknown }
    return typeof serial === 'number' && store_id === toBase64(expected.storeId) ? serial : null
  } catch (error) {
    // Damaged: the other copy decides.
    if (error instanceof OperatingError) return null
    throw error
  }
}

function rolledBack(one: number, other: number): OperatingError {
  const [older, newer] = [Math.min(one, other), Math.max(one, other)]
  const facts =
    older === newer ? `both name serial ${older} but differ` : `serial ${older} meets serial ${newer}`
  return new OperatingError(
    'store_rolled_back',
    `part of the store is older than the rest (${facts}): put all of one snapshot back, ` +
      'or undo the last restore',
    { detail: { older, newer } },
  )
}
