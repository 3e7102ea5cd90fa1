import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { decodeRootToken, makeOtp } from './root-token.ts'

function decoded(encoded: string, otp: string): string | null {
  using password = SecretBytes.take(utf8(otp))
  using token = decodeRootToken(utf8(encoded), password)
  return token === null ? null : token.lend(fromUtf8)
}

test('decodes the vector of the contract, with or without pads', () => {
  // key-lifecycle.md section 7.2.
  const otp = 'b5X2awTDlagBGeHLRptxCy1SDw'
  assert.equal(decoded('ERssSzNBJw0/VAQjdggteCsGHjYFN2MFFx4', otp), 's.tyR6sIS5ca1me4yvjNFNRVSi')
  assert.equal(decoded('ERssSzNBJw0/VAQjdggteCsGHjYFN2MFFx4=', otp), 's.tyR6sIS5ca1me4yvjNFNRVSi')
})

test('decodes the transcript of the contract', () => {
  // Section 10.3.
  const [encoded, otp] = ['EWsNNQEyDDFkF0MSMAACShB8NWsfBgIjEnE', 'bE5OpV4TWy0JctRywLy3wE7KfF']
  assert.equal(decoded(encoded, otp), 's.8zqd8e3nsXStP3g0LXhC5ht7')
})

test('decodes the form before version 1.0: two times 16 bytes make a UUID', () => {
  // 00 01 … 0f under ff ff … ff is ff fe … f0.
  const [encoded, otp] = ['AAECAwQFBgcICQoLDA0ODw==', '/////////////////////w==']
  assert.equal(decoded(encoded, otp), 'fffefdfc-fbfa-f9f8-f7f6-f5f4f3f2f1f0')
})

test('finds nothing under another password of the same length', () => {
  assert.equal(decoded('ERssSzNBJw0/VAQjdggteCsGHjYFN2MFFx4', 'bE5OpV4TWy0JctRywLy3wE7KfF'), null)
})

test('finds nothing where length or alphabet do not fit', () => {
  const otp = 'b5X2awTDlagBGeHLRptxCy1SDw'
  for (const encoded of ['', 'E', 'ERssSzNBJw0', '§§§', 'ERssSzNBJw0/VAQjdggteCsGHjYFN2MFFx5']) {
    assert.equal(decoded(encoded, otp), null, encoded)
  }
})

test('makes passwords of the length asked for, from bytes that favour no character', () => {
  // 248 to 255 would favour the first eight letters: they are drawn again.
  const drawn = [Uint8Array.of(248, 0, 255, 61), Uint8Array.of(62, 247, 9, 9)]
  const entropy = { bytes: () => drawn.shift() ?? new Uint8Array(4) }
  using otp = makeOtp(entropy, 4)
  assert.equal(otp.lend(fromUtf8), '0z0z')
})
