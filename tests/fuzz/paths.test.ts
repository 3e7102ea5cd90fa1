import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import { MAX_PATH_BYTES } from '../../src/base/limits.ts'
import { canonicalPath } from '../../src/router/canonical-path.ts'
import type { Chance } from './chance.ts'
import { bytesOf, fuzz } from './fuzz.ts'

const PIECES = [
  ...['/', '//', '/./', '/../', '..', '.', '%2e', '%2E', '%2e%2e/', '%2f', '%2F', '%5c', '%252e', '%00', '%'],
  ...[
    '%c0%ae',
    '%e0%80%af',
    '%ed%a0%80',
    '%F4%90%80%80',
    '%C3%A9',
    '%e2%80%ae',
    '%0a',
    '%0d%0a',
    '%7f',
    '%C2%85',
  ],
  ...[
    '\\',
    ';',
    '+',
    '*',
    '@',
    ':',
    '&',
    '=',
    '~',
    "'",
    '"',
    '<',
    '|',
    '^',
    '`',
    '{',
    ' ',
    '\t',
    '\n',
    '\u0000',
  ],
  ...[
    'v1',
    'sys',
    'secret',
    'data',
    'é',
    '\u00ff',
    '/v1/sys/seal',
    '...',
    '%u002e',
    '%2',
    '%zz',
    '/.',
    '/..',
  ],
]

const SEGMENTS = [
  'v1',
  'sys',
  'secret',
  'a',
  'é',
  '.',
  '..',
  '...',
  '',
  '%2e',
  '%2E%2e',
  'a%20b',
  'x;y',
  '%C3%A9',
]

function path(chance: Chance): string {
  const segment = (): string => `/${chance.oneOf(SEGMENTS)}${chance.oneIn(4) ? chance.oneOf(PIECES) : ''}`
  return chance.text(1 + chance.few(6), segment) + (chance.oneIn(4) ? '/' : '')
}

/** What another reader, the URL parser of the language, takes the path for. */
function asUrl(raw: string): string {
  return decodeURIComponent(new URL(`http://host${raw}`).pathname)
}

test('a path that is taken is one path to every reader, and taken again as it came out', (t) => {
  fuzz(t, {
    examples: [
      bytesOf('/v1/secret/data/a%20b'),
      bytesOf('/v1/sys/seal-status'),
      bytesOf('/v1/secret/%C3%A9/'),
    ],
    pieces: PIECES,
    make: (chance) => bytesOf(path(chance)),
    check: (input) => {
      // `node:http` gives the bytes of the request line as characters, up to a blank; the query has been cut
      // off, and a fragment was refused (`request-head.ts`).
      const raw = Buffer.from(input).toString('latin1').replaceAll(/[?# ]/g, '')
      let taken: string
      try {
        taken = canonicalPath(raw)
      } catch (error) {
        assert.ok(error instanceof OperatingError, 'an error of no type')
        assert.equal(error.code, 'bad_request')
        return error.message
      }
      assert.ok(raw.length <= MAX_PATH_BYTES)
      const segments = taken.split('/')
      assert.equal(segments[0], '', 'does not begin with a slash')
      assert.ok(!segments.slice(1, -1).includes(''), 'an empty segment')
      assert.ok(!segments.includes('.') && !segments.includes('..'), 'a dot segment')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      assert.doesNotMatch(taken, /[\u0000-\u001f\u007f\\]/)
      assert.equal(asUrl(raw), taken, 'another reader sees another path')
      const spelling = segments.map(encodeURIComponent).join('/')
      if (spelling.length <= MAX_PATH_BYTES) assert.equal(canonicalPath(spelling), taken)
      return `${segments.length} segments`
    },
  })
})
