import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import { MAX_JSON_DEPTH, MAX_JSON_STRINGS } from '../../src/base/limits.ts'
import { parseExactly, rawNumber } from '../../src/client/json-numbers.ts'
import { splitSecrets } from '../../src/client/secret-json.ts'
import { writeJson } from '../../src/http/json-writer.ts'
import { type JsonNode, RawJson } from '../../src/logical/json.ts'
import { readJson } from '../../src/logical/json-reader.ts'
import { plainJson } from '../sim/plain-json.ts'
import type { Chance } from './chance.ts'
import { bytesOf, fuzz } from './fuzz.ts'
import { flatNode, flatValue, parsedFlat, unflat } from './json-oracle.ts'

const BUDGET = { maxDepth: MAX_JSON_DEPTH, maxStrings: MAX_JSON_STRINGS }
const MALFORMED = /^failed to decode JSON input: ([a-zN ]+), at byte (\d+)$/i
const COMPLEX = /^refused JSON input due to high complexity: (exceeded maximum [a-z ]+), \d+$/

const PIECES = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '\\"', '\\u', '\\u0000', '\\ud83d', '\\ude00', '\\u00e9', '/'],
  ...['true', 'false', 'null', '0', '-', '1.5', 'e', 'E+', '1e999', '-0', '9007199254740993', '0.1e-7'],
  ...['"a"', '"a":', '"__proto__":', '"constructor":', '{}', '[]', '""', ' ', '\n', '\t', '\r', '\u00a0'],
  ...['\u0000', 'é', '🔑', '\ufeff', '\u2028', '<', '&', '{"a":1,"a":2}', '"\\u0061"', 'NaN', 'Infinity'],
]

function value(chance: Chance, depth: number): string {
  const blank = (): string => chance.oneOf(['', '', '', ' ', '\n\t', '\r '])
  switch (chance.below(depth > 0 ? 8 : 5)) {
    case 0:
      return chance.oneOf(['true', 'false', 'null'])
    case 1:
      return chance.oneOf([
        '0',
        '-0',
        '1',
        '12.50',
        '-3e7',
        '1E-2',
        '1e400',
        '9007199254740993',
        '01',
        '1.',
        '.5',
      ])
    case 2:
    case 3:
    case 4:
      return string(chance)
    case 5:
    case 6: {
      const member = (): string =>
        `${string(chance)}${blank()}:${blank()}${value(chance, depth - 1)}${blank()}`
      return `{${blank()}${Array.from({ length: chance.few(4) }, member).join(`,${blank()}`)}}`
    }
    default: {
      const item = (): string => value(chance, depth - 1) + blank()
      return `[${blank()}${Array.from({ length: chance.few(5) }, item).join(`,${blank()}`)}]`
    }
  }
}

const LETTERS = [
  ...['a', 'b', 'key', ' ', 'é', '🔑', '\\n', '\\"', '\\\\', '\\/', '\\u0041', '\\u00e9', '\\ud83d\\udd11'],
  ...['\\u0000', '__proto__', '\u007f', '<', '\u2028', '\\uD800', '\\x', '\\u12', '\t'],
]

function string(chance: Chance): string {
  return `"${chance.text(chance.few(4), () => chance.oneOf(LETTERS))}"`
}

/** Every node is a window on the body that reads to the same again; a secret is its text, byte for byte. */
function checkNode(node: JsonNode, input: Uint8Array): number {
  assert.equal(node.raw.buffer, input.buffer)
  if (node.kind === 'string') {
    using secret = node.secret()
    const shown = secret === null ? '' : secret.lend((bytes) => Buffer.from(bytes).toString())
    assert.equal(shown, node.text())
  }
  const inner = node.kind === 'object' ? [...node.members.values()] : node.kind === 'array' ? node.items : []
  return 1 + inner.reduce((nodes, one) => nodes + checkNode(one, input), 0)
}

function refusal(error: unknown, input: Uint8Array, theirs: ReturnType<typeof parsedFlat>): string {
  assert.ok(error instanceof OperatingError, 'an error of no type')
  assert.equal(error.code, 'bad_request')
  const [, complexity] = COMPLEX.exec(error.message) ?? []
  if (complexity !== undefined) return complexity
  const [, fault = '', offset] = MALFORMED.exec(error.message) ?? []
  assert.ok(Number(offset) <= input.length, error.message)
  if (theirs === undefined) return fault
  // JSON.parse takes it. There are three reasons for us not to, each with its mark in the text.
  const text = Buffer.from(input).toString()
  if (/^this is no JSON value$/.test(fault)) {
    assert.match(text, /\\u[dD][89a-fA-F]|[-+.\deE]{1025}/, 'refused without a reason')
    return 'refused: half a character, or a number without end'
  }
  assert.equal(fault, 'a member name stands twice')
  return 'refused: a name twice'
}

