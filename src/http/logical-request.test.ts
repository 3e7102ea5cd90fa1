import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { hasCode } from '../base/errors.ts'
import { dataOf, intentOf } from './logical-request.ts'

type Headers = Readonly<Record<string, string>>

function request(headers: Headers = {}): IncomingMessage {
  const message = new IncomingMessage(new Socket())
  Object.assign(message.headers, headers)
  return message
}

const intent = (method: string, path: string, query = '', headers: Headers = {}) =>
  intentOf(request(headers), { method, path: `/v1/${path}`, query: new URLSearchParams(query) })

const data = (method: 'update' | 'read', given: { body?: string; query?: string; type?: string }) => {
  const message = request(given.type === undefined ? {} : { 'content-type': given.type })
  const query = new URLSearchParams(given.query ?? '')
  const object = dataOf(message, method, { body: new TextEncoder().encode(given.body ?? ''), query })
  return object === null ? null : JSON.parse(new TextDecoder().decode(object.raw))
}

const refuses = (act: () => unknown, code: 'bad_request' | 'unsupported_operation', text: string): void => {
  assert.throws(act, (error: unknown) => hasCode(error, code) && error.message === text)
}

test('one operation a verb, and lists and scans by verb or by query, with a folder for a path', () => {
  assert.deepEqual(intent('GET', 's/a'), { operation: 'read', path: 's/a', wrap: null })
  for (const [method, query] of [
    ['LIST', ''],
    ['GET', 'list=true'],
    ['GET', 'list=1'],
  ] as const) {
    assert.deepEqual(intent(method, 's/a', query), { operation: 'list', path: 's/a/', wrap: null })
  }
  for (const [method, query] of [
    ['SCAN', ''],
    ['GET', 'scan=T'],
  ] as const) {
    assert.deepEqual(intent(method, 's/a/', query), { operation: 'scan', path: 's/a/', wrap: null })
  }
  assert.equal(intent('PUT', 's/a').operation, 'update')
  assert.equal(intent('POST', 's/a').operation, 'update')
  assert.equal(intent('DELETE', 's/a').operation, 'delete')
  assert.equal(intent('GET', 's/a', 'help=1').operation, 'help')
  assert.equal(intent('HELP', 's/a').operation, 'help')
})

test('a query changes nothing but a GET', () => {
  assert.equal(intent('POST', 's/a', 'list=true').operation, 'update')
  assert.equal(intent('DELETE', 's/a', 'scan=true').operation, 'delete')
})

test("reads ?list= by Go's spellings of a truth, and refuses every other, and two at once", () => {
  for (const no of ['0', 'f', 'F', 'false', 'FALSE', 'False', '']) {
    assert.equal(intent('GET', 'a', `list=${no}`).operation, 'read', no)
  }
  for (const nonsense of ['zz', 'yes', 'tRUE', '2', ' true']) {
    refuses(() => intent('GET', 'a', `list=${encodeURIComponent(nonsense)}`), 'bad_request', '')
  }
  refuses(() => intent('GET', 'a', 'list=true&scan=true'), 'bad_request', '')
})

test('refuses verbs that it does not know, and those that are for proxies', () => {
  for (const verb of ['TRACE', 'PROPFIND', 'SEARCH', 'HEAD', 'renew', 'ROLLBACK']) {
    refuses(() => intent(verb, 'a'), 'unsupported_operation', '')
  }
  refuses(() => intent('OPTIONS', 'a'), 'bad_request', 'cannot handle internal-only request operation')
})

test('refuses a write to a folder', () => {
  refuses(() => intent('PUT', 'a/'), 'bad_request', "cannot write to a path ending in '/'")
})

test('reads for how long an answer is to be wrapped, in seconds or as a duration; zero is not at all', () => {
  const wrap = (ttl: string, format?: string) =>
    intent('GET', 'a', '', { 'x-vault-wrap-ttl': ttl, ...(format && { 'x-vault-wrap-format': format }) }).wrap
  assert.deepEqual(wrap('60'), { ttl: 60, format: 'token' })
  assert.deepEqual(wrap('5m'), { ttl: 300, format: 'token' })
  assert.deepEqual(wrap('60s', 'jwt'), { ttl: 60, format: 'jwt' })
  assert.deepEqual([wrap('0'), wrap('')], [null, null])
  const start = 'error parsing X-Vault-Wrap-TTL header: '
  refuses(() => wrap('abc'), 'bad_request', `${start}time: invalid duration`)
  for (const negative of ['-1', '-1s', '-500ms', '-0.5s']) {
    refuses(() => wrap(negative), 'bad_request', `${start}the time must not be negative`)
  }
})

test('an answer that is to be wrapped for less than a second is refused, and never given in plain', () => {
  const text =
    'error parsing X-Vault-Wrap-TTL header: ' +
    'the time must be at least a second, or 0 for an answer that is not wrapped'
  const wrap = (ttl: string) => intent('GET', 'a', '', { 'x-vault-wrap-ttl': ttl }).wrap
  for (const short of ['1ns', '500ms', '999ms', '0.5s', '0.999999999s', '0m0.1s', '0.0001h', '+1us']) {
    refuses(() => wrap(short), 'bad_request', text)
  }
  assert.deepEqual(
    ['1s', '1000ms', '1.9s', '0.001h'].map((ttl) => wrap(ttl)?.ttl),
    [1, 1, 1, 3],
  )
  assert.deepEqual([wrap('0'), wrap('0s'), wrap('0h0m0s'), wrap('0ms')], [null, null, null, null])
})

test('what a read says is its query, what a write says is its body', () => {
  assert.deepEqual(data('read', { query: 'version=2&x=a&x=b&list=0' }), { version: '2', x: ['a', 'b'] })
  assert.equal(data('read', { query: 'help=0' }), null)
  assert.equal(data('read', {}), null)
  assert.deepEqual(data('update', { body: '{"a":1}', query: 'b=2' }), { a: 1 })
  assert.equal(data('update', { query: 'b=2' }), null)
})

test('takes a form where it says so and does not look like JSON', () => {
  const type = 'application/x-www-form-urlencoded; charset=utf-8'
  assert.deepEqual(data('update', { body: 'a=1&b=x%20y&a=2', type }), { a: ['1', '2'], b: 'x y' })
  assert.deepEqual(data('update', { body: ' {"a":1}', type }), { a: 1 })
  assert.throws(
    () => data('update', { body: 'a=1', type: 'text/plain' }),
    (error: unknown) => hasCode(error, 'bad_request'),
  )
})

test('a name in a query is a name, whatever it means to JavaScript', () => {
  assert.deepEqual(Object.keys(data('read', { query: '__proto__=1&constructor=2' })), [
    '__proto__',
    'constructor',
  ])
})
