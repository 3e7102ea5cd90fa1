import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyOf } from '../../tests/sim/memory-view.ts'
import { hasCode } from '../base/errors.ts'
import { type FieldType, type FieldValues, readFields, unknownMembers } from './field-table.ts'

const body = (value: string) => bodyOf(`{"f":${value}}`)
const read = <Type extends FieldType>(type: Type, value: string): FieldValues[Type] | undefined =>
  readFields({ f: { type, description: '' } }, body(value)).f
const refuses = (read: () => unknown, end: string): void => {
  const message = `Field validation failed: error converting input for field "f": ${end}`
  assert.throws(read, (error: unknown) => hasCode(error, 'bad_request') && error.message === message)
}

test('a whole number: number, text, truth', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['5', 5],
    ['-5', -5],
    ['"5"', 5],
    ['"+5"', 5],
    ['true', 1],
    ['false', 0],
    ['""', 0],
    ['9007199254740991', 9_007_199_254_740_991],
  ]
  for (const [sent, value] of cases) assert.equal(read('integer', sent), value, sent)
})

test('no whole number: the words of the contract, without what was sent', () => {
  for (const sent of ['"abc"', '5.5', '"5.5"', '[5]', '{}', '1e3', '9007199254740992']) {
    refuses(() => read('integer', sent), "'' cannot parse value as 'int': strconv.ParseInt: invalid syntax")
  }
})

test('a truth: as such, as text in the spellings of Go, as a number', () => {
  for (const sent of ['true', '"true"', '"True"', '"TRUE"', '"t"', '"T"', '"1"', '1', '2']) {
    assert.equal(read('boolean', sent), true, sent)
  }
  for (const sent of ['false', '"false"', '"False"', '"FALSE"', '"f"', '"F"', '"0"', '0', '""']) {
    assert.equal(read('boolean', sent), false, sent)
  }
  for (const sent of ['"yes"', '"tRUE"', '[]', '{}']) {
    refuses(() => read('boolean', sent), "'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax")
  }
})

test('a length of time: seconds, their text, a duration of Go, days; never negative', () => {
  for (const [sent, seconds] of [
    ['172800', 172_800],
    ['"172800"', 172_800],
    ['"48h"', 172_800],
    ['"2d"', 172_800],
    ['0', 0],
  ] as const) {
    assert.equal(read('seconds', sent), seconds, sent)
  }
  for (const sent of ['"xx"', '1.5', 'true', '[1]']) {
    refuses(() => read('seconds', sent), 'time: invalid duration; give seconds, or for example "48h"')
  }
  for (const sent of ['-1', '"-2h"']) {
    refuses(() => read('seconds', sent), 'cannot provide negative value')
  }
})

test('absent, null, no body at all: not given; names are matched as they are', () => {
  for (const type of ['integer', 'boolean', 'seconds', 'strings', 'secret'] as const) {
    const fields = { f: { type, description: '' } }
    for (const data of [null, bodyOf('{}'), body('null'), bodyOf('{"F":1}')]) {
      assert.equal(readFields(fields, data).f, undefined, type)
    }
  }
})

test('a text: text, number or truth as text; never a list or an object', () => {
  assert.deepEqual(
    [read('string', '"a"'), read('string', '5.0'), read('string', 'true')],
    ['a', '5.0', 'true'],
  )
  refuses(() => read('string', '[]'), "'' expected type 'string', got unconvertible type '[]interface {}'")
})

test('a list of texts is not split at commas, another kind of list is', () => {
  assert.deepEqual(read('strings', '"a,b"'), ['a,b'])
  assert.deepEqual(read('strings', '["a",5]'), ['a', '5'])
  assert.deepEqual(read('comma-strings', '" a , b,,"'), ['a', 'b'])
  assert.deepEqual(read('comma-strings', '[" a ","b,c"]'), ['a', 'b,c'])
})

test('whole numbers: a list, of numbers or their texts, numbers between commas, or one', () => {
  assert.deepEqual(read('integers', '[1,"2"]'), [1, 2])
  assert.deepEqual(read('integers', '"1, 2"'), [1, 2])
  assert.deepEqual(read('integers', '3'), [3])
  for (const sent of ['["a"]', '{}', '[[1]]']) {
    refuses(() => read('integers', sent), "'' cannot parse value as 'int': strconv.ParseInt: invalid syntax")
  }
})

test('pairs: an object of texts, or a list of key=value', () => {
  assert.deepEqual(read('pairs', '{"a":"b","n":1}'), { a: 'b', n: '1' })
  assert.deepEqual(read('pairs', '["a=b","c=d=e"]'), { a: 'b', c: 'd=e' })
  const words = 'key and value pairs are an object of texts, or a list of key=value'
  for (const sent of ['"x"', '["=x"]', '{"a":[]}', '{"a":{}}']) refuses(() => read('pairs', sent), words)
})

test('a time: RFC 3339, or seconds since 1970', () => {
  assert.equal(read('time', '"2026-11-23T08:54:06Z"'), 1_795_424_046_000)
  assert.equal(read('time', '"1795424046"'), 1_795_424_046_000)
  for (const sent of ['"tomorrow"', '"2026-11-23"', 'true', '"23 Nov 2026 08:54 UTC"']) {
    refuses(() => read('time', sent), 'a time is RFC 3339, or seconds since 1970')
  }
})

test('a secret comes as bytes, and only from text', () => {
  using secret = read('secret', '"hvs.x"')
  assert.equal(
    secret?.lend((bytes) => new TextDecoder().decode(bytes)),
    'hvs.x',
  )
  refuses(() => read('secret', '5'), "'' expected type 'string', got unconvertible type 'json.Number'")
})

test('names the members that no field takes', () => {
  assert.deepEqual(unknownMembers({ a: { type: 'any', description: '' } }, bodyOf('{"z":1,"a":2,"b":3}')), [
    'b',
    'z',
  ])
})
