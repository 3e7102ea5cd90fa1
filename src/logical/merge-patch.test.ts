import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { readJson } from './json-reader.ts'
import { mergePatch } from './merge-patch.ts'

const read = (json: string) => readJson(utf8(json), { maxDepth: 500, maxStrings: 1000 })
const merged = (target: string, patch: string): string => fromUtf8(mergePatch(read(target), read(patch)))

// RFC 7396 appendix A, in its order; the results without white space.
for (const [target, patch, result] of [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
] as const) {
  test(`${target} and the patch ${patch} make ${result}`, () => {
    assert.equal(merged(target, patch), result)
  })
}

test('keeps the spelling of what it does not touch: numbers, escapes, order and space', () => {
  const target = '{"n":1.0,"big":9007199254740993,"e":"\\u00e9\\/","o":{ "x" : [1e3, 2] },"z":"old"}'
  const kept = '{"n":1.0,"big":9007199254740993,"e":"\\u00e9\\/","o":{ "x" : [1e3, 2] },"z":2.50}'
  assert.equal(merged(target, '{"z":2.50}'), kept)
})

test('a member called __proto__ is a member like another', () => {
  assert.equal(merged('{"__proto__":{"a":1}}', '{"__proto__":{"b":2}}'), '{"__proto__":{"a":1,"b":2}}')
})

test('a patch as deep as the reader lets it be is merged', () => {
  const deep = `${'{"a":'.repeat(400)}1${'}'.repeat(400)}`
  assert.equal(merged(deep, deep), deep)
})
