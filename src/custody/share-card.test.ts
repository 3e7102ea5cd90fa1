import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import fc from 'fast-check'
import { InvariantError } from '../base/assert.ts'
import { fromUtf8, toHex, utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { digestWords, parseWords, setPrefix, setWords, shareCard } from './share-card.ts'

interface Card {
  readonly share: string
  readonly words: string
  readonly setId: string
  readonly setWords: string
  readonly number: number
  readonly card: string
}

const VECTORS = JSON.parse(
  readFileSync(new URL('../../tests/vectors/share-words.json', import.meta.url), 'utf8'),
) as { readonly cards: readonly Card[]; readonly digest: { readonly hex: string; readonly words: string } }

const { sha256 } = nodePrimitives
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const parse = (text: string) => parseWords(utf8(text), nodePrimitives)
const shareHexOf = (text: string): string => parse(text).share.lend(toHex)
const FIRST = VECTORS.cards[0]!

function refuses(text: string, sentence: RegExp): void {
  assert.throws(
    () => parse(text),
    (error) => hasCode(error, 'share_malformed') && sentence.test(error.message),
  )
}

describe('the published vectors', () => {
  test('give the share of 24 words and of a card', () => {
    for (const vector of VECTORS.cards) {
      assert.equal(shareHexOf(vector.words), vector.share)
      assert.equal(parse(vector.words).card, null)
      const { share, card } = parse(vector.card)
      assert.equal(share.lend(toHex), vector.share)
      assert.deepEqual(card, { setPrefix: setPrefix(bytes(vector.setId)), number: vector.number })
    }
  })

  test('give the card of a share, the words of a set and of a digest', () => {
    for (const vector of VECTORS.cards) {
      const share = SecretBytes.take(bytes(vector.share))
      const card = shareCard(share, { setId: bytes(vector.setId), number: vector.number, sha256 })
      assert.equal(card.lend(fromUtf8), vector.card)
      assert.equal(setWords(bytes(vector.setId)), vector.setWords)
    }
    assert.equal(digestWords(bytes(VECTORS.digest.hex)), VECTORS.digest.words)
  })
})

test('gives back every share that it has put on a card', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.integer({ min: 0, max: 255 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 1, max: 255 }),
      (y, x, setId, number) => {
        const share = SecretBytes.take(x === 0 ? y : Uint8Array.of(...y, x))
        const card = shareCard(share, { setId, number, sha256 })
        const parsed = card.lend((text) => parseWords(text, nodePrimitives))
        assert.equal(parsed.share.lend(toHex), share.lend(toHex))
        assert.deepEqual(parsed.card, { setPrefix: setPrefix(setId), number })
      },
    ),
    { numRuns: 50 },
  )
})

test('takes words of any case, cut to four letters, between any white space, commas and hyphens', () => {
  const words = FIRST.card.split(' ')
  const separators = ['\n', '\t', ', ', ',', '-', '\r\n', ' - ', '   ']
  for (const separator of separators) assert.equal(shareHexOf(words.join(separator)), FIRST.share)
  assert.equal(shareHexOf(`\n${FIRST.card.toUpperCase()}\n`), FIRST.share)
  assert.equal(shareHexOf(words.map((word) => word.slice(0, 4)).join(' ')), FIRST.share)
})

test('knows every word of the list, in full and by its first four letters', () => {
  for (let at = 0; at < wordlist.length; at += 22) {
    // 22 words of the list at a time, filled up to the 24 of a share.
    const words = ['zoo', ...wordlist.slice(at, at + 22), 'zoo', 'zoo'].slice(0, 24)
    while (words.length < 24) words.push('zoo')
    const bits = words.map((word) => wordlist.indexOf(word).toString(2).padStart(11, '0')).join('')
    const expected = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
    const hex = toHex(Uint8Array.from(expected))
    assert.equal(shareHexOf(words.join(' ')).padEnd(66, '0'), hex)
    assert.equal(shareHexOf(words.map((word) => word.slice(0, 4)).join(' ')).padEnd(66, '0'), hex)
  }
})

test('catches one wrong word anywhere on a card, and two that changed places', () => {
  const words = FIRST.card.split(' ')
  for (let at = 0; at < words.length; at++) {
    for (let step = 1; step < wordlist.length; step += 97) {
      const other = wordlist[(wordlist.indexOf(words[at]!) + step) % wordlist.length]!
      refuses(words.with(at, other).join(' '), /^The check words do not fit: .* one of the 30 words\.$/)
    }
    const next = (at + 1) % words.length
    if (words[at] !== words[next]) {
      refuses(words.with(at, words[next]!).with(next, words[at]!).join(' '), /check words do not fit/)
    }
  }
})

test('refuses a word that is not in the list, and says which', () => {
  const words = FIRST.words.split(' ')
  for (const wrong of [
    'abandons',
    'aba',
    'abanx',
    'abandonabandon',
    'zzzz',
    "can't",
    'wört',
    '7',
    'abandonx',
  ]) {
    refuses(
      words.with(6, wrong).join(' '),
      /^There is a typing error in word 7: it is not in the word list\.$/,
    )
  }
})

test('refuses another number of words, and says how many there are', () => {
  const words = FIRST.card.split(' ')
  refuses(words.slice(0, 23).join(' '), /^A share has 24 words and a card 30; this text has 23\.$/)
  refuses(words.slice(1).join(' '), /this text has 29\.$/)
  refuses([...words, 'zoo'].join(' '), /this text has 31\.$/)
  refuses('zoox zoo', /this text has 2\. There is a typing error in word 1: /)
  refuses(' , - ', /this text has 0\.$/)
})

test('refuses a card whose number no share has, even when its check words fit', () => {
  const numbers = FIRST.card.split(' ').map((word) => wordlist.indexOf(word))
  numbers[2] = 256
  const covered = Uint8Array.from(numbers.slice(0, 27).flatMap((number) => [number >> 8, number & 0xff]))
  const digest = sha256(utf8('conclave card v1'), covered)
  const words = [
    ...numbers.slice(0, 27).map((number) => wordlist[number]),
    digestWords(digest).split(' ').slice(0, 3),
  ]
  refuses(words.flat().join(' '), /is the number of its share; this one is not from 1 to 255/)
})

test('makes no card of a number or a share that cannot be', () => {
  const setId = bytes(FIRST.setId)
  const share = SecretBytes.take(bytes(FIRST.share))
  for (const number of [0, 256, 1.5]) {
    assert.throws(() => shareCard(share, { setId, number, sha256 }), InvariantError)
  }
  assert.throws(
    () => shareCard(SecretBytes.take(new Uint8Array(34)), { setId, number: 1, sha256 }),
    InvariantError,
  )
})
