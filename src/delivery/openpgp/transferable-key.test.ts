import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concat } from '../../base/encoding.ts'
import { hasCode } from '../../base/errors.ts'
import { MAX_RECIPIENT_KEY_PACKETS } from '../../base/limits.ts'
import { checkTransferableKey } from './transferable-key.ts'

const VECTORS = JSON.parse(
  readFileSync(new URL('../../../tests/vectors/openpgp-keys.json', import.meta.url), 'utf8'),
) as Record<'v4' | 'v6' | 'bare', Readonly<Record<'public' | 'secret', string>>>
const binary = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'))
const V4 = binary(VECTORS.v4.public)
const V6 = binary(VECTORS.v6.public)

/** A packet with a length of one byte (RFC 9580 section 4.2.1). */
const packet = (type: number, ...content: number[]): Uint8Array =>
  Uint8Array.of(0xc0 | type, content.length, ...content)

function refuses(bytes: Uint8Array, sentence: RegExp): void {
  assert.throws(
    () => checkTransferableKey(bytes),
    (error) =>
      hasCode(error, 'parameters_invalid') &&
      error.message.startsWith('error parsing given PGP key: ') &&
      sentence.test(error.message),
  )
}

describe('checkTransferableKey', () => {
  test('takes one public key of version 4 or 6', () => {
    for (const key of [V4, V6, binary(VECTORS.bare.public)]) checkTransferableKey(key)
  })

  test('takes lengths in all five forms', () => {
    const long = (length: number) => new Uint8Array(length).fill(4)
    for (const header of [
      [0x99, 0x00, 0xc8],
      [0x9a, 0x00, 0x00, 0x00, 0xc8],
      [0xc6, 0xc0, 0x08],
      [0xc6, 0xff, 0x00, 0x00, 0x00, 0xc8],
      [0x98, 0xc8],
    ]) {
      checkTransferableKey(concat(Uint8Array.from(header), long(200)))
      refuses(concat(Uint8Array.from(header), long(199)), /unexpected EOF/)
      refuses(concat(Uint8Array.from(header), long(201)), /does not have MSB set: at byte \d+/)
    }
  })

  test('passes over packets that RFC 9580 section 4.3 lets a reader pass over, and no others', () => {
    for (const type of [10, 12, 21, 40, 63]) checkTransferableKey(concat(V4, packet(type, 1)))
    for (const type of [0, 1, 3, 8, 9, 11, 18, 20, 39]) {
      refuses(concat(V4, packet(type, 1)), new RegExp(`a packet of type ${type} at byte ${V4.length} `))
    }
  })

  test('refuses an empty key as the peers do', () => refuses(new Uint8Array(), /PGP key: EOF/))

  test('refuses what is no packet as the peers do', () => {
    const peers = 'openpgp: invalid data: tag byte does not have MSB set'
    refuses(Uint8Array.of(0x41, 0x42), new RegExp(`PGP key: ${peers}; export it with`))
    refuses(Buffer.from('-----BEGIN PGP'), new RegExp(`${peers}: this is the armored form of a key; export`))
  })

  test('refuses a private key, first or later', () => {
    for (const key of [VECTORS.v4.secret, VECTORS.v6.secret]) refuses(binary(key), /this is a private key/)
    refuses(concat(V4, packet(7, 4)), /this is a private key/)
  })

  test('refuses a second key, also one of a version that the library would pass over', () => {
    refuses(concat(V4, V6), new RegExp(`a second key begins at byte ${V4.length};`))
    refuses(concat(V4, packet(6, 3, 0, 0)), new RegExp(`a second key begins at byte ${V4.length};`))
  })

  test('refuses keys of versions 2, 3 and 5, and one without content', () => {
    for (const version of [2, 3, 5]) refuses(packet(6, version), new RegExp(`keys of version ${version} are`))
    refuses(packet(6), /keys of version 0 are/)
  })

  test('refuses what is no key', () => {
    refuses(packet(1, 3), /begins with a packet of type 1,/)
    refuses(packet(2, 4), /begins with a packet of type 2,/)
  })

  test('refuses lengths that are not told in advance', () => {
    refuses(Uint8Array.of(0x9b, 4, 0, 0), /the packet at byte 0 does not tell its length/)
    for (const first of [224, 254])
      refuses(Uint8Array.of(0xc6, first, 4), /the packet at byte 0 does not tell/)
  })

  test('refuses a key that is cut off, at every length but those between packets', () => {
    for (const key of [V4, V6]) {
      let taken = 0
      for (let length = 1; length < key.length; length++) {
        try {
          checkTransferableKey(key.subarray(0, length))
          taken += 1
        } catch (error) {
          assert.ok(hasCode(error, 'parameters_invalid'))
          assert.match(error.message, /unexpected EOF: the key is cut off behind \d+ bytes/)
        }
      }
      // Alice: key, name, signature, subkey, signature. The sample of version 6 has no name.
      assert.equal(taken, key === V4 ? 4 : 3)
    }
  })

  test('refuses signatures by hashes that are slow to verify, and passes over versions that nobody verifies', () => {
    for (const version of [4, 6]) {
      for (const hash of [2, 8, 9, 10]) checkTransferableKey(concat(V4, packet(2, version, 0x13, 22, hash)))
      for (const hash of [0, 1, 3, 11, 12, 14]) {
        const sentence = new RegExp(
          `signature at byte ${V4.length} uses hash algorithm ${hash}, .*export-minimal`,
        )
        refuses(concat(V4, packet(2, version, 0x13, 22, hash)), sentence)
      }
    }
    checkTransferableKey(concat(V4, packet(2, 3, 5, 0x13, 1)))
    refuses(concat(V4, packet(2, 4)), /uses hash algorithm 0,/)
  })

  test('takes as many packets as the bound and refuses one more', () => {
    const padding = Array.from({ length: MAX_RECIPIENT_KEY_PACKETS - 1 }, () => packet(21, 0))
    checkTransferableKey(concat(packet(6, 4), ...padding))
    refuses(concat(packet(6, 4), ...padding, packet(21, 0)), /more than 128 packets/)
  })

  test('never fails with anything but a refusal, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, behind) => {
        try {
          checkTransferableKey(behind ? concat(V4, bytes) : bytes)
        } catch (error) {
          assert.ok(hasCode(error, 'parameters_invalid'))
        }
      }),
    )
  })
})
