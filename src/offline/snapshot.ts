import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { InvariantError } from '../base/assert.ts'
import { type Clock, rfc3339 } from '../base/clock.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { prepareFolder, RESTORING_FILE, STORE_FILE, syncFolder } from '../physical/sqlite/folder.ts'
import { lockStore, type StoreLock } from '../physical/sqlite/lock.ts'
import { checkSchema, isBlank, prepareConnection } from '../physical/sqlite/schema.ts'
import { isDamaged, isFull } from '../physical/sqlite/sqlite-errors.ts'
import {
  dropManifest,
  type Sha256Stream,
  type SnapshotFacts,
  verifySnapshot,
  writeManifest,
} from './snapshot-file.ts'

/** What saving a snapshot needs to know. */
export interface SaveOptions {
  /** The folder of the store; a server may be running on it. */
  readonly folder: string
  /** The file to make, 0600. */
  readonly target: string
  /** Whether a file that is there may be replaced. */
  readonly overwrite?: boolean
  readonly clock: Pick<Clock, 'now'>
  readonly sha256: () => Sha256Stream
}

/**
 * Saves all of a store as it is at one moment into one file, which is there whole or not at all.
 *
 * Throws `not_initialized` where there is nothing to save, `bad_request` for a target that cannot be,
 * `storage_full`, and what reading a store throws.
 */
export function saveSnapshot(options: SaveOptions): SnapshotFacts {
  const source = join(options.folder, STORE_FILE)
  if (!existsSync(source)) throw nothingToSave(options.folder)
  checkTarget(options)
  const temporary = join(dirname(options.target), `.${basename(options.target)}.part`)
  return guarded(() =>
    replacing(temporary, options.target, () => {
      using store = open(source, { readOnly: true })
      if (isBlank(store)) throw nothingToSave(options.folder)
      checkSchema(store)
      store.prepare('VACUUM INTO ?').run(temporary)
      using saved = open(temporary, { readOnly: false })
      return writeManifest(saved, options.sha256, rfc3339(options.clock.now()))
    }),
  )
}

/**
 * Checks a snapshot to the last byte and says what it holds and whose shares open it.
 *
 * Throws `not_found`, `corrupt_store`, `store_foreign`, `store_newer`.
 */
export function inspectSnapshot(
  file: string,
  { sha256 }: { readonly sha256: () => Sha256Stream },
): SnapshotFacts {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new OperatingError('not_found', `there is no snapshot ${file}`)
  }
  return guarded(() => {
    expectDatabase(file)
    using snapshot = open(file, { readOnly: true })
    return verifySnapshot(snapshot, sha256)
  })
}

/**
 * Makes a store of a snapshot, in a folder without one. The facts say whose shares open it: those of the key
 * set that was live when it was saved, which later ones may have replaced elsewhere.
 *
 * Throws as `inspectSnapshot`, `already_initialized` where a store is, and what opening a store's folder
 * throws.
 */
export function restoreSnapshot(options: {
  readonly file: string
  readonly folder: string
  readonly sha256: () => Sha256Stream
}): SnapshotFacts {
  // Before anything is made: a bad snapshot leaves no trace.
  inspectSnapshot(options.file, options)
  const paths = prepareFolder(options.folder)
  const lock = lockForRestoring(options.folder, paths.lock)
  try {
    expectNoStore(options.folder, paths.store)
    const temporary = join(options.folder, RESTORING_FILE)
    return guarded(() => replacing(temporary, paths.store, () => fill(temporary, options)))
  } finally {
    lock.release()
  }
}

function lockForRestoring(folder: string, path: string): StoreLock {
  try {
    return lockStore(path)
  } catch (cause) {
    if (!hasCode(cause, 'store_in_use')) throw cause
    const text =
      `a server runs on the store in ${folder}, and restoring never replaces a store: name another folder ` +
      'with -data, or stop that server and move its store away'
    throw new OperatingError('store_in_use', text, { cause })
  }
}

