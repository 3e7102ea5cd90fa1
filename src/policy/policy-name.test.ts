import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasCode } from '../base/errors.ts'
import { MAX_POLICY_NAME } from '../base/limits.ts'
import { canonicalPolicyName, canonicalPolicyNames, isAssignable, ROOT_POLICY } from './policy-name.ts'

function isRefused(raw: string): boolean {
  try {
    canonicalPolicyName(raw)
    return false
  } catch (error) {
    if (hasCode(error, 'bad_request')) return true
    throw error
  }
}

describe('a policy name', () => {
  for (const name of ['dev', 'team/dev', 'a,b', 'dev_1.2-x', 'ci:deploy@main', 'x*', '..x', '%72oot']) {
    test(`is what it is: ${name}`, () => {
      assert.deepEqual(canonicalPolicyName(name), { name, wasLowered: false })
    })
  }

  test('with capitals becomes lower case, and says so', () => {
    assert.deepEqual(canonicalPolicyName('Dev'), { name: 'dev', wasLowered: true })
  })

  test('of a list stands in it once, sorted', () => {
    assert.deepEqual(canonicalPolicyNames(['b', 'A', 'a']), ['a', 'b'])
  })

  test('has at most 512 characters', () => {
    assert.equal(isRefused('a'.repeat(MAX_POLICY_NAME)), false)
    assert.equal(isRefused('a'.repeat(MAX_POLICY_NAME + 1)), true)
  })

  const refused = [
    '',
    ' ',
    'a b',
    'a\tb',
    'a\n',
    'é',
    'a"b',
    'a\\b',
    'a//b',
    '/a',
    'a/',
    '.',
    '..',
    'a/../b',
    'a.',
  ]
  for (const raw of refused) test(`is not ${JSON.stringify(raw)}`, () => assert.equal(isRefused(raw), true))

  test('is not told back when it is refused', () => {
    assert.throws(
      () => canonicalPolicyName('geheim wort'),
      (error: Error) => !error.message.includes('geheim'),
    )
  })

  test('response-wrapping cannot be given to anybody', () => {
    assert.equal(isAssignable('response-wrapping'), false)
    assert.equal(isAssignable('dev'), true)
  })
})

test('what only looks like root never becomes root: 100,000 variants', () => {
  // Blanks, controls and joiners; letters of other scripts and styles that look like r, o and t, or become
  // them under some normalisation or case mapping (Unicode NFKC, full case folding).
  const marks = [
    ...[
      '',
      ' ',
      '\t',
      '\n',
      '\r',
      '\0',
      '\u00a0',
      '\u200b',
      '\u200d',
      '\u2060',
      '\ufeff',
      '\u00ad',
      '\u0301',
    ],
    ...['.', '/', '\\', '"', "'", '%00', '%20', ';', ',', '..', './', '+', '*', '\u2024', '\uff0e', '\u2215'],
  ]
  const letters: Readonly<Record<string, readonly string[]>> = {
    r: ['r', 'R', '\uff32', '\uff52', '\u211b', '\u{1d42b}', '\u0433', '\u1d63', '\u24c7', '%72'],
    o: ['o', 'O', '0', '\uff4f', '\u03bf', '\u043e', '\u00ba', '\u{1d428}', '\u24de', '\u006f\u0308', '%6f'],
    t: ['t', 'T', '\uff54', '\u0442', '\u{1d42d}', '\u24e3', '\u1d57', '%74'],
  }
  let variants = 0
  const check = (raw: string): void => {
    variants++
    const name = isRefused(raw) ? null : canonicalPolicyName(raw).name
    // `root` in whatever case of ASCII is root, and everybody sees that it is. Nothing else may be.
    const isRoot = /^root$/i.test(raw) && [...raw].length === 4
    assert.equal(name === ROOT_POLICY, isRoot, JSON.stringify(raw))
    if (name !== null) {
      assert.equal(canonicalPolicyName(name).name, name, 'it is canonical once and for all')
      assert.equal(name.normalize('NFKC').trim() === ROOT_POLICY, isRoot, JSON.stringify(raw))
    }
  }
  const { r = [], o = [], t = [] } = letters
  for (const one of r) {
    for (const two of o) {
      for (const three of o) {
        for (const four of t) {
          const word = one + two + three + four
          for (const mark of marks) {
            check(mark + word)
            check(word + mark)
          }
        }
      }
    }
  }
  assert.ok(variants >= 100_000, `${variants}`)
})
