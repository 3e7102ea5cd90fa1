import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { member, secretField, strictBoolean, strictInteger, strictString } from './fields.ts'
import type { JsonNode, JsonObject } from './json.ts'

/** Nodes as a reader makes them, from plain values; a number in `literals` keeps its spelling. */
function node(value: unknown): JsonNode {
  const raw = utf8(JSON.stringify(value))
  if (value === null) return { kind: 'null', raw }
  if (typeof value === 'boolean') return { kind: 'boolean', value, raw }
  if (typeof value === 'number') return { kind: 'number', literal: String(value), raw }
  if (Array.isArray(value)) return { kind: 'array', items: value.map(node), raw }
  if (typeof value === 'object') return object(value)
  const text = String(value)
  const secret = (): SecretBytes | null => (text === '' ? null : SecretBytes.take(utf8(text)))
  return { kind: 'string', text: () => text, secret, raw }
}

function object(members: object): JsonObject {
  const entries = Object.entries(members).map(([name, value]): [string, JsonNode] => [name, node(value)])
  return { kind: 'object', members: new Map(entries), raw: utf8(JSON.stringify(members)) }
}

const refuses = (read: () => unknown, message: string): void => {
  assert.throws(read, (error: unknown) => hasCode(error, 'bad_request') && error.message === message)
}

test('finds a field in any case', () => {
  assert.equal(strictInteger(object({ Secret_SHARES: 5 }), 'secret_shares'), 5)
  assert.equal(member(object({ other: 1 }), 'secret_shares'), undefined)
})

test('takes absent and null for the same', () => {
  for (const body of [object({}), object({ f: null })]) {
    assert.equal(strictInteger(body, 'f'), undefined)
    assert.equal(strictBoolean(body, 'f'), undefined)
    assert.equal(strictString(body, 'f'), undefined)
    assert.equal(secretField(body, 'f'), null)
  }
})

test('refuses another type, naming the field and never its value', () => {
  const whole = 'failed to decode JSON input: the field "f" must be a whole number'
  for (const value of ['5', 5.5, true, [5], {}, 1e20, -2e20]) {
    refuses(() => strictInteger(object({ f: value }), 'f'), whole)
  }
  const fraction: JsonNode = { kind: 'number', literal: '5.0', raw: utf8('5.0') }
  refuses(() => strictInteger({ ...object({}), members: new Map([['f', fraction]]) }, 'f'), whole)
  refuses(
    () => strictBoolean(object({ f: 'true' }), 'f'),
    'failed to decode JSON input: the field "f" must be true or false',
  )
  const text = 'failed to decode JSON input: the field "f" must be a string'
  refuses(() => strictString(object({ f: 5 }), 'f'), text)
  refuses(() => secretField(object({ f: 5 }), 'f'), text)
})

test('hands out a secret as bytes', () => {
  using secret = secretField(object({ key: 'abc' }), 'key')
  assert.equal(
    secret?.lend((bytes) => fromUtf8(bytes)),
    'abc',
  )
  assert.equal(secretField(object({ key: '' }), 'key'), null)
})
