import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unixMillis } from '../../../base/clock.ts'
import { fromUtf8, toHex, utf8 } from '../../../base/encoding.ts'
import type { Key, Version } from './key.ts'
import { decodeKey, decodeVersion, encodeKey, encodeVersion } from './key-entry.ts'

const T = unixMillis(0x0123456789ab)
const version = (value: Version['value'], deletion = 0): Version => ({ created: T, deletion, value })
const ENTRY = version({ at: 'entry' }, 0x1_0000_0001)
const DESTROYED = version({ at: 'destroyed' })
const NEWEST = version({ at: 'hand', bytes: utf8('{"a":1}') })

const KEY: Key = {
  created: T,
  updated: unixMillis(T + 1),
  settings: {
    maxVersions: 3,
    casRequired: true,
    metadataCasRequired: false,
    deleteAfter: 3600,
    customMetadata: utf8('{"o":"m"}'),
  },
  metadataVersion: 2,
  current: 9,
  oldest: 7,
  versions: [ENTRY, DESTROYED, NEWEST],
}

/** By hand from docs/storage-format.md. */
const STORED = [
  '01', // format
  '0d', // cas required (1), custom metadata (4), the newest value (8)
  '00000003' + '00000002' + '00000007' + '00000009',
  '00000123456789ab' + '00000123456789ac' + '0000000000000e10',
  `00000009${toHex(utf8('{"o":"m"}'))}`,
  '00000123456789ab' + '0000000100000001' + '00',
  '00000123456789ab' + '0000000000000000' + '01',
  '00000123456789ab' + '0000000000000000' + '00',
  toHex(utf8('{"a":1}')),
].join('')

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

test('a key is stored as docs/storage-format.md says, and read again', () => {
  assert.equal(toHex(encodeKey(KEY)), STORED)
  const read = decodeKey(bytes(STORED))
  assert.deepEqual(toHex(encodeKey(read)), STORED)
  assert.deepEqual(read.versions.slice(0, 2), [ENTRY, DESTROYED])
  assert.equal(read.settings.deleteAfter, 3600)
})

test('a newest value of more than 16 KiB stands elsewhere', () => {
  const json = (length: number): Uint8Array => utf8(`"${'x'.repeat(length - 2)}"`)
  const at = (length: number): string | undefined => {
    const newest = version({ at: 'hand', bytes: json(length) })
    const key = { ...KEY, oldest: 0, current: 1, versions: [newest] }
    return decodeKey(encodeKey(key)).versions[0]?.value.at
  }
  assert.deepEqual([at(16_384), at(16_385)], ['hand', 'entry'])
})

test('a key without versions or texts', () => {
  const settings = { ...KEY.settings, customMetadata: null }
  const key = { ...KEY, settings, oldest: 0, current: 0, versions: [] }
  assert.deepEqual(decodeKey(encodeKey(key)), key)
})

test('refuses what it did not write: another format, too short, too long', () => {
  const corrupt = { code: 'corrupt_entry' }
  assert.throws(() => decodeKey(bytes(`02${STORED.slice(2)}`)), corrupt)
  for (const length of [0, 1, 45, 46, 54, 60, 105, 106]) {
    assert.throws(() => decodeKey(bytes(STORED.slice(0, 2 * length))), corrupt, String(length))
  }
  const withoutValue = `0105${STORED.slice(4, -14)}`
  assert.equal(decodeKey(bytes(withoutValue)).versions.at(-1)?.value.at, 'entry')
  assert.throws(() => decodeKey(bytes(`${withoutValue}00`)), corrupt)
})

test('a version of its own is bound to the time it was made at', () => {
  const stored = encodeVersion(NEWEST, utf8('{"a":1}'))
  assert.equal(toHex(stored), `0100000123456789ab${toHex(utf8('{"a":1}'))}`)
  assert.equal(fromUtf8(decodeVersion(NEWEST, stored) ?? utf8('none')), '{"a":1}')
  assert.equal(decodeVersion({ ...NEWEST, created: unixMillis(T + 1) }, stored), null)
  assert.throws(() => decodeVersion(NEWEST, bytes('02')), { code: 'corrupt_entry' })
})
