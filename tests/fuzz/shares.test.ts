import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { OperatingError } from '../../src/base/errors.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { shareCard } from '../../src/custody/share-card.ts'
import { parseHexShare, parseShare, shareBase64, shareHex } from '../../src/custody/share-format.ts'
import type { Chance } from './chance.ts'
import { bytesOf, fuzz } from './fuzz.ts'

const PIECES = [
  ...[
    '00',
    'ff',
    'AA',
    '0',
    '=',
    '==',
    '+',
    '/',
    '-',
    '_',
    ' ',
    '\n',
    '\t',
    ', ',
    '\u00a0',
    '\u0000',
    'g',
    '0x',
  ],
  ...[
    'abandon',
    'zoo',
    'ABIL',
    'able ',
    ' zoo ',
    'art,',
    'zo',
    'zooo',
    'é',
    'ability-able',
    '\ufeff',
    '\r\n',
  ],
]

/** A share in one of its forms: 33 bytes, or 32 of one that is the only one. */
function share(chance: Chance): string {
  const bytes = Buffer.from(chance.bytes(chance.oneOf([33, 33, 32, 31, 34, 16])))
  switch (chance.below(6)) {
    case 0:
      return bytes.toString('hex')
    case 1:
      return bytes.toString('hex').toUpperCase()
    case 2:
      return bytes.toString('base64')
    case 3:
      return bytes.toString('base64url')
    default:
      return Array.from({ length: chance.oneOf([24, 30, 23, 25]) }, () => chance.oneOf(wordlist)).join(' ')
  }
}

function card(): Uint8Array {
  const options = { setId: new Uint8Array(16).fill(0x5a), number: 3, sha256: nodePrimitives.sha256 }
  const secret = SecretBytes.take(new Uint8Array(33).fill(0xc3))
  return shareCard(secret, options).lend((text) => text.slice())
}

function refusal(error: unknown, input: Uint8Array): string {
  assert.ok(error instanceof OperatingError, `an error of no type: ${error}`)
  assert.equal(error.code, 'share_malformed')
  // A sentence of ours: a run of the text in it would be a piece of somebody's share.
  const said = error.message + JSON.stringify(error.detail)
  const text = Buffer.from(input).toString('latin1')
  for (let at = 0; at + 12 <= text.length; at++) {
    assert.ok(!said.includes(text.slice(at, at + 12)), 'the refusal says a part of the share')
  }
  return error.message.replaceAll(/\d+/g, '…').slice(0, 50)
}

/** The bytes that somebody else makes of the text: the language's own decoders, and the published list. */
function decodedElsewhere(text: string): Buffer {
  const words = text
    .toLowerCase()
    .split(/[\s,-]+/)
    .filter((word) => word !== '')
  if (words.length >= 24) return Buffer.from(bitsOfWords(words.length === 30 ? words.slice(3, 27) : words))
  const digits = text.trim()
  return digits.length >= 64 ? Buffer.from(digits, 'hex') : Buffer.from(digits, 'base64')
}

function bitsOfWords(words: readonly string[]): Uint8Array {
  const index = (word: string): number =>
    wordlist.findIndex((known) => known.slice(0, 4) === word.slice(0, 4))
  const bits = words.map((word) => index(word).toString(2).padStart(11, '0')).join('')
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
  return bytes[32] === 0 ? bytes.subarray(0, 32) : bytes
}

function bytesIn(secret: SecretBytes): Uint8Array {
  return secret.lend((bytes) => bytes.slice())
}

test('a share in any form is what others decode, comes back from every form, or is refused with a sentence', (t) => {
  fuzz(t, {
    examples: [
      bytesOf('5a'.repeat(33)),
      bytesOf(Buffer.alloc(33, 0xa5).toString('base64')),
      bytesOf(`${'zoo '.repeat(23)}abandon`),
      card(),
    ],
    pieces: PIECES,
    make: (chance) => bytesOf(share(chance)),
    check: (input) => {
      const before = input.slice()
      let form: string
      try {
        const parsed = parseShare(input, nodePrimitives)
        using secret = parsed.share
        const bytes = bytesIn(secret)
        assert.ok(bytes.length === 32 || (bytes.length === 33 && bytes[32] !== 0), 'no share has such bytes')
        assert.deepEqual(Buffer.from(bytes), decodedElsewhere(Buffer.from(input).toString('latin1')))
        const options = {
          setId: new Uint8Array(16),
          number: parsed.card?.number ?? 1,
          sha256: nodePrimitives.sha256,
        }
        for (const written of [shareHex(secret), shareBase64(secret), shareCard(secret, options)]) {
          const again = written.lend((text) => parseShare(text, nodePrimitives))
          assert.deepEqual(bytesIn(again.share), bytes)
        }
        form = parsed.card === null ? `${bytes.length} bytes` : 'a card'
      } catch (error) {
        form = refusal(error, input)
      }
      assert.deepEqual(input, before, 'the text is the caller’s, and was changed')
      return form
    },
  })
})

test('the original face takes hex of 16 to 33 bytes and nothing else', (t) => {
  fuzz(t, {
    examples: [bytesOf('5a'.repeat(33)), bytesOf('00'.repeat(16))],
    pieces: PIECES,
    make: (chance) => bytesOf(share(chance)),
    check: (input) => {
      const text = Buffer.from(input).toString('latin1')
      const isShare = /^(?:[0-9a-fA-F]{2}){16,33}$/.test(text)
      try {
        using secret = parseHexShare(input)
        assert.ok(isShare, 'taken, and no hex of that length')
        assert.deepEqual(Buffer.from(bytesIn(secret)), Buffer.from(text, 'hex'))
        return 'taken'
      } catch (error) {
        const reason = refusal(error, input)
        assert.ok(!isShare, 'refused, and hex of that length')
        return reason
      }
    },
  })
})
