// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is an interpolation of HCL, and text to us
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_HCL_DEPTH, MAX_HCL_UNITS } from '../base/limits.ts'
import { parseDocument } from './document.ts'
import { HclError, type Value } from './value.ts'

/** The value of `a` in a document that sets nothing else. */
function writtenValue(written: string): Value {
  const [item] = parseDocument(`a = ${written}`, 'doc')
  assert.ok(item !== undefined)
  return item.value
}

function textOf(written: string): string {
  const value = writtenValue(written)
  assert.ok(value.kind === 'text')
  return value.text
}

function numberOf(written: string): number {
  const value = writtenValue(written)
  assert.ok(value.kind === 'number')
  return value.number
}

test('keeps repeated blocks, their labels and their order', () => {
  const body = parseDocument('path "b" { x = 1 }\nui = true\npath "a" "c" {}\npath "b" {}', 'doc')
  const heads = body.map((item) => [
    item.name,
    item.form === 'block' ? item.labels.map(({ text }) => text) : null,
  ])
  assert.deepEqual(heads, [
    ['path', ['b']],
    ['ui', null],
    ['path', ['a', 'c']],
    ['path', ['b']],
  ])
})

test('knows line and column of every name, label and value', () => {
  const [block] = parseDocument('# first\nlistener "tcp" {\n\taddress = [ "x", 1 ]\n}', 'conf.hcl')
  assert.ok(block?.form === 'block')
  const place = (line: number, column: number): object => ({ source: 'conf.hcl', line, column })
  assert.deepEqual([block.at, block.labels[0]?.at, block.value.at], [place(2, 1), place(2, 10), place(2, 16)])
  const [address] = block.value.body
  assert.ok(address?.value.kind === 'list')
  assert.deepEqual([address.at, address.value.at], [place(3, 2), place(3, 12)])
  assert.deepEqual(
    address.value.items.map(({ at }) => at),
    [place(3, 14), place(3, 19)],
  )
})

test('takes comments of all three kinds, and commas between items', () => {
  const body = parseDocument('a = 1 # x\n// b = 2\n/* c = 3\n} */ d = 4, e = 5,\n/**/', 'doc')
  assert.deepEqual(
    body.map(({ name }) => name),
    ['a', 'd', 'e'],
  )
})

test('reads the escapes of HCL 1', () => {
  assert.equal(textOf(String.raw`"\a\b\f\n\r\t\v\\\""`), '\x07\b\f\n\r\t\v\\"')
  assert.equal(textOf(String.raw`"\101\x41\u00e9\U0001F511"`), 'AAé🔑')
})

test('keeps an interpolation as it is written, with quotes, braces, escapes and line ends', () => {
  for (const kept of [
    '${x}',
    '$${x}',
    '${f("a b")}',
    '${a{"}"}b}',
    '${\n}',
    '${\\n\\"}',
    '${a}${b("c")}',
    '$x}',
  ]) {
    assert.equal(textOf(`"${kept}"`), kept)
  }
})

test('reads texts of several lines, with and without their indentation', () => {
  assert.equal(textOf('<<END\n one\n  two "x" ${y} \\n\nEND\n'), ' one\n  two "x" ${y} \\n\n')
  assert.equal(textOf('<<-END\n    one\n      two\n    END\n'), 'one\n  two\n')
  assert.equal(textOf('<<END\r\none\r\nEND\r\n'), 'one\n')
  // One line stands further left than the closing one: nothing is taken away.
  assert.equal(textOf('<<-END\n    one\n  two\n    END\n'), '    one\n  two\n')
})

test('reads whole numbers, hex, octal, fractions and exponents', () => {
  const written = [
    '42',
    '-1',
    '0x1F',
    '-0xff',
    '010',
    '-0',
    '1.5',
    '.5',
    '1.',
    '1e3',
    '2E-2',
    '9007199254740991',
  ]
  const numbers = [42, -1, 31, -255, 8, 0, 1.5, 0.5, 1, 1000, 0.02, 9007199254740991]
  assert.deepEqual(written.map(numberOf), numbers)
})

