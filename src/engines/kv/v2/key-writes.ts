import type { ViewWrite } from '../../../logical/backend.ts'
import { firstKept, type Key, type Version, versionOf } from './key.ts'
import { encodeKey, encodeVersion, isInline } from './key-entry.ts'

/** Where keys stand below the mount, each under its path. */
export const KEYS_ROOT = 'keys/'
const VERSIONS_ROOT = 'versions/'

/**
 * Of a version that has an entry of its own. The last segment is always the number, so that the versions of
 * `a` and those of `a/1` cannot meet.
 */
export function versionKey(path: string, number: number): string {
  return `${VERSIONS_ROOT}${path}/${number}`
}

/** The writes, for one commit, that make `after` of what is stored as `before`; `null`: no such key. */
export function writesBetween(path: string, before: Key | null, after: Key | null): readonly ViewWrite[] {
  const writes: ViewWrite[] = []
  for (const [number, version] of numbered(before)) {
    if (version.value.at === 'entry' && !hasEntry(after, number)) {
      writes.push({ op: 'delete', key: versionKey(path, number) })
    }
  }
  for (const [number, version] of numbered(after)) {
    // In hand and not in the entry of its key: it is new, or no longer the newest.
    if (after === null || version.value.at !== 'hand' || isInline(after, number, version)) continue
    const value = encodeVersion(version, version.value.bytes)
    writes.push({ op: 'put', key: versionKey(path, number), value })
  }
  const key = KEYS_ROOT + path
  writes.push(after === null ? { op: 'delete', key } : { op: 'put', key, value: encodeKey(after) })
  return writes
}

function hasEntry(key: Key | null, number: number): boolean {
  const version = key === null ? null : versionOf(key, number)
  if (key === null || version === null || version.value.at === 'destroyed') return false
  return !isInline(key, number, version)
}

function numbered(key: Key | null): readonly (readonly [number, Version])[] {
  return key === null ? [] : key.versions.map((version, index) => [firstKept(key) + index, version])
}