/** The copy is checked, not the original: what became the store is what was verified. */
function fill(
  temporary: string,
  { file, sha256 }: { readonly file: string; readonly sha256: () => Sha256Stream },
): SnapshotFacts {
  copyFileSync(file, temporary)
  // Copying has given it the mode of the original.
  chmodSync(temporary, 0o600)
  using copy = open(temporary, { readOnly: false })
  const facts = verifySnapshot(copy, sha256)
  dropManifest(copy)
  return facts
}

/** Runs `fill` on the empty file `temporary`, and gives that its name once it would survive a power cut. */
function replacing<Result>(temporary: string, target: string, fill: () => Result): Result {
  rmSync(temporary, { force: true })
  makeNewFile(temporary)
  try {
    const result = fill()
    const file = openSync(temporary, 'r+')
    try {
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, target)
    syncFolder(dirname(resolve(target)))
    return result
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Fails where a file is: in a folder of many users somebody else may have just made it. */
function makeNewFile(path: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    // The umask may have taken bits from the owner.
    fchmodSync(file, 0o600)
  } finally {
    closeSync(file)
  }
}

function open(path: string, options: { readonly readOnly: boolean }): DatabaseSync {
  const database = new DatabaseSync(path, options)
  try {
    prepareConnection(database)
    // A file of ours alone, thrown away when something fails: no side file to roll back from.
    if (!options.readOnly) database.exec('PRAGMA journal_mode = MEMORY')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Tells what never was a snapshot from a damaged one. A shorter file was cut off; that is found later. */
function expectDatabase(file: string): void {
  const head = Buffer.alloc(SQLITE_HEAD.length)
  const opened = openSync(file, 'r')
  try {
    if (readSync(opened, head) < head.length || head.equals(SQLITE_HEAD)) return
  } finally {
    closeSync(opened)
  }
  throw new OperatingError('store_foreign', `${file} is no snapshot: it does not begin as one`)
}

/** How every SQLite database begins ("Database File Format", section 1.3.1). */
const SQLITE_HEAD = Buffer.from('SQLite format 3\0')

function checkTarget({ folder, target, overwrite }: SaveOptions): void {
  const parent = dirname(resolve(target))
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) {
    throw new OperatingError('bad_request', `the folder ${parent} is not there: make it first`)
  }
  if (realpathSync(parent) === realpathSync(folder)) {
    throw new OperatingError(
      'bad_request',
      'a snapshot does not belong beside its store: name another folder',
    )
  }
  const there = statSync(target, { throwIfNoEntry: false })
  if (there === undefined || (there.isFile() && overwrite === true)) return
  throw new OperatingError(
    'bad_request',
    `${target} is there already: name another file, or have this one replaced with -force`,
  )
}

function expectNoStore(folder: string, store: string): void {
  const sizes = ['', '-wal', '-journal'].map(
    (end) => statSync(store + end, { throwIfNoEntry: false })?.size ?? 0,
  )
  if (sizes.some((size) => size > 0)) {
    throw new OperatingError(
      'already_initialized',
      `the folder ${folder} holds a store already: name another one, or move that store away`,
    )
  }
  // Side files of another database would be read as if they were ours.
  for (const end of ['-wal', '-shm', '-journal']) rmSync(store + end, { force: true })
}

function nothingToSave(folder: string): OperatingError {
  return new OperatingError('not_initialized', `there is no initialised store in ${folder}: nothing to save`)
}

function guarded<Result>(act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    if (error instanceof OperatingError || error instanceof InvariantError) throw error
    const noRoom = isFull(error) || (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
    if (noRoom)
      throw new OperatingError('storage_full', 'there is no room for the copy: make some', { cause: error })
    if (isDamaged(error))
      throw new OperatingError('corrupt_store', 'the file is damaged, or no snapshot: take another one', {
        cause: error,
      })
    throw new OperatingError('storage_unavailable', 'the file cannot be read or written', { cause: error })
  }
}
