import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseCanonicalJson } from '../../src/base/canonical-json.ts'
import { utf8 } from '../../src/base/encoding.ts'
import { OperatingError } from '../../src/base/errors.ts'
import { MAX_JSON_DEPTH, MAX_JSON_STRINGS } from '../../src/base/limits.ts'
import { parseExactly } from '../../src/client/json-numbers.ts'
import { splitSecrets } from '../../src/client/secret-json.ts'
import { parseAddress, parseHostName } from '../../src/config/address.ts'
import { parseDuration } from '../../src/config/duration.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { parseShare } from '../../src/custody/share-format.ts'
import { parseDocument } from '../../src/hcl/document.ts'
import { formatHcl } from '../../src/hcl/format.ts'
import { HclError } from '../../src/hcl/value.ts'
import { parseSeconds } from '../../src/logical/duration.ts'
import { readJson } from '../../src/logical/json-reader.ts'
import { templateFault } from '../../src/policy/identity-template.ts'
import { parsePolicy } from '../../src/policy/parse.ts'
import { parsePasswordPolicy } from '../../src/policy/password-policy.ts'
import { canonicalPath } from '../../src/router/canonical-path.ts'
import { isNetwork } from '../../src/token/cidr.ts'
import { patternsMade } from '../source/manners.ts'
import { projectFiles } from '../source/tree.ts'

/** Bytes. */
const SIZES = Array.from({ length: 11 }, (_, power) => 2 ** (10 + power))
/** Below it, a clock and what else runs on the machine say more than the reader does. */
const LEAST_MS = 0.5
/** One that needs longer is not shown the next size: the exponent is plain by then. */
const MOST_MS = 1500
const REPEATS = 3
/** What takes longer is not disturbed by much. */
const AGAIN_BELOW_MS = 20

/** A text of `size` characters or a little more: a head, a piece as often as it fits, and a tail. */
interface Shape {
  readonly head?: string
  readonly piece: string | ((index: number) => string)
  readonly tail?: string
}

const BUDGET = { maxDepth: MAX_JSON_DEPTH, maxStrings: MAX_JSON_STRINGS }
const many = (piece: Shape['piece'], head = '', tail = ''): Shape => ({ head, piece, tail })

const JSON_SHAPES: Readonly<Record<string, Shape>> = {
  'lists within lists': many('['),
  'empty lists': many('[],', '[', '[]]'),
  numbers: many('1.5e3,', '[', '0]'),
  'one number': many('9'),
  'one text': many('x', '"', '"'),
  'escapes in one text': many('\\u00e9', '"', '"'),
  'a text without an end': many('\\"', '"'),
  blanks: many(' \n', '', '1'),
  'names that differ': many((index) => `"k${index}":1,`, '{', '"z":1}'),
  'deep and wide': many(`${'['.repeat(400)}${']'.repeat(400)},`, '[', '1]'),
}

const HCL_SHAPES: Readonly<Record<string, Shape>> = {
  'items that differ': many((index) => `k${index} = 1\n`),
  'blocks that differ': many((index) => `block "b${index}" {}\n`),
  'a comment without an end': many('* /', '/*'),
  'beginnings of comments': many('/*', '', '*/'),
  'lines of comments': many('# x\n'),
  'a heredoc that nearly ends': many(' EO\nEOFF\n', 'a = <<EOF\n'),
  'an indented heredoc': many('   x\n', 'a = <<-EOF\n', ' EOF\n'),
  'a text': many('x', 'a = "', '"'),
  'escapes of a text': many('\\\\', 'a = "', '"'),
  interpolations: many('${', 'a = "', '"'),
  'lists within lists': many('[', 'a = '),
  'a list': many('1,', 'a = [', ']'),
  'one name': many('a'),
  'one number': many('9', 'a = '),
  'carriage returns': many('\r'),
}

const WORD_SHAPES: Readonly<Record<string, Shape>> = {
  letters: many('a'),
  digits: many('9'),
  words: many('abandon '),
  blanks: many(' ', '', 'x'),
  dots: many('a.'),
  dashes: many('a-', '', '!'),
  colons: many('1:'),
  durations: many('1h', '', '!'),
  slashes: many('/a'),
  escapes: many('%2e', '/'),
  templates: many('{{'),
  'templates with ends': many('{{a}}'),
}

const POLICY_SHAPES: Readonly<Record<string, Shape>> = {
  ...HCL_SHAPES,
  rules: many((index) => `path "a/${index}" { capabilities = ["read"] }\n`),
  'rules of one path': many('path "a" { capabilities = ["read"] }\n'),
  'one pattern': many('+/', 'path "', '" { capabilities = ["read"] }'),
  'one template': many('{{', 'path "', '" { capabilities = ["read"] }'),
  parameters: many(
    (index) => `p${index} = []\n`,
    'path "a" {\ncapabilities = ["read"]\nallowed_parameters = {\n',
    '}\n}',
  ),
}

