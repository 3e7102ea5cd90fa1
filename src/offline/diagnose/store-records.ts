import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import {
  ANCHOR_COPY_PATH,
  ANCHOR_PATH,
  CUSTODY_COPY_PATH,
  CUSTODY_PATH,
  KEYRING_COPY_PATH,
  KEYRING_PATH,
} from '../../barrier/paths.ts'
import { sameBytes, toHex } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'
import { type CustodyRecord, parseCustodyRecord } from '../../custody/custody-record.ts'
import { STORE_FILE } from '../../physical/sqlite/folder.ts'
import { checkSchema, isBlank } from '../../physical/sqlite/schema.ts'
import { storageError } from '../../physical/sqlite/sqlite-errors.ts'
import { bytesAt, openToLook } from '../open-to-look.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** A store up to this size is read whole; a snapshot reads every byte of any. */
const MAX_READ_WHOLE_BYTES = 256 * 1024 * 1024

/** Each record and its copy. Custody is in the clear; the others are sealed, each to its own place. */
const PAIRS = [
  [CUSTODY_PATH, CUSTODY_COPY_PATH],
  [KEYRING_PATH, KEYRING_COPY_PATH],
  [ANCHOR_PATH, ANCHOR_COPY_PATH],
] as const

const RESTORE = 'stop the server, and make a store of the newest snapshot: conclave snapshot restore'

export interface RecordsFound {
  readonly finding: Finding
  /** The newest record that can be read; `null` where nobody was ever dealt a share. */
  readonly record: CustodyRecord | null
}

/** Reads what a store says of itself in the clear. Nothing is written, whether a server runs on it or not. */
export function judgeRecords(folder: string): RecordsFound {
  const check = 'store records'
  const file = join(folder, STORE_FILE)
  if (!existsSync(file)) return found(ok(check, 'no store there yet: the first start makes one'))
  try {
    using store = openToLook(file)
    if (isBlank(store)) return found(ok(check, 'a new store, in which nothing is yet'))
    checkSchema(store)
    return look(store, statSync(file).size)
  } catch (error) {
    const told = storageError(error, file)
    return found(failure(check, told.message, told.code === 'corrupt_store' ? RESTORE : null))
  }
}

function look(store: DatabaseSync, size: number): RecordsFound {
  const check = 'store records'
  // One moment of a store that a server writes.
  store.exec('BEGIN')
  if (size <= MAX_READ_WHOLE_BYTES && !isSound(store)) {
    return found(failure(check, `${STORE_FILE} is damaged`, RESTORE))
  }
  const entries = Number(store.prepare('SELECT count(*) AS count FROM entries').get()?.['count'])
  const [custody, ...sealed] = PAIRS.map((keys) => keys.map((key) => bytesAt(store, key)))
  if ([custody, ...sealed].every((pair) => pair?.every((bytes) => bytes === null))) {
    return found(ok(check, 'nothing is stored yet: initialise it'))
  }
  const [record] = custody?.flatMap(readable) ?? []
  if (record === undefined) {
    return found(failure(check, 'neither the custody record nor its copy can be read', RESTORE))
  }
  const says = describe(record, entries)
  const isWhole = areTwins(custody ?? []) && sealed.every((pair) => pair.every((bytes) => bytes !== null))
  if (isWhole) return { finding: ok(check, says), record }
  const next = 'unseal: that takes the right one of each two, and heals the other'
  return { finding: warning(check, `${says}; a record or its copy is damaged or missing`, next), record }
}

/** SQLite's own look at the structure; what the entries hold is sealed, and is judged when it is opened. */
function isSound(store: DatabaseSync): boolean {
  return store.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok'
}

function describe({ live, retiring, serial, storeId }: CustodyRecord, entries: number): string {
  const also = retiring === null ? '' : `, and so do ${retiring.threshold} of key set ${retiring.number}`
  const opened = serial === 1 ? ', never opened' : ''
  const shares = `any ${live.threshold} of the ${live.shares.length} shares of key set ${live.number}`
  const facts = `store ${toHex(storeId).slice(0, 8)}, ${entries} entries, serial ${serial}${opened}`
  return `${facts}; ${shares} open it${also}`
}

function readable(bytes: Uint8Array | null): readonly CustodyRecord[] {
  if (bytes === null) return []
  try {
    return [parseCustodyRecord(bytes)]
  } catch (error) {
    // One damaged record of two is what the copy is for; of a newer version neither can be read.
    if (error instanceof OperatingError && error.code === 'corrupt_store') return []
    throw error
  }
}

function areTwins(pair: readonly (Uint8Array | null)[]): boolean {
  const [first, copy] = pair
  return (
    first !== null && first !== undefined && copy !== null && copy !== undefined && sameBytes(first, copy)
  )
}

function found(finding: Finding): RecordsFound {
  return { finding, record: null }
}
