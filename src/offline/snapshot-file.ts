import type { DatabaseSync } from 'node:sqlite'
import { toHex, uint32, utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { checkSchema, isBlank } from '../physical/sqlite/schema.ts'
import { type CustodyFacts, findCustodyFacts } from './custody-facts.ts'

/** Version of the manifest; the entries have formats of their own. */
export const SNAPSHOT_FORMAT = 1

/** RFC 3339 as we write it. It is printed, so that nothing else may stand there. */
const CREATED_AT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const MANIFEST_SQL = 'CREATE TABLE manifest (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT'

/**
 * SHA-256 (FIPS 180-4) of what is fed to it: a store does not fit into memory. `node:crypto`'s `Hash` is one.
 */
export interface Sha256Stream {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}

/** What a snapshot holds, and whose shares open it. */
export interface SnapshotFacts extends CustodyFacts {
  /** RFC 3339, UTC. */
  readonly createdAt: string
  readonly entries: number
  /**
   * Lower-case hex of SHA-256 over (key length, key, value length, value) of all entries in byte order of the
   * keys; lengths are uint32, big-endian. It finds accidents, not forgers: who can write the file can write a
   * new digest.
   */
  readonly digest: string
}

/** Describes the entries of `database` in a new table `manifest`. Throws as `findCustodyFacts`. */
export function writeManifest(
  database: DatabaseSync,
  sha256: () => Sha256Stream,
  createdAt: string,
): SnapshotFacts {
  const facts: SnapshotFacts = { createdAt, ...describe(database, sha256()) }
  database.exec(`BEGIN; ${MANIFEST_SQL}`)
  const insert = database.prepare('INSERT INTO manifest VALUES (?, ?)')
  for (const [name, value] of manifestOf(facts)) insert.run(name, value)
  database.exec('COMMIT')
  return facts
}

/**
 * Checks the file's structure, the entries' digest and every fact of the manifest, and gives back the facts.
 *
 * Throws `corrupt_store`, `store_foreign`, `store_newer`.
 */
export function verifySnapshot(database: DatabaseSync, sha256: () => Sha256Stream): SnapshotFacts {
  // A file that was cut off at its very beginning.
  if (isBlank(database)) throw damaged()
  checkSchema(database, [MANIFEST_SQL])
  const stored = readManifest(database)
  const format = stored.get('format')
  if (format !== String(SNAPSHOT_FORMAT)) {
    if (!/^[1-9]\d*$/.test(format ?? '')) throw damaged()
    throw new OperatingError(
      'store_newer',
      `this version reads snapshots of format ${SNAPSHOT_FORMAT}: use the version that saved this one`,
    )
  }
  if (database.prepare('PRAGMA integrity_check').get()?.['integrity_check'] !== 'ok') throw damaged()
  const createdAt = stored.get('created_at') ?? ''
  if (!CREATED_AT.test(createdAt)) throw damaged()
  const facts: SnapshotFacts = { createdAt, ...describeSaved(database, sha256()) }
  const wanted = manifestOf(facts)
  if (stored.size !== wanted.size || [...wanted].some(([name, value]) => stored.get(name) !== value))
    throw damaged()
  return facts
}

/** Takes the manifest away, so that the file is a store. */
export function dropManifest(database: DatabaseSync): void {
  database.exec('DROP TABLE manifest')
}

function describeSaved(database: DatabaseSync, hash: Sha256Stream): ReturnType<typeof describe> {
  try {
    return describe(database, hash)
  } catch (error) {
    // An uninitialised store is never saved, so that this one has lost its record.
    if (error instanceof OperatingError && error.code === 'not_initialized') throw damaged()
    throw error
  }
}

function describe(database: DatabaseSync, hash: Sha256Stream): Omit<SnapshotFacts, 'createdAt'> {
  const select = database.prepare('SELECT value FROM entries WHERE key = ?')
  const custody = findCustodyFacts((key) => bytesOrNull(select.get(key)?.['value']))
  let entries = 0
  for (const row of database.prepare('SELECT key, value FROM entries ORDER BY key').iterate()) {
    const key = utf8(String(row['key']))
    const value = bytesOrNull(row['value'])
    if (value === null) throw damaged()
    for (const part of [uint32(key.length), key, uint32(value.length), value]) hash.update(part)
    entries += 1
  }
  return { ...custody, entries, digest: toHex(hash.digest()) }
}

function manifestOf(facts: SnapshotFacts): ReadonlyMap<string, string> {
  return new Map([
    ['format', String(SNAPSHOT_FORMAT)],
    ['created_at', facts.createdAt],
    ['store_id', facts.storeId],
    ['serial', String(facts.serial)],
    ['key_set', String(facts.live.number)],
    ['threshold', String(facts.live.threshold)],
    ['shares', String(facts.live.shares)],
    ['entries', String(facts.entries)],
    ['digest', facts.digest],
  ])
}

function readManifest(database: DatabaseSync): ReadonlyMap<string, string> {
  const rows = database.prepare('SELECT name, value FROM manifest').all()
  return new Map(rows.map((row) => [String(row['name']), String(row['value'])]))
}

function bytesOrNull(value: unknown): Uint8Array | null {
  return value instanceof Uint8Array ? value : null
}

function damaged(): OperatingError {
  return new OperatingError('corrupt_store', 'the snapshot is damaged or was changed: use another one')
}
