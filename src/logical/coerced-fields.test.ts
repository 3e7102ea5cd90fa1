import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyOf } from '../../tests/sim/memory-view.ts'
import { hasCode } from '../base/errors.ts'
import { coercedBoolean, coercedInteger, coercedSeconds } from './coerced-fields.ts'

const body = (value: string) => bodyOf(`{"f":${value}}`)
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
  for (const [sent, value] of cases) assert.equal(coercedInteger(body(sent), 'f'), value, sent)
})

test('no whole number: the words of the contract, without what was sent', () => {
  for (const sent of ['"abc"', '5.5', '"5.5"', '[5]', '{}', '1e3', '9007199254740992']) {
    refuses(
      () => coercedInteger(body(sent), 'f'),
      "'' cannot parse value as 'int': strconv.ParseInt: invalid syntax",
    )
  }
})

test('a truth: as such, as text in the spellings of Go, as a number', () => {
  for (const sent of ['true', '"true"', '"True"', '"TRUE"', '"t"', '"T"', '"1"', '1', '2']) {
    assert.equal(coercedBoolean(body(sent), 'f'), true, sent)
  }
  for (const sent of ['false', '"false"', '"False"', '"FALSE"', '"f"', '"F"', '"0"', '0', '""']) {
    assert.equal(coercedBoolean(body(sent), 'f'), false, sent)
  }
  for (const sent of ['"yes"', '"tRUE"', '[]', '{}']) {
    refuses(
      () => coercedBoolean(body(sent), 'f'),
      "'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax",
    )
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
    assert.equal(coercedSeconds(body(sent), 'f'), seconds, sent)
  }
  for (const sent of ['"xx"', '1.5', 'true', '[1]']) {
    refuses(
      () => coercedSeconds(body(sent), 'f'),
      'time: invalid duration; give seconds, or for example "48h"',
    )
  }
  for (const sent of ['-1', '"-2h"']) {
    refuses(() => coercedSeconds(body(sent), 'f'), 'cannot provide negative value')
  }
})

test('absent, null, no body at all: not given; names are matched as they are', () => {
  for (const read of [coercedInteger, coercedBoolean, coercedSeconds]) {
    assert.equal(read(null, 'f'), undefined)
    assert.equal(read(bodyOf('{}'), 'f'), undefined)
    assert.equal(read(body('null'), 'f'), undefined)
    assert.equal(read(bodyOf('{"F":1}'), 'f'), undefined)
  }
})
