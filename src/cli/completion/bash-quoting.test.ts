import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { quoteForBash } from './bash-quoting.ts'

const ASCII = Array.from({ length: 0x7f - 0x20 }, (_, at) => String.fromCharCode(0x20 + at)).join('')
const TEXTS = [
  ASCII,
  'é日本\u{1f511}',
  "a'",
  'a"',
  'a!',
  '~',
  '~root',
  '-n',
  "'",
  '"',
  '\\',
  '!!',
  '$(exit 9)',
  '`exit 9`',
]

/** What readline (8.2, `append_to_match`) makes of it. */
function closed(quoted: string, quote: string): string {
  return `${quote}${quoted}${quoted.endsWith(quote) ? '' : quote}`
}

for (const quote of ['', "'", '"']) {
  test(`bash takes back what was put behind ${quote === '' ? 'no quote' : quote}`, () => {
    // With history on, as at a terminal: only then has ! a meaning.
    const lines = TEXTS.map((text) => `printf '%s\\0' x${closed(quoteForBash(text, quote), quote)}`)
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-H', '-o', 'history'], {
      input: `${lines.join('\n')}\n`,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
    })
    assert.equal(stderr, '')
    assert.deepEqual(
      stdout.split('\0').slice(0, -1),
      TEXTS.map((text) => `x${text}`),
    )
  })
}

test('leaves what needs no quotes as a person would type it', () => {
  assert.equal(quoteForBash('secret/app-1/db_2.x=y:z@w,v%u+t', ''), 'secret/app-1/db_2.x=y:z@w,v%u+t')
})
