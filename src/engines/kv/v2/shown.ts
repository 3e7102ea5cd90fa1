import { rfc3339, unixMillis } from '../../../base/clock.ts'
import { goDuration } from '../../../logical/duration.ts'
import { type JsonOut, RawJson } from '../../../logical/json.ts'
import { mapOf, nullable, shape, TEXT, TEXT_MAP, TRUTH, WHOLE } from '../../../logical/schema.ts'
import { firstKept, type Key, type Version } from './key.ts'

/** A version as writes answer it, and reads beside the value (surface.md section 5.2). */
export function shownVersion(
  key: Key,
  number: number,
  version: Version,
): { readonly [name: string]: JsonOut } {
  return {
    created_time: rfc3339(version.created),
    custom_metadata: shownCustomMetadata(key),
    deletion_time: shownDeletion(version),
    destroyed: version.value.at === 'destroyed',
    version: number,
  }
}

/** All that is known of a key. */
export function shownKey(key: Key): { readonly [name: string]: JsonOut } {
  const first = firstKept(key)
  const versions = key.versions.map((version, index): [string, JsonOut] => [
    String(first + index),
    {
      created_time: rfc3339(version.created),
      deletion_time: shownDeletion(version),
      destroyed: version.value.at === 'destroyed',
    },
  ])
  return {
    cas_required: key.settings.casRequired,
    created_time: rfc3339(key.created),
    current_metadata_version: key.metadataVersion,
    current_version: key.current,
    custom_metadata: shownCustomMetadata(key),
    delete_version_after: goDuration(key.settings.deleteAfter),
    max_versions: key.settings.maxVersions,
    metadata_cas_required: key.settings.metadataCasRequired,
    oldest_version: key.oldest,
    updated_time: rfc3339(key.updated),
    versions: Object.fromEntries(versions),
  }
}

function shownCustomMetadata({ settings }: Key): RawJson | null {
  return settings.customMetadata === null ? null : new RawJson(settings.customMetadata)
}

/** Never `null`: clients read a text. */
function shownDeletion({ deletion }: Version): string {
  return deletion === 0 ? '' : rfc3339(unixMillis(deletion))
}

export const VERSION_SHAPE = shape({
  created_time: TEXT,
  custom_metadata: nullable(TEXT_MAP),
  deletion_time: TEXT,
  destroyed: TRUTH,
  version: WHOLE,
})

export const KEY_SHAPE = shape({
  cas_required: TRUTH,
  created_time: TEXT,
  current_metadata_version: WHOLE,
  current_version: WHOLE,
  custom_metadata: nullable(TEXT_MAP),
  delete_version_after: TEXT,
  max_versions: WHOLE,
  metadata_cas_required: TRUTH,
  oldest_version: WHOLE,
  updated_time: TEXT,
  versions: mapOf(shape({ created_time: TEXT, deletion_time: TEXT, destroyed: TRUTH })),
})
