import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base64UrlLength, readBase64Url, writeBase64Url } from './base64url.ts'

const letters = (text: string): Uint8Array => new TextEncoder().encode(text)
const written = (bytes: Uint8Array): string => {
  const target = new Uint8Array(base64UrlLength(bytes.length))
  writeBase64Url(bytes, target)
  return Buffer.from(target).toString()
}

/** RFC 4648 section 10, without the padding. */
for (const [plain, encoded] of [
  ['', ''],
  ['f', 'Zg'],
  ['fo', 'Zm8'],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg'],
  ['fooba', 'Zm9vYmE'],
  ['foobar', 'Zm9vYmFy'],
] as const) {
  test(`has the vector ${JSON.stringify(plain)}`, () => {
    assert.equal(written(letters(plain)), encoded)
    assert.deepEqual(readBase64Url(letters(encoded)), letters(plain))
  })
}

test('agrees with Node.js on every length', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = new Uint8Array(length).map((_, index) => (index * 167 + length) & 0xff)
    assert.equal(written(bytes), Buffer.from(bytes).toString('base64url'))
  }
})

test('refuses padding, other letters, a length that is none, and bits that stand for nothing', () => {
  for (const text of ['Zg==', 'Zm+v', 'Zm/v', 'Z', 'Zm9vY', 'Zh', 'Zm9', 'Zg\n']) {
    assert.equal(readBase64Url(letters(text)), null, text)
  }
})
