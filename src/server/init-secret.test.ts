import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fromUtf8 } from '../base/encoding.ts'
import { readInitSecret } from './init-secret.ts'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'conclave-test-'))
})
after(() => rmSync(folder, { recursive: true }))

const file = (text: string): string => {
  const path = join(folder, 'secret')
  writeFileSync(path, text)
  return path
}

test('takes the bytes of the file without the newline at their end', () => {
  using secret = readInitSecret(file('correct horse battery\r\n'))
  assert.equal(secret?.lend(fromUtf8), 'correct horse battery')
  assert.equal(readInitSecret(null), null)
})

test('refuses what anybody guesses, and what cannot be read', () => {
  assert.throws(() => readInitSecret(file('fifteen bytes..\n')), { code: 'config_invalid' })
  assert.throws(() => readInitSecret(file('x'.repeat(4097))), { code: 'config_invalid' })
  assert.throws(() => readInitSecret(join(folder, 'none')), { code: 'config_invalid' })
})
