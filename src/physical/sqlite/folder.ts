import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { OperatingError } from '../../base/errors.ts'

export const STORE_FILE = 'conclave.db'
export const LOCK_FILE = 'conclave.db.lock'

/** What may stand in the folder of a store. Anything else means that it is not ours to use. */
const OURS = new Set([
  STORE_FILE,
  `${STORE_FILE}-wal`,
  `${STORE_FILE}-shm`,
  `${STORE_FILE}-journal`,
  LOCK_FILE,
  `${LOCK_FILE}-journal`,
  `${LOCK_FILE}-wal`,
  `${LOCK_FILE}-shm`,
  'node.key',
  'node.key.new',
])

/** Signs by which other programs' folders are known. */
const FOREIGN: readonly { readonly names: readonly string[]; readonly what: string }[] = [
  { names: ['vault.db', 'raft'], what: 'raft storage of Vault or OpenBao' },
  { names: ['core', 'logical', 'sys', '_core'], what: 'file storage of Vault or OpenBao' },
  { names: ['PG_VERSION'], what: 'a PostgreSQL cluster' },
  { names: ['package.json', '.git'], what: "a project's folder" },
]

/**
 * Makes or checks the folder of a store: 0700, its files 0600, owned by this user, nothing of others in it.
 * Throws `store_foreign`, or `store_unsafe` with the command that mends it.
 */
export function prepareFolder(folder: string): { readonly store: string; readonly lock: string } {
  makeFolder(folder)
  checkMode(folder, '700')
  const names = readdirSync(folder)
  refuseForeign(folder, names)
  for (const name of names) checkMode(join(folder, name), '600')
  const paths = { store: join(folder, STORE_FILE), lock: join(folder, LOCK_FILE) }
  // SQLite makes files 0644: ours are there before it looks, and its other files take the mode of the first.
  for (const path of Object.values(paths)) closeSync(openSync(path, 'a', 0o600))
  return paths
}

function makeFolder(folder: string): void {
  try {
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(folder, 0o700)
  } catch (error) {
    throw new OperatingError('store_unsafe', `the folder ${folder} cannot be made: check the path and its owner`, {
      cause: error,
    })
  }
}

function refuseForeign(folder: string, names: readonly string[]): void {
  const others = names.filter((name) => !OURS.has(name))
  if (others.length === 0) return
  const known = FOREIGN.find((program) => program.names.some((name) => others.includes(name)))
  const what = known?.what ?? `other files (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''})`
  throw new OperatingError(
    'store_foreign',
    `the folder ${folder} holds ${what}; a store has a folder of its own: give an empty one, or one that is not there`,
  )
}

/** Group and others may not even look; a link could lead anywhere. */
function checkMode(path: string, wanted: '600' | '700'): void {
  const facts = lstatSync(path)
  if (facts.isSymbolicLink()) {
    throw new OperatingError('store_unsafe', `${path} is a symbolic link; give the folder itself`)
  }
  const uid = process.getuid?.()
  if (uid !== undefined && facts.uid !== uid) {
    throw new OperatingError('store_unsafe', `${path} belongs to another user: run as its owner, or chown it`)
  }
  if (uid !== undefined && (facts.mode & 0o077) !== 0) {
    throw new OperatingError('store_unsafe', `${path} is open to other users: run  chmod ${wanted} ${path}`)
  }
}
