import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { plainJson } from '../../tests/sim/plain-json.ts'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import type { JsonNode, JsonString } from './json.ts'
import { MAX_JSON_VALUES, readJson } from './json-reader.ts'

const BUDGET = { maxDepth: 500, maxStrings: 1000 }

const read = (text: string): JsonNode => readJson(utf8(text), BUDGET)

const readString = (text: string): JsonString => {
  const node = read(text)
  assert.ok(node.kind === 'string')
  return node
}

const refuses = (body: string | Uint8Array, message: RegExp): void => {
  const bytes = typeof body === 'string' ? utf8(body) : body
  assert.throws(
    () => readJson(bytes, BUDGET),
    (error: unknown) => hasCode(error, 'bad_request') && message.test(error.message),
    fromUtf8(bytes.slice(0, 60).map((byte) => byte & 0x7f)),
  )
}

test('reads whatever JSON.stringify writes, to the same values', () => {
  const json = fc.json({ maxDepth: 5 }).filter((text) => !text.includes('__proto__'))
  void fc.assert(
    // Not by `JSON.parse`, which mistakes names with an escape (nodejs/node issue 63785).
    fc.property(json, (text) => assert.equal(JSON.stringify(plainJson(read(text))), text)),
    { numRuns: 3000 },
  )
})

test('agrees with JSON.parse on whether a damaged text is JSON', () => {
  const damaged = fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'{}[]",:\\ntfeE+-.019 \u0000'))
  const property = fc.property(damaged, ([text, at, character]) => {
    const index = at % text.length
    const candidate = text.slice(0, index) + character + text.slice(index + 1)
    if (isJson(candidate)) {
      // Ours refuses what has two readings; everything else is the same.
      try {
        read(candidate)
      } catch (error) {
        assert.match(String(error), /stands twice|no JSON value/)
      }
    } else assert.throws(() => read(candidate))
  })
  void fc.assert(property, { numRuns: 7000 })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('keeps the bytes of every token, and the literal of a number', () => {
  const node = read(' {"a": 1.0 , "b":[ 9007199254740993,-1.50e3 ]} ')
  assert.ok(node.kind === 'object')
  assert.equal(fromUtf8(node.raw), '{"a": 1.0 , "b":[ 9007199254740993,-1.50e3 ]}')
  const [a, b] = [node.members.get('a'), node.members.get('b')]
  assert.ok(a?.kind === 'number' && b?.kind === 'array')
  assert.equal(a.literal, '1.0')
  assert.equal(fromUtf8(b.raw), '[ 9007199254740993,-1.50e3 ]')
  assert.equal(fromUtf8(b.items[0]?.raw ?? new Uint8Array()), '9007199254740993')
})

test('decodes every escape, in text and in a secret alike', () => {
  const token = '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u20AC\\ud83d\\uDE00 \u00e9\u{1f600}"'
  const expected = '"\\/\b\f\n\r\t\u0000\u00e9\u20ac\u{1f600} \u00e9\u{1f600}'
  assert.equal(readString(token).text(), expected)
  using secret = readString(token).secret()
  assert.equal(
    secret?.lend((bytes) => fromUtf8(bytes)),
    expected,
  )
})

test('gives a secret in memory of its own, and null for an empty one', () => {
  const body = utf8('"abc"')
  const node = readJson(body, BUDGET)
  assert.ok(node.kind === 'string')
  using secret = node.secret()
  body.fill(0)
  secret?.lend((bytes) => {
    assert.equal(fromUtf8(bytes), 'abc')
    assert.equal(bytes.buffer.byteLength, 3)
  })
  assert.equal(readString('""').secret(), null)
})

test('takes __proto__ as a name like any other', () => {
  const node = read('{"__proto__":{"polluted":true}}')
  assert.ok(node.kind === 'object')
  assert.equal(node.members.get('__proto__')?.kind, 'object')
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('refuses member names that repeat, also when one is escaped', () => {
  refuses('{"key":1,"key":2}', /^failed to decode JSON input: a member name stands twice, at byte 9$/)
  refuses('{"key":1,"k\\u0065y":2}', /stands twice/)
})

test('refuses bytes that are not UTF-8, and surrogates without their partner', () => {
  refuses(Uint8Array.of(0x22, 0xff, 0x22), /no JSON value, at byte 0/)
  refuses(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), /no JSON value, at byte 0/)
  for (const text of ['"\\ud800"', '"\\udc00"', '"\\ud800\\u0041"', '"\\ud800x"', '"\\ud800\\ud800"']) {
    refuses(text, /no JSON value, at byte 0/)
  }
})

test('refuses what is not JSON, with the place and nothing of the body', () => {
  refuses('{bad', /^failed to decode JSON input: a member name must be a string, at byte 1$/)
  refuses('{"a":true', /^failed to decode JSON input: .*, at byte 9$/)
  refuses('{"a":true} trailing', /something follows the value, at byte 11$/)
  const broken = ['', ' ', '{', '[1,]', '{"a":1,}', '{"a"}', '{a:1}', "{'a':1}", 'tru', 'nul', '[1 2]', ',']
  const numbers = ['-', '1.', '.5', '01', '1e', '1e+', '+1', '--1', '0x10', 'NaN', '\ufeff{}']
  const strings = ['"a\nb"', '"\\x41"', '"\\u12g4"', '"open']
  for (const text of [...broken, ...numbers, ...strings])
    refuses(text, /^failed to decode JSON input: .*, at byte \d+$/)
})

test('takes 1000 strings and refuses one more, names and values together', () => {
  const list = (count: number): string => `[${Array(count).fill('"x"').join(',')}]`
  assert.equal(read(list(1000)).kind, 'array')
  refuses(list(1001), /^refused JSON input due to high complexity: exceeded maximum number of strings, 1000$/)
  refuses(`{"a":${list(1000)}}`, /exceeded maximum number of strings/)
})

test('takes 500 levels below the first and refuses one more, or a million', () => {
  assert.equal(read('['.repeat(501) + ']'.repeat(501)).kind, 'array')
  refuses('['.repeat(502) + ']'.repeat(502), /exceeded maximum depth, 500$/)
  refuses('{"a":'.repeat(1_000_000), /exceeded maximum depth/)
})

test('refuses more values than the bound', () => {
  refuses(`[${'0,'.repeat(MAX_JSON_VALUES)}0]`, /exceeded maximum number of values, 100000$/)
})

test('never says a byte of the body in an error', () => {
  const canaries = [
    '{"canary":"canary',
    '{"canary" canary}',
    '{"canary":canary}',
    '["canary\\x"]',
    '"canary" canary',
  ]
  const names = ['{"canary":1,"canary":2}', '{"canary":"\u0001"}', '{"a":"\\ud800canary"}']
  for (const text of [...canaries, ...names]) {
    assert.throws(
      () => read(text),
      (error: unknown) =>
        hasCode(error, 'bad_request') && !/canary/.test(error.message + JSON.stringify(error.detail)),
      text,
    )
  }
})
