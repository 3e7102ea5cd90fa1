import type { DatabaseSync } from 'node:sqlite'
import { OperatingError } from '../../base/errors.ts'

/** "CNCL": tells our files from other SQLite databases. */
const APPLICATION_ID = 0x434e434c
/** Layout of the file itself; what the entries hold has formats of its own. */
const SCHEMA_VERSION = 1

/** Waiting for a lock of a reader or a checkpoint, in milliseconds. */
export const BUSY_TIMEOUT_MS = 5000

/**
 * The whole schema. SQLite keeps this text, and a file whose text differs is refused: a trigger could write
 * too.
 */
const ENTRIES_SQL =
  'CREATE TABLE entries (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID'

/**
 * Settings of a connection that writes: every commit survives a power cut, what is deleted is overwritten,
 * nothing spills into the system's temporary folder. Call it behind `ensureSchema`: it changes the file.
 *
 * Throws `storage_unavailable` on a file system without shared memory, where write-ahead logging cannot work.
 */
export function prepareWriter(database: DatabaseSync): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode !== 'wal') {
    throw new OperatingError(
      'storage_unavailable',
      'the file system of the store has no shared memory: use a local disk',
    )
  }
  database.exec('PRAGMA synchronous = FULL')
  database.exec('PRAGMA secure_delete = ON')
  database.exec('PRAGMA temp_store = MEMORY')
}

/** Settings of every connection; they change nothing in the file. */
export function prepareConnection(database: DatabaseSync): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  database.exec('PRAGMA trusted_schema = OFF')
}

/** Makes the table in an empty file, or checks that the file is ours, as `checkSchema` does. */
export function ensureSchema(database: DatabaseSync): void {
  if (!isBlank(database)) {
    checkSchema(database)
    return
  }
  database.exec(`
    BEGIN IMMEDIATE;
    ${ENTRIES_SQL};
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;
  `)
}

/** Whether nothing was ever stored in the file, not even our table. */
export function isBlank(database: DatabaseSync): boolean {
  return (
    pragma(database, 'application_id') === 0 &&
    pragma(database, 'user_version') === 0 &&
    schemaTexts(database).length === 0
  )
}

/**
 * Checks that the file has our table, and besides it only the `others`, each by its exact text.
 *
 * Throws `store_foreign`, `store_newer` or `corrupt_store`.
 */
export function checkSchema(database: DatabaseSync, others: readonly string[] = []): void {
  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new OperatingError('store_foreign', 'the file is an SQLite database of another program')
  }
  const version = pragma(database, 'user_version')
  if (version > SCHEMA_VERSION) {
    throw new OperatingError(
      'store_newer',
      `the file has layout ${version} and was written by a newer Conclave; this version reads layout ` +
        `${SCHEMA_VERSION}: start the newer version again`,
    )
  }
  const wanted = [ENTRIES_SQL, ...others].sort()
  if (version !== SCHEMA_VERSION || JSON.stringify(schemaTexts(database)) !== JSON.stringify(wanted)) {
    throw new OperatingError('corrupt_store', 'the tables of the file are not as we made them')
  }
}

function schemaTexts(database: DatabaseSync): readonly string[] {
  return database
    .prepare("SELECT coalesce(sql, name) AS text FROM sqlite_schema WHERE name NOT LIKE 'sqlite_autoindex_%'")
    .all()
    .map((row) => String(row['text']))
    .sort()
}

function pragma(database: DatabaseSync, name: string): number {
  const value = database.prepare(`PRAGMA ${name}`).get()?.[name]
  return typeof value === 'number' ? value : 0
}
