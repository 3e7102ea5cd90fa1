import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseExactly, rawNumber } from './json-numbers.ts'

test('a name with an escape is read as it is, whatever was read before it', () => {
  // After the first, `JSON.parse` of Node.js 24 and 26 takes every one of the others for a backslash.
  for (const [text, name] of [
    ['{"h":1,"\\\\":2}', '\\'],
    ['{"h":1,"\\n":2}', '\n'],
    ['{"h":1,"\\"":2}', '"'],
    ['{"h":1,"\\u00e9":2}', 'é'],
    ['{"h":1,"\\\\a":2}', '\\a'],
  ] as const) {
    assert.deepEqual(parseExactly(text), { h: 1, [name]: 2 }, text)
  }
  const both = '{"one":{"C:\\\\":"a"},"two":{"C:\\"":"b"}}'
  assert.deepEqual(parseExactly(both), { one: { 'C:\\': 'a' }, two: { 'C:"': 'b' } })
})

test('names that repeat, that are numbers, and that are __proto__ are those of JSON.parse', () => {
  assert.deepEqual(parseExactly('{"a":1,"\\u0061":2}'), { a: 2 })
  assert.deepEqual(Object.keys(parseExactly('{"b\\t":1,"10":1,"9":1}') as object), ['9', '10', 'b\t'])
  const value = parseExactly('{"__proto__":{"x":"\\n"}}') as object
  assert.deepEqual(Object.keys(value), ['__proto__'])
  assert.equal(Reflect.get({}, 'x'), undefined)
})

test('numbers are kept as they were sent, beside a name with an escape too', () => {
  const value = parseExactly('{"\\n":[1.0,2]}') as { readonly '\n': readonly unknown[] }
  assert.deepEqual([rawNumber(value['\n'][0]), value['\n'][1]], ['1.0', 2])
})

test('text that is no JSON is refused, escapes in names or not', () => {
  for (const text of ['{"\\x":1}', '{"\\n":1', '{"a\nb\\n":1}', '"\\', '{"\\n":}', '{\\n:1}', '"a":"\\n"']) {
    assert.throws(() => parseExactly(text), SyntaxError, text)
  }
})

test('a text without an end is refused, wherever it ends', () => {
  for (const text of ['{"a\\n":"', '{"a\\n":"b\\', '"\\"', '{"\\u0061":1,"b', '"\\"\\"\\"\\']) {
    assert.throws(() => parseExactly(text), SyntaxError, text)
  }
})
