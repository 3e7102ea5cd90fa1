import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { closingIndex, type Token, tokensOf } from './source/tokens.ts'
import { projectFiles, ROOT, type SourceFile } from './source/tree.ts'

const PRODUCT = projectFiles(join(ROOT, 'src'))
  .map(({ path, text }) => ({ path, text }))
  .filter(({ path }) => path.endsWith('.ts') && !path.endsWith('.test.ts'))

/** What compares byte by byte and stops at the first that differs. */
const EARLY = new Set([
  'sameBytes',
  'equals',
  'compare',
  'indexOf',
  'includes',
  'startsWith',
  'localeCompare',
])

/** Names that our sources give to bytes that nobody may learn. */
const SECRET = /^(?:secret|secrets|unsealKey|rootKey|oldRootKey|seed|otp|password|shareBytes|plaintext)$/

/** How many comparisons of what is lent a file may have, and why they tell nothing. */
const ALLOWED = new Map([
  // Where words end on a card that is drawn for its holder; a file at its line ends, on their own machine.
  ['src/cli/ceremony/card-grid.ts', 2],
  ['src/cli/operator-init.ts', 2],
  // The x coordinate, which is public, and whether it is the 0 that no share has.
  ['src/custody/share-format.ts', 1],
])

/** Where a secret is lent to something that compares it in the time of its first difference. */
function comparisonsOf({ path, text }: SourceFile): readonly string[] {
  const tokens = tokensOf(text)
  return tokens.flatMap((token, index) => {
    if (token.text === 'lend' && tokens[index + 1]?.text === '(') {
      const lent = tokens.slice(index + 2, closingIndex(tokens, index + 1))
      return lent.flatMap((inner, at) => (isEarly(lent, at) ? [`${path}:${inner.line}`] : []))
    }
    if (token.text !== 'sameBytes' || tokens[index + 1]?.text !== '(') return []
    const given = tokens.slice(index + 2, closingIndex(tokens, index + 1))
    return given.some(({ text: name }) => SECRET.test(name)) ? [`${path}:${token.line}`] : []
  })
}

function isEarly(tokens: readonly Token[], at: number): boolean {
  const text = tokens[at]?.text ?? ''
  if (EARLY.has(text) && tokens[at + 1]?.text === '(') return true
  const isEquality = text === '=' && tokens[at + 1]?.text === '=' && tokens[at + 2]?.text === '='
  if (!isEquality || tokens[at - 1]?.text === '=' || tokens[at - 1]?.text === 'length') return false
  return tokens[at - 3]?.text !== 'length' && tokens[at - 2]?.text !== 'length'
}

describe('secrets are compared by the primitives, in one time,', () => {
  test('wherever they are lent, and whatever they are called', () => {
    const found = PRODUCT.flatMap((file) => {
      const path = `src/${file.path.replace(/^src\//, '')}`
      const all = comparisonsOf({ path, text: file.text })
      return all.length > (ALLOWED.get(path) ?? 0) ? all : []
    })
    assert.deepEqual(found, [])
  })

  for (const planted of [
    'const same = secret.lend((one) => other.lend((two) => sameBytes(one, two)))',
    'const same = secret.lend((one) => Buffer.from(one).equals(wanted))',
    'const same = secret.lend((one) => one[0] === wanted[0])',
    'if (sameBytes(unsealKey, wanted)) open()',
  ]) {
    test(`refuses ${planted}`, () => {
      assert.ok(comparisonsOf({ path: 'planted.ts', text: planted }).length > 0)
    })
  }

  test('and by one function, which is OpenSSL’s', () => {
    const users = PRODUCT.filter(({ text }) => /\btimingSafeEqual\b/.test(text)).map(({ path }) => path)
    assert.deepEqual(
      users.map((path) => path.replace(/^src\//, '')),
      ['crypto/node/primitives.ts'],
    )
  })
})
