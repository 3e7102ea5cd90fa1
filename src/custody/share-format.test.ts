import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fromUtf8, toHex, utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { parseHexShare, parseShare, shareBase64, shareHex } from './share-format.ts'

const VECTORS = JSON.parse(
  readFileSync(new URL('../../tests/vectors/share-words.json', import.meta.url), 'utf8'),
) as { readonly cards: readonly { readonly share: string; readonly words: string; readonly card: string }[] }

const SHARE = VECTORS.cards[0]!.share
const ONLY = VECTORS.cards[5]!.share
const parse = (text: string) => parseShare(utf8(text), nodePrimitives)
const hexOf = (text: string): string => parse(text).share.lend(toHex)
const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')

function refuses(read: () => unknown, sentence: RegExp): void {
  assert.throws(read, (error) => hasCode(error, 'share_malformed') && sentence.test(error.message))
}

describe('parseShare', () => {
  test('takes hex of either case, with white space around it', () => {
    for (const share of [SHARE, ONLY]) {
      for (const text of [share, share.toUpperCase(), ` ${share}\r\n`]) assert.equal(hexOf(text), share)
      assert.equal(parse(share).card, null)
    }
  })

  test('takes base64 of either alphabet, padded or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 33 }), (bytes) => {
        fc.pre(bytes[32] !== 0)
        const standard = Buffer.from(bytes).toString('base64')
        const url = standard.replaceAll('+', '-').replaceAll('/', '_')
        for (const text of [standard, url, standard.replace('=', ''), url.replace('=', ''), `${url}\n`]) {
          assert.equal(hexOf(text), toHex(bytes))
        }
      }),
    )
  })

  test('takes 24 words and a card', () => {
    for (const { share, words, card } of VECTORS.cards) {
      assert.equal(hexOf(words), share)
      assert.equal(hexOf(words.replaceAll(' ', '-')), share)
      assert.equal(hexOf(card), share)
      assert.notEqual(parse(card).card, null)
    }
  })

  test('takes 44 digits for base64 also when all are digits of hex', () => {
    assert.equal(parse('abcd'.repeat(11)).share.length, 33)
  })

  test('refuses other lengths, and says what it is and what is expected', () => {
    refuses(() => parse(''), /empty/)
    refuses(() => parse(' \n'), /empty/)
    refuses(() => parse(SHARE.slice(1)), /^A share in hex has 66 digits, .* this text has 65\.$/)
    refuses(() => parse('0123'), /this text has 4\.$/)
    refuses(() => parse(base64(SHARE).slice(2)), /^A share in base64 has 44 characters, this text 42; /)
    refuses(() => parse(`${'AAAA'.repeat(10)}AA==`), /typing error at the end of this base64/)
    refuses(() => parse(`${SHARE}${SHARE}`), /^A share has 24 words and a card 30; this text has 1\./)
  })

  test('refuses other characters', () => {
    refuses(() => parse(SHARE.replace('0', 'o')), /characters that are no hex digits/)
    refuses(() => parse(base64(SHARE).replace(/.$/, '!')), /^A share is 66 digits of hex/)
    refuses(() => parse('é'.repeat(33)), /characters that are no hex digits/)
  })

  test('refuses base64 whose last bits belong to no byte', () => {
    const text = base64(ONLY)
    assert.equal(text.at(-2), '4')
    refuses(() => parse(text.replace(/.=$/, '5=')), /typing error at the end of this base64/)
  })

  test('refuses x = 0 in digits: only words write an only share so', () => {
    refuses(() => parse(`${ONLY}00`), /last byte of this share is 0/)
    refuses(() => parse(base64(`${ONLY}00`)), /last byte of this share is 0/)
  })

  test('leaves the text as it was, and says nothing of it in a refusal', () => {
    const text = utf8(SHARE)
    parseShare(text, nodePrimitives)
    assert.equal(fromUtf8(text), SHARE)
    for (const given of [SHARE.slice(1), SHARE.replace('0', 'x'), 'secret words', `${SHARE}-${SHARE}`]) {
      assert.throws(
        () => parse(given),
        (error) => error instanceof Error && !error.message.includes(given.slice(0, 6)),
      )
    }
  })

  test('never fails with anything but a refusal, whatever the bytes', () => {
    const pieces = fc.oneof(fc.constantFrom(...VECTORS.cards[0]!.card.split(' '), '-', ' ', '='), fc.string())
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), fc.uint8Array({ maxLength: 100 }), (some, raw) => {
        for (const text of [utf8(some.join(' ')), utf8(some.join('')), raw]) {
          try {
            assert.ok([32, 33].includes(parseShare(text, nodePrimitives).share.length))
          } catch (error) {
            assert.ok(hasCode(error, 'share_malformed'))
          }
        }
      }),
    )
  })
})

describe('parseHexShare', () => {
  const read = (text: string): string => parseHexShare(utf8(text)).lend(toHex)

  test('takes hex of 16 to 33 bytes', () => {
    for (let length = 16; length <= 33; length++) assert.equal(read('aB'.repeat(length)), 'ab'.repeat(length))
  })

  test('refuses what is not hex, base64 too, and odd digits', () => {
    for (const text of [
      base64(SHARE),
      VECTORS.cards[0]!.words,
      `${SHARE}0`,
      ` ${SHARE} `,
      SHARE.replace('0', 'g'),
    ]) {
      refuses(() => read(text), /^'key' must be a valid hex-string$/)
    }
  })

  test('refuses fewer than 16 and more than 33 bytes', () => {
    refuses(() => read(''), /^invalid key: key is shorter than minimum 16 bytes$/)
    refuses(() => read('ab'.repeat(15)), /^invalid key: key is shorter than minimum 16 bytes$/)
    refuses(() => read('ab'.repeat(34)), /^invalid key: key is longer than maximum 33 bytes$/)
  })
})

test('writes hex and base64 as everybody else does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const share = SecretBytes.copyOf(bytes)
      assert.equal(shareHex(share).lend(fromUtf8), Buffer.from(bytes).toString('hex'))
      assert.equal(shareBase64(share).lend(fromUtf8), Buffer.from(bytes).toString('base64'))
    }),
  )
})
