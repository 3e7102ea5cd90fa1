import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDocument } from '../../src/hcl/document.ts'
import { type Body, HclError } from '../../src/hcl/value.ts'
import { Documents } from '../hcl/documents.ts'
import { plainBody } from '../hcl/plain.ts'
import { bytesOf, fuzz } from './fuzz.ts'
import { parsedFlat, unflat } from './json-oracle.ts'

const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '=',
    ',',
    '"',
    '\\',
    '${',
    '<<',
    '<<-',
    'EOF',
    '#',
    '//',
    '/*',
    '*/',
    '\n',
    '\r\n',
    '\r',
  ],
  ...[
    '-',
    '.',
    '0x',
    '1e9',
    '9007199254740993',
    'true',
    'null',
    ':',
    '\\u12',
    '\\ud800',
    '\\x41',
    '\\777',
    '\ufeff',
  ],
  ...[
    'path',
    ' "*" ',
    ' {\n',
    '\n}\n',
    '<<EOF\n',
    '\nEOF\n',
    'é',
    '🔑',
    '"a":',
    '"a":{',
    '{"',
    '[[[[',
    '{{{{',
    'a{',
  ],
]

/** Lines and columns of a document are those of an editor; nothing stands outside of it. */
function checkPlace(text: string, error: HclError): void {
  const { line, column } = error.at
  const lines = text.split('\n')
  assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`)
  assert.ok(column >= 1 && column <= (lines[line - 1] ?? '').length + 1, `column ${column} of line ${line}`)
  assert.ok(error.fault.length < 300, 'a sentence without end')
}

function parse(text: string): Body | HclError {
  try {
    return parseDocument(text, 'doc')
  } catch (error) {
    assert.ok(error instanceof HclError, `an error of no type: ${error}`)
    return error
  }
}

test('a document is read, or refused with a place in it and a sentence', (t) => {
  const documents = new Documents(Number(process.env['CONCLAVE_SEED'] ?? 20_261_128))
  fuzz(t, {
    examples: [
      bytesOf('path "secret/*" {\n  capabilities = ["read", "list"]\n}\n'),
      bytesOf('listener "tcp" {\n  address = "[::]:8200" # all\n}\nx = <<EOF\n a\n EOF\n'),
      bytesOf(`a = ${'['.repeat(64)}${']'.repeat(64)}`),
    ],
    pieces: PIECES,
    make: (chance) => bytesOf(chance.oneIn(2) ? documents.valid() : documents.spoilt()),
    check: (input) => {
      const text = Buffer.from(input).toString()
      const read = parse(text)
      if (read instanceof HclError) {
        checkPlace(text, read)
        return read.fault.replaceAll(/".*"|\d+|U\+\w+/gs, '…').slice(0, 40)
      }
      assert.deepEqual(parse(text), read, 'read twice, it is two documents')
      return `${Math.min(read.length, 8)} items`
    },
  })
})

test('the JSON form of a document is what JSON.parse makes of it, or refused', (t) => {
  const JSON_PIECES = PIECES.filter((piece) => !['#', '//', '<<'].includes(piece))
  fuzz(t, {
    examples: [
      bytesOf(
        '{"storage":{"inmem":{}},"listener":[{"tcp":{"address":"\\u0061:1","tls_disable":true}}],"n":1e3}',
      ),
    ],
    pieces: [...JSON_PIECES, '{}', '[]', '"b":1', ',"c":-2.5e-3', '"\\\\":1', '"\\n":2', '"__proto__":'],
    make: (chance) => {
      const member = (): string =>
        `"${chance.oneOf(['a', 'b', 'c', '\\n', 'é'])}${chance.below(9)}":${chance.below(99)}`
      return bytesOf(`{${Array.from({ length: chance.few(4) }, member).join(', ')}}`)
    },
    check: (input) => {
      const text = Buffer.from(input).toString()
      if (!/^[ \t\r\n]*\{/.test(text)) return 'no JSON form'
      const read = parse(text)
      const theirs = parsedFlat(bytesOf(text))
      if (read instanceof HclError) {
        checkPlace(text, read)
        return read.fault.replaceAll(/".*"|\d+|U\+\w+/gs, '…').slice(0, 40)
      }
      assert.ok(theirs !== undefined, 'taken, and JSON.parse refuses it')
      // -0 is 0 in a document.
      const wanted = JSON.stringify(unflat(theirs.value))
      assert.equal(JSON.stringify(plainBody(read)), wanted)
      return `${Math.min(read.length, 8)} items`
    },
  })
})
