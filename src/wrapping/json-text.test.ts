import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { jsonText } from './json-text.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

test('escapes quotes, backslashes and controls, and nothing else', () => {
  const bytes = new TextEncoder().encode('a"b\\c\nd\u0000é\u{1f600}<')
  assert.equal(text(jsonText(bytes)), '"a\\"b\\\\c\\u000ad\\u0000é\u{1f600}<"')
  assert.equal(text(jsonText(new Uint8Array(0))), '""')
})

test('is read back as what it was', () => {
  void fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const wellFormed = value.toWellFormed()
      assert.equal(JSON.parse(text(jsonText(new TextEncoder().encode(wellFormed)))), wellFormed)
    }),
    { numRuns: 2000 },
  )
})
