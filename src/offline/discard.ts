import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { CUSTODY_COPY_PATH, CUSTODY_PATH } from '../barrier/paths.ts'
import { rfc3339 } from '../base/clock.ts'
import { toHex } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { type CustodyRecord, parseCustodyRecord } from '../custody/custody-record.ts'
import { setWords } from '../custody/share-card.ts'
import { checkFolder, LOCK_FILE, STORE_FILE, syncFolder } from '../physical/sqlite/folder.ts'
import { lockStore } from '../physical/sqlite/lock.ts'
import { checkSchema, isBlank } from '../physical/sqlite/schema.ts'
import { storageError } from '../physical/sqlite/sqlite-errors.ts'
import { bytesAt, openToLook } from './open-to-look.ts'

/** Of a store that nobody has opened: every unseal, and every write, makes it more. */
const NEVER_OPENED_SERIAL = 1

/** The file first: a log without its file is nothing, and a file without its log is half a store. */
const ENDS = ['', '-wal', '-shm', '-journal']

/** A store whose shares were dealt and that was never opened, held so that nobody opens it meanwhile. */
export interface NeverOpened extends Disposable {
  /** Lower-case hex of 16 bytes. */
  readonly storeId: string
  /** The two words of its key set, by which people tell it from another. */
  readonly words: string
  /** RFC 3339, UTC. */
  readonly createdAt: string
  /** Takes its files away for good. Node key and journal of ceremonies stay: they are no part of it. */
  discard(): void
}

/**
 * Takes hold of a store that was initialised and never opened: the answer with its shares may have been lost,
 * and it holds nothing (custody.md section 4).
 *
 * Throws `not_initialized` where there is none, `store_in_use` while a server has it, `bad_request` for one
 * that was opened or that may have been, and what reading a store throws.
 */
export function claimNeverOpened(folder: string): NeverOpened {
  const file = join(folder, STORE_FILE)
  if (!existsSync(file)) throw nothingThere(folder)
  checkFolder(folder, process.getuid?.() ?? null)
  const lock = lockStore(join(folder, LOCK_FILE))
  try {
    const { storeId, live } = readNeverOpened(file, folder)
    return {
      storeId: toHex(storeId),
      words: setWords(live.id),
      createdAt: rfc3339(live.createdAt),
      discard: () => {
        for (const end of ENDS) rmSync(file + end, { force: true })
        syncFolder(folder)
      },
      [Symbol.dispose]: lock.release,
    }
  } catch (error) {
    lock.release()
    throw storageError(error, file)
  }
}

function readNeverOpened(file: string, folder: string): CustodyRecord {
  using store = openToLook(file)
  if (isBlank(store)) throw nothingThere(folder)
  checkSchema(store)
  const stored = [CUSTODY_PATH, CUSTODY_COPY_PATH].map((key) => bytesAt(store, key))
  if (stored.every((bytes) => bytes === null)) throw nothingThere(folder)
  // Both: of a store that was put together from two, one could tell of an older time.
  const records = stored.map((bytes) => parseCustodyRecord(bytes ?? new Uint8Array(0)))
  const opened = records.find(({ serial }) => serial !== NEVER_OPENED_SERIAL)
  if (opened !== undefined || holdsSecrets(store)) throw wasOpened(folder, opened?.serial)
  const [record] = records
  if (record === undefined) throw nothingThere(folder)
  return record
}

/** What mounts hold. The serial says so already; this is the second look of two. */
function holdsSecrets(store: DatabaseSync): boolean {
  return (
    store.prepare("SELECT 1 FROM entries WHERE key >= 'logical/' AND key < 'logical0'").get() !== undefined
  )
}

function nothingThere(folder: string): OperatingError {
  return new OperatingError(
    'not_initialized',
    `there is no initialised store in ${folder}: nothing to discard`,
  )
}

function wasOpened(folder: string, serial = NEVER_OPENED_SERIAL): OperatingError {
  return new OperatingError(
    'bad_request',
    `the store in ${folder} was opened (serial ${serial}) and may hold secrets: it is never discarded. For ` +
      'a new store name another folder, or move this one away',
  )
}
