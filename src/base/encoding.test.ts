import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, parseCanonicalJson } from './canonical-json.ts'
import { concat, fromUtf8, lengthPrefixed, sameBytes, toHex, utf8, uuidFrom } from './encoding.ts'

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.of(...values)

test('writes hex as RFC 4648 section 10 does, in small letters', () => {
  assert.equal(toHex(utf8('foobar')), '666f6f626172')
  assert.equal(toHex(bytes(0x00, 0x0a, 0xff)), '000aff')
})

test('puts two bytes of length in front of every part, so that no two lists of parts are the same', () => {
  assert.deepEqual(lengthPrefixed(utf8('ab'), bytes(), bytes(7)), bytes(0, 2, 0x61, 0x62, 0, 0, 0, 1, 7))
  const long = new Uint8Array(0x0102)
  assert.deepEqual(lengthPrefixed(long).subarray(0, 3), bytes(1, 2, 0))
  assert.throws(() => lengthPrefixed(new Uint8Array(0x10000)), { name: 'InvariantError' })
})

test('joins parts, and compares the whole of them', () => {
  assert.deepEqual(concat(bytes(1), bytes(), bytes(2, 3)), bytes(1, 2, 3))
  assert.equal(sameBytes(bytes(1, 2), bytes(1, 2)), true)
  assert.equal(sameBytes(bytes(1, 2), bytes(1, 3)), false)
  assert.equal(sameBytes(bytes(1, 2), bytes(1, 2, 3)), false)
})

test('makes a UUID of version 4 (RFC 9562 section 5.4)', () => {
  assert.equal(uuidFrom(new Uint8Array(16).fill(0xff)), 'ffffffff-ffff-4fff-bfff-ffffffffffff')
})

test('writes records as RFC 8785 section 3.2.3 sorts them, and reads them back', () => {
  const record = { '\u20ac': 1, '\r': [true, null], '1': '\ud800', b: '<\u2028>' }
  const text = '{"\\r":[true,null],"1":"\\ud800","b":"<\u2028>","\u20ac":1}'
  assert.equal(fromUtf8(canonicalJson(record)), text)
  assert.deepEqual(parseCanonicalJson(utf8(text)), record)
})

for (const [what, text] of [
  ['white space', '{"a": 1}'],
  ['a line end behind it', '{"a":1}\n'],
  ['a byte order mark', '\ufeff{"a":1}'],
  ['another order of members', '{"b":1,"a":2}'],
  ['a member twice', '{"a":1,"a":1}'],
  ['another spelling of a number', '{"a":1.0}'],
  ['a negative zero', '{"a":-0}'],
  ['a number that is not whole', '{"a":1.5}'],
  ['a number beyond 2^53', '{"a":9007199254740993}'],
  ['an escape that need not be', '{"a":"\\u0062"}'],
  ['a slash that is escaped', '{"a":"\\/"}'],
  ['no JSON', '{'],
] as const) {
  test(`refuses a record with ${what}`, () => assert.equal(parseCanonicalJson(utf8(text)), null))
}

test('refuses a record that is not UTF-8', () => {
  assert.equal(parseCanonicalJson(bytes(0x22, 0xff, 0x22)), null)
  // Half a surrogate pair, as no UTF-8 has it.
  assert.equal(parseCanonicalJson(bytes(0x22, 0xed, 0xa0, 0x80, 0x22)), null)
})
