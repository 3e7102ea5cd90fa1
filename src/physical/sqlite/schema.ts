import type { DatabaseSync } from 'node:sqlite'
import { OperatingError } from '../../base/errors.ts'

/** "CNCL": tells our files from other SQLite databases. */
const APPLICATION_ID = 0x434e434c
/** Layout of the file itself; what the entries hold has formats of its own. */
const SCHEMA_VERSION = 1

/** Waiting for a lock of a reader or a checkpoint, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000

/** Settings of a connection that writes: every commit survives a power cut, and what is deleted is overwritten. */
export function prepareWriter(database: DatabaseSync): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec('PRAGMA secure_delete = ON')
}

export function prepareReader(database: DatabaseSync): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  database.exec('PRAGMA query_only = ON')
}

/** Makes the table in a new file, or checks that an existing one is ours. Throws `store_foreign`, `store_newer`. */
export function ensureSchema(database: DatabaseSync): void {
  const applicationId = pragma(database, 'application_id')
  const version = pragma(database, 'user_version')
  if (applicationId === 0 && version === 0 && isEmpty(database)) {
    database.exec(`
      BEGIN IMMEDIATE;
      CREATE TABLE entries (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${SCHEMA_VERSION};
      COMMIT;
    `)
    return
  }
  if (applicationId !== APPLICATION_ID) {
    throw new OperatingError('store_foreign', 'conclave.db is an SQLite database of another program')
  }
  if (version !== SCHEMA_VERSION) {
    throw new OperatingError(
      'store_newer',
      `conclave.db has layout ${version} and was written by another version; this one reads layout ${SCHEMA_VERSION}`,
    )
  }
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
}

function pragma(database: DatabaseSync, name: string): number {
  const value = database.prepare(`PRAGMA ${name}`).get()?.[name]
  return typeof value === 'number' ? value : 0
}
