import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../source/tree.ts'
import { pinnedVersions } from './install.ts'
import { NOT_CALLED } from './not-called.ts'
import type { Outcome } from './outcome.ts'
import { forgotten, tableOf } from './page.ts'

const FOLDERS: Readonly<Record<string, string>> = {
  'node-vault': 'node-vault',
  hvac: 'hvac',
  'github.com/openbao/openbao/api/v2': 'openbao-go',
  bao: 'bao',
}

const PAGE = readFileSync(join(ROOT, 'docs', 'clients.md'), 'utf8')

/** What a program checks, as it stands in its source: `check("method", "promise", …`. */
function checksOf(folder: string): readonly { readonly method: string; readonly promise: string }[] {
  const path = join(import.meta.dirname, folder)
  const sources = readdirSync(path).filter(
    (name) => /\.(?:ts|py|go)$/.test(name) && !name.startsWith('report.'),
  )
  return sources.flatMap((name) => {
    const text = readFileSync(join(path, name), 'utf8')
    return [...text.matchAll(/\bcheck\(\s*(["'])(.+?)\1,\s*(["'])(.+?)\3/gs)].map(
      ([, , method, , promise]) => ({
        method: method ?? '',
        promise: promise ?? '',
      }),
    )
  })
}

function chapter(client: string): string {
  const version = pinnedVersions()[client]
  const [, text = ''] = PAGE.split(`\n## ${client} ${version}\n`)
  return text.split('\n## ')[0] ?? ''
}

for (const [client, folder] of Object.entries(FOLDERS)) {
  test(`docs/clients.md has the version of ${client} that is installed, and each of its checks`, () => {
    const version = pinnedVersions()[client]
    assert.match(
      PAGE,
      new RegExp(`^\\| ${client} \\| ${version} \\| \\d+ \\| \\d+ \\| all as promised \\|$`, 'm'),
    )
    const lines = chapter(client).split('\n')
    const checks = checksOf(folder)
    assert.ok(checks.length > 50, `${checks.length}`)
    const missing = checks.filter(({ method, promise }) => {
      const line = lines.find((one) => one.startsWith(`- \`${method}\` `))
      return line?.includes(promise) !== true
    })
    assert.deepEqual(missing, [])
  })

  test(`docs/clients.md names what is not called of ${client}`, () => {
    for (const { why, methods } of NOT_CALLED[client] ?? []) {
      assert.ok(chapter(client).includes(`- ${why} ${methods.map((name) => `\`${name}\``).join(', ')}`), why)
    }
  })
}

const OUTCOME: Outcome = {
  client: 'a client',
  version: '1.0.0',
  inventory: ['read', 'write', 'erase'],
  checks: [
    { method: 'read', promise: 'reads', ok: true },
    { method: 'read', promise: 'refuses', ok: false, error: 'no' },
  ],
  crash: null,
}

test('a table names what failed, what stopped and what was skipped, and why', () => {
  const skipped = { client: 'another', version: '2.0.0', skipped: 'no Go 1.25 here' }
  const rows = tableOf([OUTCOME, { ...OUTCOME, crash: 'ended with 2' }, skipped])
    .split('\n')
    .slice(2)
  assert.deepEqual(rows, [
    '| a client | 1.0.0 | 1 | 2 | 1 failed |',
    '| a client | 1.0.0 | 1 | 2 | stopped after 2 |',
    '| another | 2.0.0 | – | – | skipped: no Go 1.25 here |',
  ])
})

test('a method that is neither called nor named is a fault of the run', () => {
  assert.deepEqual(forgotten(OUTCOME), [
    'write is neither called nor named in not-called.ts',
    'erase is neither called nor named in not-called.ts',
  ])
})
