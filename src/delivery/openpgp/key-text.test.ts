import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { hasCode } from '../../base/errors.ts'
import { MAX_RECIPIENT_KEY_CHARACTERS } from '../../base/limits.ts'
import { keyBytes } from './key-text.ts'

const HINT = 'export it with: gpg --export KEY | base64 -w0'

/** The sentence behind the part that clients match. */
function refusalOf(text: string): string {
  try {
    keyBytes(text)
  } catch (error) {
    assert.ok(hasCode(error, 'parameters_invalid'))
    const [head, ...rest] = error.message.split('error decoding given PGP key: ')
    assert.equal(head, '')
    return rest.join('')
  }
  assert.fail(`took ${text}`)
}

describe('keyBytes', () => {
  test('reads standard base64, with line breaks wherever they stand', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('\n', '\r\n'), (bytes, line) => {
        const text = Buffer.from(bytes).toString('base64')
        const wrapped = text.replace(/.{1,76}/g, `$&${line}`)
        for (const given of [text, wrapped]) assert.deepEqual(keyBytes(given), Uint8Array.from(bytes))
      }),
    )
  })

  // Offsets as `base64.StdEncoding.DecodeString` of Go gives them, which the peers put into this sentence.
  const faults: readonly (readonly [string, number])[] = [
    ['!!!!', 0],
    ['AAA', 0],
    ['AAAAA', 4],
    ['AAAA\nAAA', 5],
    ['AAAA!AAA', 4],
    ['AAAA AAA', 4],
    ['AAAA-_AA', 4],
    ['AA\nA\u00e9', 4],
    ['=AAA', 0],
    ['A===', 1],
    ['AA=', 3],
    ['AAA==', 4],
    ['AA==AAAA', 4],
    ['AA==\nAA', 5],
  ]
  for (const [text, at] of faults) {
    test(`refuses ${JSON.stringify(text)} at byte ${at}`, () => {
      assert.equal(refusalOf(text), `illegal base64 data at input byte ${at}; ${HINT}`)
    })
  }

  test('refuses a last digit whose bits belong to no byte', () => {
    assert.equal(refusalOf('AAAAAB=='), `illegal base64 data at input byte 5; ${HINT}`)
    assert.equal(refusalOf('AAAAAAB='), `illegal base64 data at input byte 6; ${HINT}`)
  })

  test('says of an armored key what it is and how to get the binary one', () => {
    const armored = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n'
    const what = 'the key is armored, and its binary form is asked for'
    assert.equal(refusalOf(armored), `illegal base64 data at input byte 0: ${what}; ${HINT}`)
  })

  test('takes a key of just the bound and refuses one character more', () => {
    const most = 'A'.repeat(MAX_RECIPIENT_KEY_CHARACTERS)
    assert.equal(keyBytes(most).length, 48 * 1024)
    assert.match(refusalOf(`${most}\n`), /^it has 65537 characters, and 65536 is the most; .*export-minimal/)
  })
})
