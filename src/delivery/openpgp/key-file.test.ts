import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as openpgp from 'openpgp'
import { concat, utf8 } from '../../base/encoding.ts'
import { hasCode } from '../../base/errors.ts'
import { MAX_SHARES } from '../../base/limits.ts'
import { keyFileNames, keyFromFile } from './key-file.ts'

const VECTORS = JSON.parse(
  readFileSync(new URL('../../../tests/vectors/openpgp-keys.json', import.meta.url), 'utf8'),
) as Record<'v4' | 'v6', Readonly<Record<'public' | 'secret', string>>>
const KEY = VECTORS.v4.public
const binary = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'))
const armor = (base64: string, type = openpgp.enums.armor.publicKey): string =>
  openpgp.armor(type, binary(base64))
const ARMORED = armor(KEY)
/** Begins a packet that every reader passes over (RFC 9580 section 5.14), of 48 KiB. */
const PADDING = Uint8Array.of(0xc0 | 21, 0xff, 0, 0, 0xc0, 0)

async function refuses(file: Uint8Array | string, sentence: RegExp): Promise<void> {
  await assert.rejects(
    keyFromFile(typeof file === 'string' ? utf8(file) : file),
    (error) => hasCode(error, 'parameters_invalid') && sentence.test(error.message),
  )
}

describe('keyFromFile', () => {
  test('takes binary, base64 and armored files, and gives the base64 of the binary key', async () => {
    for (const key of [KEY, VECTORS.v6.public]) {
      const wrapped = key.replace(/.{1,76}/g, '$&\r\n')
      for (const file of [binary(key), utf8(key), utf8(wrapped), utf8(` ${key}\n`), utf8(armor(key))]) {
        assert.equal(await keyFromFile(file), key)
      }
    }
  })

  test('takes armor with comments, text around it, Windows line ends, a byte order mark, no checksum', async () => {
    const commented = ARMORED.replace('\n\n', '\nComment: mine\nVersion: 1\n\n')
    for (const text of [
      commented,
      `Here it is:\n\n${ARMORED}\n-- \nme`,
      ARMORED.replaceAll('\n', '\r\n'),
      `\ufeff${ARMORED}`,
      ARMORED.replace(/\n=.{4}\n/, '\n'),
    ]) {
      assert.equal(await keyFromFile(utf8(text)), KEY)
    }
  })

  test('refuses a private key in every form, and says that nothing was sent', async () => {
    const { secret } = VECTORS.v4
    await refuses(armor(secret, openpgp.enums.armor.privateKey), /private key, and nothing of it was sent/)
    for (const file of [binary(secret), secret, armor(secret)]) await refuses(file, /this is a private key/)
  })

  test('refuses two keys, as blocks and in one block', async () => {
    const both = concat(binary(KEY), binary(VECTORS.v6.public))
    await refuses(`${ARMORED}\n${ARMORED}`, /the file holds 2 armored blocks; it must have exactly one key/)
    await refuses(openpgp.armor(openpgp.enums.armor.publicKey, both), /a second key begins at byte/)
    await refuses(both, /a second key begins at byte/)
  })

  test('refuses armor that holds something else or is damaged', async () => {
    await refuses(ARMORED.replaceAll('PUBLIC KEY BLOCK', 'MESSAGE'), /the file holds no public key/)
    await refuses(ARMORED.replace(/-----END.*/s, ''), /the armor of the file is damaged/)
    await refuses(ARMORED.replace('\n\n', '\n'), /the armor of the file is damaged/)
    await refuses(ARMORED.replace(/\n[^\n]{20,}\n-----END/, '\n-----END'), /PGP key: /)
    const lines = ARMORED.split('\n')
    await refuses([...lines.slice(0, 5), ...lines.slice(6)].join('\n'), /error parsing given PGP key: /)
  })

  test('refuses what is no key: an empty file, prose, UTF-16, a picture', async () => {
    await refuses('', /error parsing given PGP key: EOF/)
    await refuses('Not a key.', /illegal base64 data at input byte 3/)
    await refuses(Buffer.from(`\ufeff${ARMORED}`, 'utf16le'), /error parsing given PGP key: /)
    await refuses(Buffer.from(ARMORED, 'utf16le'), /illegal base64 data at input byte 0/)
    await refuses(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a), /error parsing given PGP key: /)
    await refuses(Uint8Array.of(0x41, 0xff), /the file is neither text nor a binary key/)
  })

  test('refuses what the server would find too large, and still larger files before reading them', async () => {
    const large = concat(binary(KEY), PADDING, new Uint8Array(0xc000))
    await refuses(large, /it has 66\d{3} characters, and 65536 is the most/)
    await refuses(new Uint8Array(131_073), /the file has 131073 bytes, and 131072 is the most/)
  })
})

describe('keyFileNames', () => {
  test('splits at commas, takes white space and one @ away', () => {
    assert.deepEqual(keyFileNames('pub1.asc, @pub2.bin ,\tdir/pub 3.b64'), [
      'pub1.asc',
      'pub2.bin',
      'dir/pub 3.b64',
    ])
    assert.deepEqual(keyFileNames('@@odd'), ['@odd'])
  })

  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /^PGP key 1 of 1 has no name; write FILE,FILE,…$/],
    ['a,,b', /^PGP key 2 of 3 has no name/],
    ['a,@', /^PGP key 2 of 2 has no name/],
    [
      'a, keybase:alice',
      /^PGP key 2 of 2 is a name at Keybase, and nothing is looked up: get the key yourself/,
    ],
  ]
  for (const [list, sentence] of refused) {
    test(`refuses ${JSON.stringify(list)}`, () => {
      assert.throws(
        () => keyFileNames(list),
        (error) => hasCode(error, 'parameters_invalid') && sentence.test(error.message),
      )
    })
  }

  test('takes as many as a deal has shares, and not one more', () => {
    const names = Array.from({ length: MAX_SHARES }, (_, index) => `key-${index}`)
    assert.equal(keyFileNames(names.join(',')).length, 255)
    assert.throws(() => keyFileNames([...names, 'one-more'].join(',')), /^.*256 PGP keys are named/)
  })
})
