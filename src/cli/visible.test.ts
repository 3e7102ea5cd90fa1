import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { renderGrid, renderTable, renderValue } from './output.ts'
import { isVisibleLine, VisibleStream, visible, visibleJson, visibleLine } from './visible.ts'

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at)

/** ECMA-48 C0 without line end and tab, DEL, C1; Unicode's controls of direction, and what has no width. */
const STEERING = [
  ...[...range(0, 8), ...range(0x0b, 0x1f), ...range(0x7f, 0x9f)],
  ...[...range(0x200b, 0x200f), ...range(0x202a, 0x202e), ...range(0x2060, 0x2064), ...range(0x2066, 0x2069)],
  ...[0xfeff, 0x061c, 0x2028, 0x2029],
]

test('every control of a terminal and of direction is an escape, and nothing else is changed', () => {
  for (const code of STEERING) {
    const [hex, wide] = [code.toString(16).padStart(2, '0'), code.toString(16).padStart(4, '0')]
    const shown = code > 0xff ? `\\u${wide}` : `\\x${hex}`
    assert.equal(visible(`a${String.fromCharCode(code)}b`), `a${shown}b`)
    assert.equal(isVisibleLine(String.fromCharCode(code)), false, wide)
  }
  const plain = 'k\u00e9y \u4e2d\u6587 \ud83d\ude00 \\x1b "quoted"\n\tnext'
  assert.equal(visible(plain), plain)
  assert.equal(visibleLine('a\nb\tc'), 'a\\x0ab\\x09c')
  assert.equal(visible('\ud800'), '\\ud800')
  // A character of two halves has an escape for each, as JSON has it.
  assert.equal(visible('\u{e0041}'), '\\udb40\\udc41')
})

test('a table keeps the lines of a value, and a key on its row', () => {
  assert.equal(
    renderTable([['k\u009b31m\nfake', 'a\nb\u001b[2J']]),
    'Key                 Value\n---                 -----\nk\\x9b31m\\x0afake    a\nb\\x1b[2J\n',
  )
  assert.equal(renderGrid([['Keys'], ['a\u202eb\nc']]), 'Keys\n----\na\\u202eb\\x0ac\n')
})

test('JSON and YAML say exactly what was stored, and steer nothing', async () => {
  const text = String.fromCharCode(...STEERING)
  const value = {
    [`k${text}`]: `v${text}`,
    list: [`${text}\n`, 'a\nb'],
    plain: 'x',
    '\u{e0041}': '\ud83d\ude00',
  }
  const json = await renderValue('json', value)
  assert.deepEqual(JSON.parse(json), value)
  const yaml = await renderValue('yaml', value)
  assert.deepEqual(parse(yaml), value)
  for (const rendered of [json, yaml]) assert.equal(visible(rendered), rendered)
  assert.match(json, /\\u009b/)
  assert.equal(visibleJson('"\u009b\u202e"'), '"\\u009b\\u202e"')
})

test('a stream is escaped whatever pieces it comes in', () => {
  const bytes = new TextEncoder().encode('a\u009bb\u202e\u4e2d\n')
  const stream = new VisibleStream(visible)
  assert.equal([...bytes].map((byte) => stream.next(Uint8Array.of(byte))).join(''), 'a\\x9bb\\u202e\u4e2d\n')
})
