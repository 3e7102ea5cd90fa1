import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { type JsonOut, RawJson, SecretText } from '../logical/json.ts'
import { writeJson } from './json-writer.ts'

function written(value: JsonOut): string {
  const { body, length } = writeJson(value)
  const bytes = typeof body === 'string' ? utf8(body) : body
  assert.equal(bytes.length, length)
  return fromUtf8(bytes)
}

const secretText = (text: string): SecretText => new SecretText(SecretBytes.take(utf8(text)))

test('writes what JSON.parse reads back', () => {
  const value = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonOut>
  const same = (json: JsonOut): void =>
    assert.deepEqual(JSON.parse(written(json)), JSON.parse(JSON.stringify(json)))
  void fc.assert(fc.property(value, same), { numRuns: 300 })
})

test('ends with a newline and escapes what the peer escapes', () => {
  assert.equal(written({ a: [1, true, null, {}], b: [] }), '{"a":[1,true,null,{}],"b":[]}\n')
  assert.equal(
    written({ '<&>': '<script>&\u2028\u2029' }),
    '{"\\u003c\\u0026\\u003e":"\\u003cscript\\u003e\\u0026\\u2028\\u2029"}\n',
  )
})

test('makes a string only of what holds no secret and nothing stored', () => {
  assert.equal(typeof writeJson({ a: 'é', b: [1] }).body, 'string')
  assert.equal(typeof writeJson({ a: new RawJson(utf8('1')) }).body, 'object')
  assert.equal(typeof writeJson([secretText('ab')]).body, 'object')
})

test('gives back stored JSON exactly as it was sent', () => {
  assert.equal(
    written({ data: new RawJson(utf8('{"n": 1.0, "h":"<b>"}')) }),
    '{"data":{"n": 1.0, "h":"<b>"}}\n',
  )
})

test('copies secrets between quotes, into memory of its own', () => {
  const value = { keys: [secretText('0badc0de'), secretText('YQ+/=')] }
  const { body } = writeJson(value)
  assert.ok(body instanceof Uint8Array)
  assert.equal(fromUtf8(body), '{"keys":["0badc0de","YQ+/="]}\n')
  assert.equal(body.buffer.byteLength, body.length)
})

test('forgets the secrets and its own bytes once told to', () => {
  const secret = secretText('ab')
  const { body, wipe } = writeJson([secret])
  wipe()
  assert.equal(secret.secret.isWiped, true)
  assert.ok(body instanceof Uint8Array && body.every((byte) => byte === 0))
})

test('forgets the secrets also when the answer cannot be written', () => {
  const [first, second] = [secretText('ab'), secretText('cd')]
  second.secret[Symbol.dispose]()
  assert.throws(() => writeJson({ keys: [first, second] }))
  assert.equal(first.secret.isWiped, true)
})

test('writes what is as deep, or as long, as no recursion and no one call could', () => {
  let deep: JsonOut = 'x'
  for (let level = 0; level < 100_000; level++) deep = [deep]
  assert.equal(writeJson(deep).length, 200_004)
  const keys = Array<string>(300_000).fill('k')
  assert.equal(writeJson({ keys }).length, '{"keys":[]}\n'.length + 4 * keys.length - 1)
})
