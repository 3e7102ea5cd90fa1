import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { OperatingError } from '../../base/errors.ts'
import { openingRefused, PROBE_FILE, refusalOf, type WriteRefusal } from './probe.ts'

export const STORE_FILE = 'conclave.db'
export const LOCK_FILE = 'conclave.db.lock'
/** A snapshot on its way to become the store; one that a crash left behind is never read. */
export const RESTORING_FILE = 'conclave.db.restoring'

/** What may stand in the folder of a store. Anything else means that it is not ours to use. */
export const STORE_FOLDER_NAMES: ReadonlySet<string> = new Set([
  STORE_FILE,
  `${STORE_FILE}-wal`,
  `${STORE_FILE}-shm`,
  `${STORE_FILE}-journal`,
  LOCK_FILE,
  `${LOCK_FILE}-journal`,
  RESTORING_FILE,
  PROBE_FILE,
  ...['node.key', 'node.key.new', 'ceremony.journal'],
  // Of `conclave server -tls-self-signed`.
  ...['self-signed.pem', 'self-signed.pem.new', 'self-signed.key', 'self-signed.key.new'],
])

/** Signs by which other programs' folders are known: `atLeast` of the names stand there. */
const FOREIGN = [
  { names: ['vault.db', 'raft'], atLeast: 1, what: 'the raft storage of Vault or OpenBao' },
  // One of them alone would also be true of `/`.
  { names: ['core', 'logical', 'sys'], atLeast: 2, what: 'the file storage of Vault or OpenBao' },
  { names: ['PG_VERSION'], atLeast: 1, what: 'a PostgreSQL cluster' },
  { names: ['package.json', '.git'], atLeast: 1, what: "a project's folder" },
] as const

/** Names of foreign files that a refusal shows. */
const NAMES_SHOWN = 3

export interface StorePaths {
  readonly folder: string
  readonly store: string
  readonly lock: string
}

/**
 * Makes or checks the folder of a store: 0700, its files 0600, owned by this user, nothing of others in it.
 * It makes no file and opens none.
 *
 * Throws `store_foreign`, or `store_unsafe` with the command that mends it.
 */
export function prepareFolder(folder: string): StorePaths {
  makeFolder(folder)
  checkFolder(folder, process.getuid?.() ?? null)
  return { folder, store: join(folder, STORE_FILE), lock: join(folder, LOCK_FILE) }
}

/**
 * Checks a folder that is there, for a server that runs as `uid`; `null` where users have no numbers, as on
 * Windows, which has access lists instead of owners and modes. Throws as `prepareFolder`.
 */
export function checkFolder(folder: string, uid: number | null): void {
  expectFolder(folder)
  const names = readNames(folder)
  // Before the modes: nobody should be told to chmod what belongs to another program.
  refuseForeign(folder, names)
  checkOwner(folder, '700', uid)
  for (const name of names) checkFile(join(folder, name), uid)
}

/**
 * Makes an empty file of mode 0600 where there is none: SQLite would make it 0644, and gives its side files
 * the mode of the first. A file that is there is not opened: closing any descriptor of it would drop the
 * locks that SQLite holds on it in this process (fcntl(2), "Advisory record locking").
 */
export function makePrivateFile(path: string): void {
  if (existsSync(path)) return
  const file = openSync(path, 'wx', 0o600)
  try {
    // The umask may have taken bits from the owner.
    fchmodSync(file, 0o600)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  syncFolder(dirname(path))
}

/** Makes the names in `folder` survive a power cut. */
export function syncFolder(folder: string): void {
  // Windows can neither open nor flush a folder; NTFS journals its names.
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function makeFolder(folder: string): void {
  try {
    const made = mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (made === undefined) return
    // The umask may have taken bits from the owner.
    chmodSync(folder, 0o700)
    syncFolder(dirname(resolve(folder)))
  } catch (error) {
    const refusal = refusalOf(error) ?? readOnlyAt(dirname(resolve(folder)))
    if (refusal !== null) throw openingRefused(refusal, folder, error)
    throw unsafe(`the folder ${folder} cannot be made: check the path and its owner`, error)
  }
}

/** A recursive mkdir says ENOENT where the file system is read-only. */
function readOnlyAt(folder: string): WriteRefusal | null {
  try {
    accessSync(folder, constants.W_OK)
    return null
  } catch (error) {
    return refusalOf(error)
  }
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw unsafe(`the folder ${folder} cannot be read by this user: run as its owner, or chown it`, error)
  }
}

function refuseForeign(folder: string, names: readonly string[]): void {
  const others = names.filter((name) => !STORE_FOLDER_NAMES.has(name)).sort()
  if (others.length === 0) return
  const known = FOREIGN.find(({ names: signs, atLeast }) => {
    return signs.filter((sign) => others.includes(sign)).length >= atLeast
  })
  const shown = `${others.slice(0, NAMES_SHOWN).join(', ')}${others.length > NAMES_SHOWN ? ', …' : ''}`
  const holds = known?.what ?? `other files: ${shown}`
  throw new OperatingError(
    'store_foreign',
    `the folder ${folder} holds ${holds}; a store has a folder of its own: ` +
      'name an empty one, or one that is not there yet',
  )
}

/** A link could lead anywhere, also after it was checked. */
function expectFolder(folder: string): void {
  const facts = lstatSync(folder)
  if (facts.isSymbolicLink()) throw unsafe(`${folder} is a symbolic link: name the folder itself`)
  if (!facts.isDirectory()) throw unsafe(`${folder} is no folder: name another one`)
}

function checkFile(path: string, uid: number | null): void {
  const facts = lstatSync(path, { throwIfNoEntry: false })
  // A server that stops takes its log away.
  if (facts === undefined) return
  if (facts.isSymbolicLink()) throw unsafe(`${path} is a symbolic link: put the file itself there`)
  if (!facts.isFile()) throw unsafe(`${path} is no regular file: take it away`)
  checkOwner(path, '600', uid)
}

/** Group and others may not even look. */
function checkOwner(path: string, wanted: '600' | '700', uid: number | null): void {
  if (uid === null) return
  const facts = lstatSync(path)
  if (facts.uid !== uid) throw unsafe(`${path} belongs to another user: run as its owner, or chown it`)
  if ((facts.mode & 0o077) !== 0) throw unsafe(`${path} is open to other users: run  chmod ${wanted} ${path}`)
}

function unsafe(message: string, cause?: unknown): OperatingError {
  return new OperatingError('store_unsafe', message, { cause })
}