test('a body that JSON.parse refuses is refused, and one that both take is the same to both', (t) => {
  fuzz(t, {
    examples: [
      bytesOf('{"a":[1,-2.5e3,"\\u00e9\\ud83d\\udd11"],"b":{"c":null,"d":[true,false]}}'),
      bytesOf('['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH)),
      bytesOf(`[${'"",'.repeat(MAX_JSON_STRINGS - 1)}""]`),
    ],
    pieces: PIECES,
    make: (chance) => bytesOf(value(chance, 4)),
    check: (input) => {
      const theirs = parsedFlat(input)
      let node: JsonNode
      try {
        node = readJson(input, BUDGET)
      } catch (error) {
        return refusal(error, input, theirs)
      }
      assert.ok(theirs !== undefined, 'taken, and JSON.parse refuses it')
      assert.equal(JSON.stringify(flatNode(node)), JSON.stringify(theirs.value))
      return `${node.kind} of ${Math.min(checkNode(node, input), 64)}`
    },
  })
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('an answer is JSON of the same value, whatever is in it, and stored bytes go out as they came', (t) => {
  fuzz(t, {
    examples: [bytesOf('{"a":["<&>\\u2028",{"b":1.50}]}')],
    pieces: PIECES,
    make: (chance) => bytesOf(value(chance, 4)),
    check: (input) => {
      let node: JsonNode
      try {
        node = readJson(input, BUDGET)
      } catch {
        return 'no JSON'
      }
      const value = plainJson(node)
      // What an answer is made of is wiped when it is written.
      const raw = (): RawJson => new RawJson(node.raw.slice())
      const answer = { value, stored: raw(), list: [value, raw()] }
      const text = Buffer.from(writeJson(answer).body).toString()
      const [sorted, stored] = [flatValue(value), flatNode(node)]
      const wanted = ['{', 'value', sorted, 'stored', stored, 'list', ['[', sorted, stored]]
      assert.equal(JSON.stringify(parsedFlat(bytesOf(text))?.value), JSON.stringify(wanted))
      assert.ok(text.includes(`"stored":${Buffer.from(node.raw).toString()}`))
      return `${node.kind} of ${Math.min(checkNode(node, input), 64)}`
    },
  })
})

test('the command line takes an answer apart as JSON.parse does, names with escapes included', (t) => {
  fuzz(t, {
    examples: [bytesOf('{"data":{"\\\\":1.0,"keys":["00"]}}'), bytesOf('{"data":{"\\n":2,"token":"x"}}')],
    pieces: [...PIECES, '"keys":', '"data":', '"token":', '"otp"', '"\\\\":', '"\\n":', '"\\"":'],
    make: (chance) => bytesOf(value(chance, 4)),
    check: (input) => {
      const theirs = parsedFlat(input)
      const text = Buffer.from(input).toString()
      let ours: unknown
      try {
        ours = parseExactly(text)
      } catch (error) {
        assert.ok(error instanceof SyntaxError)
        assert.equal(theirs, undefined)
        return 'refused'
      }
      // Bytes that are no UTF-8 have been made text before.
      if (theirs === undefined) return 'no UTF-8'
      assert.deepEqual(withNumbers(ours), unflat(theirs.value))
      const answer = input.slice()
      const split = splitSecrets(answer)
      assert.ok(answer.every((byte) => byte === 0))
      if (split === null) return 'not split'
      assert.ok(parsedFlat(bytesOf(split.text)) !== undefined, 'what is left is no JSON')
      const secrets = [...split.secrets.values()].flat()
      for (const secret of secrets) secret[Symbol.dispose]()
      return `${secrets.length} secrets`
    },
  })
})

/** Literals that a JavaScript number does not spell the same way, as the numbers that they are. */
function withNumbers(value: unknown): unknown {
  const literal = rawNumber(value)
  if (literal !== null) return Number(literal)
  if (Array.isArray(value)) return value.map(withNumbers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withNumbers(inner)]))
}
