import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../base/encoding.ts'
import type { JsonObject } from '../../logical/json.ts'
import { readJson } from '../../logical/json-reader.ts'
import { decodeEntry, encodeEntry } from './entry.ts'

const object = (json: string): JsonObject => {
  const node = readJson(utf8(json), { maxDepth: 10, maxStrings: 100 })
  assert(node.kind === 'object')
  return node
}

for (const [json, seconds] of [
  ['{"a":1}', 2_764_800],
  ['{"ttl":"1h30m"}', 5400],
  ['{"ttl":90}', 90],
  ['{"lease":"2d"}', 172_800],
  ['{"ttl":"60","lease":"1h"}', 60],
  ['{"ttl":"soon"}', 2_764_800],
  ['{"ttl":-1}', 2_764_800],
  ['{"ttl":99999999999}', 2_764_800],
] as const) {
  test(`${json} is leased for ${seconds} seconds, and comes back byte for byte`, () => {
    const { data, leaseDuration } = decodeEntry(encodeEntry(object(json)))
    assert.equal(leaseDuration, seconds)
    assert.equal(Buffer.from(data.bytes).toString(), json)
  })
}

test('refuses a stored value of a format that it does not know', () => {
  assert.throws(() => decodeEntry(new Uint8Array([2, 0, 0, 0, 0, 0])), { code: 'corrupt_entry' })
  assert.throws(() => decodeEntry(new Uint8Array([1, 0])), { code: 'corrupt_entry' })
})
