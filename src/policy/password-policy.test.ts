import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SeededEntropy } from '../../tests/sim/seeded-entropy.ts'
import { fromUtf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { drawPassword, parsePasswordPolicy } from './password-policy.ts'

function drawn(text: string, seed = 1): string {
  using password = drawPassword(parsePasswordPolicy(text), new SeededEntropy(seed))
  return password.lend(fromUtf8)
}

describe('a password', () => {
  test('has its length, and of each charset as many as are asked', () => {
    const text = `length = 12
      rule "charset" { charset = "abc" }
      rule "charset" { charset = "é€" min-chars = 4 }`
    for (let seed = 0; seed < 50; seed++) {
      const characters = [...drawn(text, seed)]
      assert.equal(characters.length, 12)
      assert.ok(characters.every((one) => 'abcé€'.includes(one)))
      assert.ok(characters.filter((one) => 'é€'.includes(one)).length >= 4)
    }
  })

  test('is any of those that the policy allows', () => {
    const seen = new Set(
      Array.from({ length: 400 }, (_, seed) => drawn('length = 4 rule "charset" { charset = "ab" }', seed)),
    )
    assert.equal(seen.size, 16)
  })

  for (const text of [
    '{"length":8,"rule":{"charset":{"charset":"a"}}}',
    '{"length":8,"rule":[{"charset":{"charset":"a","min-chars":2}},{"charset":{"charset":"a"}}]}',
  ]) {
    test(`may be told in JSON: ${text}`, () => assert.equal(drawn(text), 'aaaaaaaa'))
  }

  test('that is too hard to find is refused', () => {
    // One in 128^64 of what is drawn: not by ten thousand draws.
    const other = Array.from({ length: 127 }, (_, at) => String.fromCodePoint(0x100 + at)).join('')
    const text = `length = 64
      rule "charset" { charset = "a" min-chars = 64 }
      rule "charset" { charset = "${other}" }`
    assert.throws(
      () => drawn(text),
      (error) => hasCode(error, 'bad_request'),
    )
  })
})

describe('a password policy is refused:', () => {
  const rule = 'rule "charset" { charset = "a" }'
  for (const text of [
    rule,
    `length = 3 ${rule}`,
    `length = 257 ${rule}`,
    `length = "8" ${rule}`,
    `length = 8.5 ${rule}`,
    'length = 8',
    `length = 8 ${`${rule} `.repeat(33)}`,
    'length = 8 rule "charset" { charset = "" }',
    'length = 8 rule "charset" { charset = "a\\n" }',
    'length = 8 rule "charset" { charset = 1 }',
    'length = 8 rule "charset" { charset = "a" min-chars = -1 }',
    'length = 8 rule "charset" { charset = "a" min-chars = 9 }',
    'length = 8 rule "charset" { charset = "a" other = 1 }',
    'length = 8 rule "words" { charset = "a" }',
    'length = 8 rule = "charset"',
    `length = 8 width = 1 ${rule}`,
    'length = ',
  ]) {
    test(text.slice(0, 60), () => {
      assert.throws(
        () => parsePasswordPolicy(text),
        (error) => hasCode(error, 'bad_request'),
      )
    })
  }
  test('and is taken at the bounds', () => {
    for (const length of [4, 256])
      assert.equal(parsePasswordPolicy(`length = ${length} ${rule}`).length, length)
    assert.equal(parsePasswordPolicy(`length = 8 ${`${rule} `.repeat(32)}`).rules.length, 32)
  })
})
