import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { secretBody, shareBody, splitSecrets } from './secret-json.ts'

const texts = (secrets: readonly SecretBytes[] | undefined) => secrets?.map((secret) => secret.lend(fromUtf8))

test('takes shares and token out of an answer and wipes it', () => {
  const bytes = utf8('{"keys":["aa","bb"], "keys_base64" : [ "qg==" ],"root_token":"hvs.x","n":1}')
  const split = splitSecrets(bytes)
  assert.deepEqual(texts(split?.secrets.get('keys')), ['aa', 'bb'])
  assert.deepEqual(texts(split?.secrets.get('keys_base64')), ['qg=='])
  assert.deepEqual(texts(split?.secrets.get('root_token')), ['hvs.x'])
  assert.equal(split?.text, '{"keys":["",""], "keys_base64" : [ "" ],"root_token":"","n":1}')
  assert.ok(bytes.every((byte) => byte === 0))
})

test('leaves members alone that are no secret, and null in place of shares', () => {
  const text = '{"complete":false,"keys":null,"auth":{"keys":["name"]},"say":"a \\"keys\\": b"}'
  const split = splitSecrets(utf8(text))
  assert.equal(split?.text, text)
  assert.equal(split?.secrets.size, 0)
})

test('refuses an answer that ends too early, and a secret with an escape', () => {
  assert.equal(splitSecrets(utf8('{"keys":["aa')), null)
  assert.equal(splitSecrets(utf8('{"keys":["aa"]')), null)
  assert.equal(splitSecrets(utf8('{"keys":["a\\u0061"]}')), null)
  assert.equal(splitSecrets(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), null)
})

test('makes the body of a request with a share as hex', () => {
  using share = SecretBytes.take(Uint8Array.of(0x00, 0xab, 0xff))
  assert.equal(fromUtf8(shareBody(share, {})), '{"key":"00abff"}')
  assert.equal(fromUtf8(shareBody(share, { nonce: 'n-1' })), '{"key":"00abff","nonce":"n-1"}')
})

test('escapes a secret that is text', () => {
  using secret = SecretBytes.take(utf8('a"b\\c\n\u00e4'))
  const body = fromUtf8(secretBody('init_secret', secret, { n: 1 }))
  assert.equal(body, '{"init_secret":"a\\"b\\\\c\\u000a\u00e4","n":1}')
})