test('reads objects and lists within each other', () => {
  const value = writtenValue('{ b = [[1], { c = true }, <<X\nt\nX\n], "d e" = {} }')
  assert.ok(value.kind === 'object')
  const [b, d] = value.body
  assert.ok(b?.value.kind === 'list' && d?.value.kind === 'object')
  assert.deepEqual(
    b.value.items.map(({ kind }) => kind),
    ['list', 'object', 'text'],
  )
  assert.equal(d.name, 'd e')
})

test('a name may be any word, also one that objects of JavaScript have', () => {
  const body = parseDocument('__proto__ = 1\nconstructor = 2', 'doc')
  assert.deepEqual(
    body.map(({ name }) => name),
    ['__proto__', 'constructor'],
  )
})

describe('refuses, with line and column,', () => {
  const refusals = [
    ['a value that is missing', 'a = 1\nb = ', '2:5: expected a value, and found the end'],
    ['a name alone', 'a\n', '2:1: expected "=" or "{" behind "a", and found the end'],
    ['a value alone', '\n  = 1', '2:3: expected a name, and found "="'],
    [
      'a word without quotes',
      'a = debug',
      '1:5: a word without quotes is not a value; a text stands in double quotes',
    ],
    [
      'a duration without quotes',
      'ttl = 24h',
      '1:7: what runs on in letters is not a number; a duration or a text needs quotes',
    ],
    ['a block that is not closed', 'a {\n  b = 1\n', '3:1: expected a name, and found the end'],
    ['a brace too many', 'a {}\n}', '2:1: expected a name, and found "}"'],
    ['a label in front of "="', 'a "b" = {}', '1:3: a name with a label begins a block: "{" instead of "="'],
    ['a list without a comma', 'a = ["x"\n"y"]', '2:1: expected "," or "]", and found a text'],
    ['a list that is not closed', 'a = ["x",', '1:10: expected a value, and found the end'],
    ['an empty place in a list', 'a = [1,,2]', '1:8: expected a value, and found ","'],
    [
      'a text that is not closed',
      'a = "x\nb = "y"',
      '1:5: this text has no closing quote; <<END begins one of several lines',
    ],
    ['an interpolation that is not closed', 'a = "x${f("y")', '1:7: this interpolation is not closed by "}"'],
    [
      'an escape that does not exist',
      'a = "x\\d"',
      '1:7: there is no such escape; a backslash itself is written \\\\',
    ],
    [
      'an escape that is half a character',
      'a = "\\xe9"',
      '1:6: this escape is half a character; write the character, or \\u and four digits',
    ],
    ['an escape outside of Unicode', 'a = "\\ud800"', '1:6: this escape is no character of Unicode'],
    [
      'a text of several lines that is not closed',
      'a = <<END\nx\nEND',
      '1:5: no line "END", with a line end behind it, closes this text',
    ],
    [
      'one whose closing line is not indented',
      'a = <<-END\n  x\nEND\n',
      '3:1: behind <<-END the closing "END" has to be indented',
    ],
    [
      'one without a name',
      'a = << END\n',
      '1:5: a text of several lines begins with <<END alone at the end of its line',
    ],
    ['a comment that is not closed', 'a = 1 /* b', '1:7: this comment is not closed by */'],
    ['a number of no base', 'a = 08', '1:5: "08" is not a number'],
    ['an exponent without digits', 'a = 1e', '1:5: "1e" is not a number'],
    [
      'a whole number that is not exact',
      'a = 9007199254740992',
      '1:5: "9007199254740992" is too large a number',
    ],
    ['a number without an end', 'a = 1e999', '1:5: "1e999" is too large a number'],
    [
      'a mark that HCL does not have',
      'a : 1',
      '1:3: the character : cannot stand here; texts stand in double quotes',
    ],
    [
      'a blank that is none',
      'a\u00a0= 1',
      '1:2: the character U+00A0 cannot stand here; texts stand in double quotes',
    ],
    [
      'a carriage return alone',
      'a = 1\nb\r= 2',
      '2:2: a carriage return stands here without a line feed; write \\r in a text',
    ],
    ['a byte order mark', '\uFEFFa = 1', '1:1: begins with a byte order mark; save it without one'],
  ] as const
  for (const [what, text, message] of refusals) {
    test(what, () =>
      assert.throws(() => parseDocument(text, 'doc'), { name: 'HclError', message: `doc:${message}` }),
    )
  }
})

