import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { VERSIONS_PATH } from '../barrier/paths.ts'
import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { hasCode } from '../base/errors.ts'
import { corrupt, RecordFields } from '../custody/record-fields.ts'

const FORMAT = 1
const MAX_TIME = 253_402_300_799_999

/** The program that serves a store, and the API that it speaks. */
export interface ServedVersion {
  /** Our own version, for example `0.1.0`. */
  readonly version: string
  /** What clients read as the version, and when that was released, in RFC 3339. */
  readonly api: string
  readonly apiReleased: string
}

/** A version that has served this store, since its first unseal there. */
export interface InstalledVersion extends ServedVersion {
  readonly since: UnixMillis
}

/** Oldest first. Throws `corrupt_store`, `corrupt_entry`. */
export async function readVersions(barrier: Barrier): Promise<readonly InstalledVersion[]> {
  const stored = await barrier.get(VERSIONS_PATH)
  if (stored === null) return []
  const fields = new RecordFields(parseCanonicalJson(stored) ?? undefined, 'the history of versions')
  if (fields.integer('format', { min: 1, max: Number.MAX_SAFE_INTEGER }) !== FORMAT) {
    throw corrupt('the history of versions', 'has a format that this version does not know')
  }
  const versions = fields.list('versions').map((value): InstalledVersion => {
    const one = new RecordFields(value, 'a version')
    const version = {
      version: one.text('version'),
      api: one.text('api'),
      apiReleased: one.text('api_released'),
      since: unixMillis(one.integer('since', { min: 0, max: MAX_TIME })),
    }
    one.end()
    return version
  })
  fields.end()
  return versions
}

/** The write that adds `serving`, or none where it has served this store before. */
export async function versionWrites(
  barrier: Barrier,
  serving: ServedVersion,
  now: UnixMillis,
): Promise<readonly PlainWrite[]> {
  const known = await readKnown(barrier)
  if (known === null) return []
  if (known.some((one) => one.version === serving.version && one.api === serving.api)) return []
  const versions = [...known, { ...serving, since: now }].map((one) => ({
    api: one.api,
    api_released: one.apiReleased,
    since: one.since,
    version: one.version,
  }))
  return [{ op: 'put', key: VERSIONS_PATH, value: canonicalJson({ format: FORMAT, versions }) }]
}

/** `null` where the history is damaged: no store stays closed for that, and nothing is written over it. */
async function readKnown(barrier: Barrier): Promise<readonly InstalledVersion[] | null> {
  try {
    return await readVersions(barrier)
  } catch (error) {
    if (!hasCode(error, 'corrupt_entry') && !hasCode(error, 'corrupt_store')) throw error
    return null
  }
}
