import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat, utf8 } from '../../../base/encoding.ts'
import type { JsonObject } from '../../../logical/json.ts'
import { readJson } from '../../../logical/json-reader.ts'
import { decodeEntry, encodeEntry } from './entry.ts'

const object = (json: string): JsonObject => {
  const node = readJson(utf8(json), { maxDepth: 10, maxStrings: 100 })
  assert(node.kind === 'object')
  return node
}

for (const [json, seconds] of [
  ['{"a":1}', null],
  ['{"ttl":"1h30m"}', 5400],
  ['{"ttl":90}', 90],
  ['{"ttl":0}', 0],
  ['{"lease":"2d"}', 172_800],
  ['{"ttl":"60","lease":"1h"}', 60],
  ['{"ttl":"soon"}', null],
  ['{"ttl":-1}', null],
  ['{"ttl":99999999999}', null],
  ['{"ttl":4294967295}', null],
  ['{"ttl":["1h"]}', null],
] as const) {
  test(`${json} names ${seconds ?? 'no'} seconds, and comes back byte for byte`, () => {
    const { data, lease } = decodeEntry(encodeEntry(object(json)))
    assert.equal(lease, seconds)
    assert.equal(Buffer.from(data.bytes).toString(), json)
  })
}

test('reads the first format: 32 days there are those of the mount, where the object does not say so itself', () => {
  const first = (header: readonly number[], json: string): number | null =>
    decodeEntry(concat(new Uint8Array([0x01, ...header]), utf8(json))).lease
  const days32 = [0x00, 0x2a, 0x30, 0x00]
  assert.equal(first(days32, '{"a":1}'), null)
  assert.equal(first(days32, '{"ttl":"32d"}'), 2_764_800)
  assert.equal(first(days32, '{"ttl":"soon"}'), null)
  assert.equal(first([0, 0, 0x0e, 0x10], '{"ttl":"1h"}'), 3600)
})

test('refuses a stored value of a format that it does not know', () => {
  assert.throws(() => decodeEntry(new Uint8Array([3, 0, 0, 0, 0, 0])), { code: 'corrupt_entry' })
  assert.throws(() => decodeEntry(new Uint8Array([1, 0])), { code: 'corrupt_entry' })
})
