import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hasCode } from '../base/errors.ts'
import { canonicalMountPath, canonicalPath } from './canonical-path.ts'

const refuses = (raw: string): void => {
  assert.throws(
    () => canonicalPath(raw),
    (error: unknown) => hasCode(error, 'bad_request'),
    JSON.stringify(raw),
  )
}

test('gives back a path as it stands, and decodes its escapes once', () => {
  assert.equal(canonicalPath('/v1/secret/app/db'), '/v1/secret/app/db')
  assert.equal(canonicalPath('/v1/secret/a%20b'), '/v1/secret/a b')
  assert.equal(canonicalPath('/v1/secret/caf%C3%A9'), '/v1/secret/café')
  assert.equal(canonicalPath('/v1/secret/100%25'), '/v1/secret/100%')
  assert.equal(canonicalPath('/v1/secret/%252e%252e'), '/v1/secret/%2e%2e')
  assert.equal(canonicalPath('/v1/secret/a%3Fb%23c'), '/v1/secret/a?b#c')
  assert.equal(canonicalPath('/v1/secret/...'), '/v1/secret/...')
})

test('keeps a slash at the end, and the path that is only a slash', () => {
  assert.equal(canonicalPath('/v1/secret/'), '/v1/secret/')
  assert.equal(canonicalPath('/'), '/')
})

test('refuses every spelling of a segment that is empty or leads elsewhere', () => {
  const parents = ['/v1/../sys', '/v1/%2e%2e/sys', '/v1/.%2E/sys', '/v1/..', '/v1/../']
  const here = ['/v1/./sys', '/v1/%2e/sys', '/v1/a%2F..%2Fb', '/v1/a%2f%2e%2e']
  const empty = ['//v1/sys', '/v1//sys', '/v1/a%2F/b', '/v1/sys//', '//']
  for (const raw of [...parents, ...here, ...empty]) refuses(raw)
})

test('refuses control characters, backslashes and bytes that are not UTF-8, escaped or not', () => {
  for (const raw of ['/v1/a%00b', '/v1/a%0ab', '/v1/a%1f', '/v1/a%7F', '/v1/a\u0001b']) refuses(raw)
  for (const raw of ['/v1/a%C2%80b', '/v1/a%C2%9b31m', '/v1/a%C2%9F', '/v1/a\u0085b']) refuses(raw)
  assert.equal(canonicalPath('/v1/a%C2%A0b'), '/v1/a\u00a0b')
  for (const raw of ['/v1/a%5Cb', '/v1/a\\b', '/v1/a%ff', '/v1/a%c0%af', '/v1/a%ed%a0%80']) {
    refuses(raw)
  }
})

test('refuses a mount whose path would look like another one', () => {
  for (const code of [0x200b, 0x200f, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0xfeff, 0x61c, 0x9b]) {
    const path = `a${String.fromCharCode(code)}b/`
    assert.throws(
      () => canonicalMountPath(path),
      (error: unknown) => hasCode(error, 'bad_request'),
      code.toString(16),
    )
  }
  assert.equal(canonicalMountPath('k\u00e9y-\u4e2d/'), 'k\u00e9y-\u4e2d/')
})

test('refuses broken escapes and targets that are no path', () => {
  for (const raw of ['/v1/a%', '/v1/a%2', '/v1/a%zz', '/v1/a%+1']) refuses(raw)
  for (const raw of ['', '*', 'v1/a', 'http://host/v1/a']) refuses(raw)
})

test('takes a path of 4096 bytes and refuses one byte more', () => {
  assert.equal(canonicalPath(`/${'a'.repeat(4095)}`).length, 4096)
  refuses(`/${'a'.repeat(4096)}`)
})

test('gives back what was sent, decoded once, or refuses it: nothing is ever repaired', () => {
  const pieces = [
    '/',
    '/',
    '.',
    '..',
    '%2e',
    '%2E',
    '%2f',
    '%5c',
    '\\',
    '%',
    '%00',
    '%25',
    '%c3%a9',
    'a',
    'é',
    ' ',
  ]
  const raw = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 12 })
  const property = fc.property(raw, (parts) => {
    const sent = `/${parts.join('')}`
    let path: string
    try {
      path = canonicalPath(sent)
    } catch (error) {
      assert.ok(hasCode(error, 'bad_request'), String(error))
      return
    }
    assert.equal(path, decodeURIComponent(sent))
    const segments = path.slice(1).split('/')
    assert.ok(segments.every((segment) => segment !== '.' && segment !== '..'))
    assert.ok(segments.slice(0, -1).every((segment) => segment !== ''))
    // The same path, spelled as any client would spell it, is the same path again.
    assert.equal(canonicalPath(path.split('/').map(encodeURIComponent).join('/')), path)
  })
  void fc.assert(property, { numRuns: 5000 })
})