const hashing = nodePrimitives
const READERS: readonly (readonly [string, Readonly<Record<string, Shape>>, (text: string) => unknown])[] = [
  ['bodies', JSON_SHAPES, (text) => readJson(utf8(text), BUDGET)],
  ['stored records', JSON_SHAPES, (text) => parseCanonicalJson(utf8(text))],
  ['answers, by the command line', JSON_SHAPES, parseExactly],
  ['answers with secrets', JSON_SHAPES, (text) => splitSecrets(utf8(text))],
  ['documents of HCL', HCL_SHAPES, (text) => parseDocument(text, 'x')],
  ['the formatter of HCL', HCL_SHAPES, (text) => formatHcl(text, 'x')],
  ['policies', POLICY_SHAPES, parsePolicy],
  ['password policies', HCL_SHAPES, parsePasswordPolicy],
  ['templates', WORD_SHAPES, templateFault],
  ['paths', WORD_SHAPES, canonicalPath],
  ['shares', WORD_SHAPES, (text) => parseShare(utf8(text), hashing)],
  ['durations', WORD_SHAPES, (text) => [parseDuration(text), parseSeconds(text)]],
  ['addresses', WORD_SHAPES, (text) => [parseAddress(text), parseHostName(text), isNetwork(text)]],
]

/** Milliseconds of one core, the least of several; and whether what came of it was an answer or a refusal. */
function measure(read: (text: string) => unknown, text: string): number {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < REPEATS && (turn === 0 || least < AGAIN_BELOW_MS); turn++) {
    const { user, system } = process.cpuUsage()
    try {
      read(text)
    } catch (error) {
      const isRefusal =
        error instanceof OperatingError || error instanceof HclError || error instanceof SyntaxError
      assert.ok(isRefusal, `neither an answer nor a refusal: ${String(error)}`)
    }
    const used = process.cpuUsage()
    least = Math.min(least, (used.user - user + used.system - system) / 1000)
  }
  return least
}

function textOf({ head = '', piece, tail = '' }: Shape, size: number): string {
  const parts = [head]
  for (let length = head.length + tail.length, index = 0; length < size; index++) {
    const part = typeof piece === 'string' ? piece : piece(index)
    parts.push(part)
    length += part.length
  }
  return [...parts, tail].join('')
}

/** The slope of the straight line through the logarithms; `null` where too few times say anything. */
function exponent(points: readonly (readonly [size: number, ms: number])[]): number | null {
  const told = points.filter(([, ms]) => ms >= LEAST_MS).map(([size, ms]) => [Math.log2(size), Math.log2(ms)])
  if (told.length < 3) return null
  const mean = (at: 0 | 1): number => told.reduce((sum, point) => sum + (point[at] ?? 0), 0) / told.length
  const [meanSize, meanTime] = [mean(0), mean(1)]
  const products = told.map(([size = 0, ms = 0]) => (size - meanSize) * (ms - meanTime))
  const squares = told.map(([size = 0]) => (size - meanSize) ** 2)
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
  return sum(products) / sum(squares)
}

/** No time is asserted: a machine that is busy would fail it. What is printed is for who reads it. */
describe('from 2^10 to 2^20 bytes, every reader ends with an answer or a refusal:', () => {
  for (const [reader, shapes, read] of READERS) {
    test(reader, (t) => {
      const seen = Object.entries(shapes).map(([name, shape]) => {
        const points: (readonly [number, number])[] = []
        for (const size of SIZES) {
          if ((points.at(-1)?.[1] ?? 0) > MOST_MS) break
          points.push([size, measure(read, textOf(shape, size))])
        }
        return { name, last: points.at(-1) ?? [0, 0], grows: exponent(points) }
      })
      const steepest = seen.toSorted((one, other) => (other.grows ?? 0) - (one.grows ?? 0))[0]
      const slowest = seen.toSorted((one, other) => other.last[1] - one.last[1])[0]
      const grows =
        steepest === undefined || steepest.grows === null
          ? `too fast for an exponent (below ${LEAST_MS} ms)`
          : `exponent at most ${steepest.grows.toFixed(2)} (${steepest.name})`
      const [size = 0, ms = 0] = slowest?.last ?? []
      t.diagnostic(`H7: ${grows}; target: 1.2. Slowest: ${slowest?.name}, ${size} bytes, ${ms.toFixed(1)} ms`)
    })
  }
})

test('no regular expression is made of what somebody sends', () => {
  const made = projectFiles()
    .filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .flatMap(({ path, text }) => patternsMade(text).map(() => path))
  // The one there is is made of constants.
  assert.deepEqual(made, ['src/config/address.ts'])
})