describe('refuses a name that is set twice,', () => {
  const cases = [
    ['as an attribute', 'a = 1\nb = 2\na = 1'],
    ['as an attribute behind a block', 'a {}\n\na = 1'],
    ['as a block behind an attribute', 'a = 1\n\na {}'],
    ['as a list', 'a = [1]\n\na = [2]'],
  ] as const
  for (const [how, text] of cases) {
    const message = 'doc:3:1: "a" stands at doc:1:1 already; keep one'
    test(how, () => assert.throws(() => parseDocument(text, 'doc'), { message }))
  }
})

test('an error shows no control character of the document, and no endless name', () => {
  const message = (text: string): string => {
    try {
      parseDocument(text, 'doc')
    } catch (error) {
      return error instanceof HclError ? error.message : ''
    }
    return ''
  }
  assert.equal(
    message('"\\u001b[2J" = 1\n"\\u001b[2J" = 1'),
    'doc:2:1: "\\u001b[2J" stands at doc:1:1 already; keep one',
  )
  assert.ok(message(`${'x'.repeat(5000)} 1`).length < 150)
})

test('the limits: depth and length, and one past each', () => {
  const lists = (depth: number): string => `a = ${'['.repeat(depth)}${']'.repeat(depth)}`
  const blocks = (depth: number): string => `${'a {'.repeat(depth)}${'}'.repeat(depth)}`
  for (const nest of [lists, blocks]) {
    // The document itself is the outermost object.
    assert.equal(parseDocument(nest(MAX_HCL_DEPTH - 1), 'doc').length, 1)
    assert.throws(
      () => parseDocument(nest(MAX_HCL_DEPTH), 'doc'),
      /more than 64 lists and objects in each other/,
    )
    assert.throws(() => parseDocument(nest(100_000), 'doc'), HclError)
  }
  assert.equal(parseDocument(`#${'x'.repeat(MAX_HCL_UNITS - 1)}`, 'doc').length, 0)
  assert.throws(
    () => parseDocument(`#${'x'.repeat(MAX_HCL_UNITS)}`, 'doc'),
    /^HclError: doc:1:1: is longer than 1048576/,
  )
})

describe('reads a document of the greatest length in a moment:', () => {
  const fill = (unit: string, end = ''): string =>
    unit.repeat(Math.floor((MAX_HCL_UNITS - 10) / unit.length)) + end
  const worst = {
    blanks: fill(' '),
    'line ends': fill('\n'),
    'one long line': fill('a{},'),
    'one long text': `a = "${fill('x', '"')}`,
    'a text of escapes': `a = "${fill('\\n', '"')}`,
    'a text of dollars': `a = "${fill('$', '"')}`,
    'an interpolation of braces': `a = "\${${fill('{}', '}"')}`,
    comments: fill('/**/'),
    'comments not closed': fill('/*'),
    'blank lines in a text of several': `a = <<-E\n${fill('   \n', ' E\n')}`,
    'a number': `a = ${fill('1')}`,
    'a name': fill('a'),
  }
  for (const [what, text] of Object.entries(worst)) {
    test(what, () => {
      const began = performance.now()
      try {
        parseDocument(text, 'doc')
      } catch (error) {
        assert.ok(error instanceof HclError)
      }
      // Tens of milliseconds; a reader that looks at a line again for every word of it takes a minute.
      assert.ok(performance.now() - began < 4000)
    })
  }
})
