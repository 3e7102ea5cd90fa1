import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ERROR_CODES } from '../src/base/errors.ts'
import { LISTENER_KEYS, TOP_KEYS, UNIX_LISTENER_KEYS } from '../src/config/keys.ts'

test('docs/errors.md has a row for every error code, and for none that does not exist', () => {
  const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code)
  assert.deepEqual(rows, [...ERROR_CODES])
})

test('docs/operating.md has every key of a configuration, in the table of what is done with it', () => {
  const page = readFileSync(new URL('../docs/operating.md', import.meta.url), 'utf8')
  const [, read, ignored, refused] =
    /\n## Configuration\n(.*)\n### [^\n]* have no effect\n(.*)\n### [^\n]* are refused\n(.*?)\n## /s.exec(
      page,
    ) ?? []
  const tables = { read, ignored, refused }
  const missing = (keys: typeof TOP_KEYS, prefixes: readonly string[]): readonly string[] =>
    [...keys].flatMap(([key, rule]) => {
      const kind = rule === 'read' ? rule : 'ignored' in rule ? 'ignored' : 'refused'
      const isThere = prefixes.some((prefix) => new RegExp(`\`${prefix}${key}[\` ]`).test(tables[kind] ?? ''))
      return isThere ? [] : [`${kind}: ${key}`]
    })
  assert.deepEqual(missing(TOP_KEYS, ['']), [])
  assert.deepEqual(missing(LISTENER_KEYS, ['….', 'listener\\.']), [])
  assert.deepEqual(missing(UNIX_LISTENER_KEYS, ['….', 'listener\\.', 'listener\\.unix\\.']), [])
})
