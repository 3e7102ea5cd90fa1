import { type UnixMillis, unixMillis } from '../../../base/clock.ts'

/** Versions that a key keeps where neither it nor its mount says how many (surface.md section 5.2). */
const DEFAULT_MAX_VERSIONS = 10

/** What is known of a key: its settings, and the versions that it still keeps. Nothing of it ever changes. */
export interface Key {
  readonly created: UnixMillis
  readonly updated: UnixMillis
  readonly settings: KeySettings
  /** Changes of the settings; what `metadata_cas` is compared with. */
  readonly metadataVersion: number
  /** The newest version; 0 before the first. */
  readonly current: number
  /** The first version that is kept, once one has been dropped; 0 before. */
  readonly oldest: number
  /** Those that are kept, up to the newest. */
  readonly versions: readonly Version[]
}

export interface KeySettings {
  /** 0: as many as the mount says. */
  readonly maxVersions: number
  readonly casRequired: boolean
  readonly metadataCasRequired: boolean
  /** In seconds; 0: never. */
  readonly deleteAfter: number
  /** A JSON object of texts. */
  readonly customMetadata: Uint8Array | null
}

export interface Version {
  readonly created: UnixMillis
  /** From then on it reads as deleted; 0: never. It may lie ahead. */
  readonly deletion: number
  readonly value: Value
}

/** Where the JSON of a version is. */
export type Value =
  | { readonly at: 'hand'; readonly bytes: Uint8Array }
  | { readonly at: 'entry' }
  | { readonly at: 'destroyed' }

/** What a mount says for all of its keys. */
export interface MountSettings {
  /** 0: as many as the key says. */
  readonly maxVersions: number
  readonly casRequired: boolean
  readonly metadataCasRequired: boolean
  /** In seconds; 0: never, where the key does not say otherwise; negative: never at all. */
  readonly deleteAfter: number
}

/** Of a key that says nothing for itself. */
export const PLAIN_SETTINGS: KeySettings = {
  maxVersions: 0,
  casRequired: false,
  metadataCasRequired: false,
  deleteAfter: 0,
  customMetadata: null,
}

/** A key without versions. */
export function newKey(now: UnixMillis): Key {
  const none = { metadataVersion: 0, current: 0, oldest: 0, versions: [] }
  return { created: now, updated: now, settings: PLAIN_SETTINGS, ...none }
}

export function versionOf(key: Key, number: number): Version | null {
  return key.versions[number - firstKept(key)] ?? null
}

/** The number of the first version that is kept; one more than the newest where none is. */
export function firstKept(key: Key): number {
  return key.current - key.versions.length + 1
}

/** Whether there is a value to read: it is neither destroyed nor, at this time, deleted. */
export function isReadable(version: Version, now: UnixMillis): boolean {
  return version.value.at !== 'destroyed' && !isDeleted(version, now)
}

/** Adds a version with this value; the oldest ones go where there are too many now. */
export function withVersion(
  key: Key,
  bytes: Uint8Array,
  { mount, now }: { readonly mount: MountSettings; readonly now: UnixMillis },
): Key {
  const deletion = deletionTime(key, mount, now)
  const versions = [...key.versions, { created: now, deletion, value: { at: 'hand', bytes } } as const]
  const limit = Math.max(key.settings.maxVersions, mount.maxVersions)
  const dropped = Math.max(0, versions.length - (limit === 0 ? DEFAULT_MAX_VERSIONS : limit))
  const current = key.current + 1
  const kept = versions.slice(dropped)
  const oldest = dropped === 0 ? key.oldest : current - kept.length + 1
  return { ...key, updated: now, current, oldest, versions: kept }
}

/** What is absent stays. */
export function withSettings(key: Key, changes: Partial<KeySettings>, now: UnixMillis): Key {
  const settings = { ...key.settings, ...changes }
  return { ...key, settings, updated: now, metadataVersion: key.metadataVersion + 1 }
}

/** Those that are not deleted yet read as deleted from now on; numbers of none are left out. */
export function withDeletions(key: Key, numbers: readonly number[], now: UnixMillis): Key {
  return withChanges(key, numbers, (version) =>
    isReadable(version, now) ? { ...version, deletion: now } : version,
  )
}

/** What was deleted reads again, for as long as a new version would. */
export function withoutDeletions(
  key: Key,
  numbers: readonly number[],
  { mount, now }: { readonly mount: MountSettings; readonly now: UnixMillis },
): Key {
  const deletion = deletionTime(key, mount, now)
  return withChanges(key, numbers, (version) =>
    version.value.at === 'destroyed' || version.deletion === deletion ? version : { ...version, deletion },
  )
}

/** Their values are gone for ever. */
export function withDestructions(key: Key, numbers: readonly number[]): Key {
  return withChanges(key, numbers, (version) =>
    version.value.at === 'destroyed' ? version : { ...version, value: { at: 'destroyed' } },
  )
}

function withChanges(key: Key, numbers: readonly number[], change: (version: Version) => Version): Key {
  const wanted = new Set(numbers)
  const first = firstKept(key)
  const versions = key.versions.map((version, index) =>
    wanted.has(first + index) ? change(version) : version,
  )
  const isSame = versions.every((version, index) => version === key.versions[index])
  return isSame ? key : { ...key, versions }
}

function isDeleted({ deletion }: Version, now: UnixMillis): boolean {
  return deletion !== 0 && deletion <= now
}

/** Of a version that begins to be readable now: the sooner of what key and mount say. */
function deletionTime({ settings }: Key, mount: MountSettings, now: UnixMillis): number {
  if (mount.deleteAfter < 0) return 0
  const seconds = [settings.deleteAfter, mount.deleteAfter].filter((one) => one > 0)
  return seconds.length === 0 ? 0 : unixMillis(now + Math.min(...seconds) * 1000)
}
