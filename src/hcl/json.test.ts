import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { plainBody } from '../../tests/hcl/plain.ts'
import { MAX_HCL_DEPTH } from '../base/limits.ts'
import { parseDocument } from './document.ts'
import type { Body } from './value.ts'

test('reads every object without null as the JSON of the language does', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  )
  const { tree } = fc.letrec<{ tree: unknown; object: object }>((tie) => ({
    tree: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('tree')), tie('object')),
    object: fc.dictionary(fc.string({ unit: 'binary' }), tie('tree'), { noNullPrototype: true }),
  }))
  const dictionary = fc.dictionary(fc.string(), tree, { noNullPrototype: true })
  fc.assert(
    fc.property(dictionary, fc.constantFrom('', ' ', '\t', '  \n'), (object, indent) => {
      const text = JSON.stringify(object, null, indent)
      // Not exact: ours refuses them.
      fc.pre(!/(?:^|[:[,\s])-?\d{16,}[,\s}\]]/.test(text))
      // Not by `JSON.parse`, which mistakes names with an escape (nodejs/node issue 63785).
      assert.equal(JSON.stringify(plainBody(parseDocument(text, 'doc'))), JSON.stringify(object))
    }),
  )
})

test('takes nothing that the JSON of the language refuses', () => {
  const marks = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a"',
    '"',
    '1',
    '-',
    '.5',
    'e',
    'true',
    'nul',
    ' ',
    '\\',
    '\n',
    '\t',
  )
  const text = fc.array(marks, { maxLength: 12 }).map((parts) => `{${parts.join('')}`)
  let taken = 0
  fc.assert(
    fc.property(text, (document) => {
      let body: Body
      try {
        body = parseDocument(document, 'doc')
      } catch {
        return
      }
      taken++
      assert.deepEqual(plainBody(body), JSON.parse(document))
    }),
    { numRuns: 20_000, seed: 7 },
  )
  assert.ok(taken > 10)
})

test('knows line and column of names and values', () => {
  const [item] = parseDocument('{\n  "ui":\t[\n true]}', 'conf.json')
  assert.ok(item?.value.kind === 'list')
  const place = (line: number, column: number): object => ({ source: 'conf.json', line, column })
  assert.deepEqual([item.at, item.value.at, item.value.items[0]?.at], [place(2, 3), place(2, 9), place(3, 2)])
})

describe('refuses, with line and column,', () => {
  const refusals = [
    ['a name that is set twice', '{"a": 1,\n "a": 1}', '2:2: "a" stands at doc:1:2 already; keep one'],
    [
      'a number with a word at its end',
      '{"a": 7true}',
      '1:7: expected a value: a text in double quotes, a number, true, false, "[" or "{"',
    ],
    ['null', '{"a": null}', '1:7: null sets nothing; take the name away'],
    ['a comma at the end', '{"a": 1,}', '1:9: expected a name in double quotes'],
    ['a comment', '{"a": 1} // b', '1:10: something stands behind the end of the object'],
    ['a second object', '{} {}', '1:4: something stands behind the end of the object'],
    ['a name without quotes', '{a: 1}', '1:2: expected a name in double quotes'],
    ['a colon that is missing', '{"a" 1}', '1:6: expected ":" behind "a"'],
    ['a comma that is missing', '{"a": [1 2]}', '1:10: expected "," or "]"'],
    ['an object that is not closed', '{"a": 1', '1:8: expected "," or "}"'],
    ['a text that is not closed', '{"a": "b', '1:7: this text has no closing quote'],
    [
      'a line end in a text',
      '{"a": "b\n"}',
      '1:7: this text has an escape or a control character that JSON does not know',
    ],
    [
      'an escape of HCL',
      '{"a": "\\x41"}',
      '1:7: this text has an escape or a control character that JSON does not know',
    ],
    ['half a character', '{"a": "\\ud800"}', '1:7: this text has an escape that is half a character'],
    [
      'a number of HCL',
      '{"a": 0x10}',
      '1:7: expected a value: a text in double quotes, a number, true, false, "[" or "{"',
    ],
    [
      'a number that is not exact',
      '{"a": 9007199254740993}',
      '1:7: "9007199254740993" is too large a number',
    ],
    [
      'a value that is missing',
      '{"a": }',
      '1:7: expected a value: a text in double quotes, a number, true, false, "[" or "{"',
    ],
  ] as const
  for (const [what, text, message] of refusals) {
    test(what, () => assert.throws(() => parseDocument(text, 'doc'), { message: `doc:${message}` }))
  }

  test('one object too deep', () => {
    const nest = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    assert.equal(parseDocument(nest(MAX_HCL_DEPTH), 'doc').length, 1)
    assert.throws(() => parseDocument(nest(MAX_HCL_DEPTH + 1), 'doc'), /more than 64 lists and objects/)
  })
})
