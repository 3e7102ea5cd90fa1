import { assert } from '../../../base/assert.ts'
import { unixMillis } from '../../../base/clock.ts'
import { concat } from '../../../base/encoding.ts'
import { OperatingError } from '../../../base/errors.ts'
import { firstKept, type Key, type Value, type Version } from './key.ts'

/**
 * How a key is stored (docs/storage-format.md), with the value of its newest version where that is small:
 * then reading it is one look-up.
 *
 *     0x01 | flags, uint8 | max_versions, metadata version, oldest, current, uint32 each
 *          | created, updated, delete_version_after, uint64 each | length of the custom metadata, uint32
 *          | custom metadata | for each version from the first that is kept: created, deletion, uint64 each,
 *            destroyed, uint8 | the value of the newest
 */
const FORMAT = 0x01
const CAS_REQUIRED = 1
const METADATA_CAS_REQUIRED = 2
const HAS_CUSTOM_METADATA = 4
const HAS_VALUE = 8

const HEADER_BYTES = 1 + 1 + 4 * 4 + 3 * 8 + 4
const VERSION_BYTES = 8 + 8 + 1
const TWO_32 = 2 ** 32
const NOTHING = new Uint8Array(0)

/** A newest value up to this length stands in the entry of its key. */
export const MAX_INLINE_BYTES = 16 * 1024

/** Whether the value of this version stands in the entry of its key, and not in one of its own. */
export function isInline(key: Key, number: number, { value }: Version): boolean {
  return number === key.current && value.at === 'hand' && value.bytes.length <= MAX_INLINE_BYTES
}

export function encodeKey(key: Key): Uint8Array {
  assert(firstKept(key) === Math.max(key.oldest, 1), 'the versions of a key are kept without a gap')
  const { settings } = key
  const custom = settings.customMetadata ?? NOTHING
  const bytes = new Uint8Array(HEADER_BYTES + custom.length + key.versions.length * VERSION_BYTES)
  const view = new DataView(bytes.buffer)
  const value = inlineValue(key)
  view.setUint8(0, FORMAT)
  view.setUint8(
    1,
    (settings.casRequired ? CAS_REQUIRED : 0) |
      (settings.metadataCasRequired ? METADATA_CAS_REQUIRED : 0) |
      (settings.customMetadata === null ? 0 : HAS_CUSTOM_METADATA) |
      (value === null ? 0 : HAS_VALUE),
  )
  view.setUint32(2, settings.maxVersions)
  view.setUint32(6, key.metadataVersion)
  view.setUint32(10, key.oldest)
  view.setUint32(14, key.current)
  setUint64(view, 18, key.created)
  setUint64(view, 26, key.updated)
  setUint64(view, 34, settings.deleteAfter)
  view.setUint32(42, custom.length)
  bytes.set(custom, HEADER_BYTES)
  let at = HEADER_BYTES + custom.length
  for (const { created, deletion, value } of key.versions) {
    setUint64(view, at, created)
    setUint64(view, at + 8, deletion)
    view.setUint8(at + 16, value.at === 'destroyed' ? 1 : 0)
    at += VERSION_BYTES
  }
  return value === null ? bytes : concat(bytes, value)
}

/** Windows on `stored`. Throws `corrupt_entry` for what `encodeKey` did not write. */
export function decodeKey(stored: Uint8Array): Key {
  const view = viewOf(stored)
  if (stored[0] !== FORMAT || stored.length < HEADER_BYTES) throw unknownFormat()
  const flags = view.getUint8(1)
  const [oldest, current] = [view.getUint32(10), view.getUint32(14)]
  const customEnd = HEADER_BYTES + view.getUint32(42)
  const first = Math.max(oldest, 1)
  const valueAt = customEnd + (current - first + 1) * VERSION_BYTES
  const hasValue = (flags & HAS_VALUE) !== 0
  if (current < first - 1 || (hasValue ? valueAt >= stored.length : valueAt !== stored.length)) {
    throw unknownFormat()
  }
  const versions: Version[] = []
  for (let at = customEnd; at < valueAt; at += VERSION_BYTES) {
    const isNewest = at + VERSION_BYTES === valueAt
    versions.push({
      created: unixMillis(uint64(view, at)),
      deletion: uint64(view, at + 8),
      value: isNewest && hasValue ? inHand(stored.subarray(valueAt)) : elsewhere(view.getUint8(at + 16)),
    })
  }
  return {
    created: unixMillis(uint64(view, 18)),
    updated: unixMillis(uint64(view, 26)),
    settings: {
      maxVersions: view.getUint32(2),
      casRequired: (flags & CAS_REQUIRED) !== 0,
      metadataCasRequired: (flags & METADATA_CAS_REQUIRED) !== 0,
      deleteAfter: uint64(view, 34),
      customMetadata: (flags & HAS_CUSTOM_METADATA) === 0 ? null : stored.subarray(HEADER_BYTES, customEnd),
    },
    metadataVersion: view.getUint32(6),
    current,
    oldest,
    versions,
  }
}

const VERSION_HEADER_BYTES = 1 + 8

/** A version that does not stand in its key's entry: `0x01 | created, uint64 | the value's bytes as sent`. */
export function encodeVersion({ created }: Version, bytes: Uint8Array): Uint8Array {
  const header = new Uint8Array(VERSION_HEADER_BYTES)
  const view = new DataView(header.buffer)
  view.setUint8(0, FORMAT)
  setUint64(view, 1, created)
  return concat(header, bytes)
}

/**
 * The value; `null` where the entry is of another version with this number, as the key was removed and
 * written anew meanwhile. Throws `corrupt_entry`.
 */
export function decodeVersion({ created }: Version, stored: Uint8Array): Uint8Array | null {
  if (stored[0] !== FORMAT || stored.length < VERSION_HEADER_BYTES) throw unknownFormat()
  return uint64(viewOf(stored), 1) === created ? stored.subarray(VERSION_HEADER_BYTES) : null
}

function inlineValue(key: Key): Uint8Array | null {
  const newest = key.versions.at(-1)
  if (newest === undefined || !isInline(key, key.current, newest)) return null
  return newest.value.at === 'hand' ? newest.value.bytes : null
}

function inHand(bytes: Uint8Array): Value {
  return { at: 'hand', bytes }
}

function elsewhere(destroyed: number): Value {
  return destroyed === 0 ? { at: 'entry' } : { at: 'destroyed' }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Of whole numbers below 2^53. */
function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / TWO_32))
  view.setUint32(at + 4, value % TWO_32)
}

function uint64(view: DataView, at: number): number {
  return view.getUint32(at) * TWO_32 + view.getUint32(at + 4)
}

function unknownFormat(): OperatingError {
  return new OperatingError('corrupt_entry', 'a stored key or version has an unknown format')
}
